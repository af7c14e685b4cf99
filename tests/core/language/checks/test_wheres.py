from tests.core.language.bench import Faults

VISIT = """
settings: {limit: {type: duration, default: 48h, label: {en: Limit, zh: 时限}}}
records:
  visit:
    label: {en: Visit, zh: 拜访}
    fields:
      owner:   {type: ref, to: staff, label: {en: Owner, zh: 负责人}}
      made_at: {type: datetime, default: =now, label: {en: Made, zh: 时间}}
      spare:   {type: decimal, value: =self.paid / 3, label: {en: Spare, zh: 余额}}
      paid:    {type: money, default: 0, label: {en: Paid, zh: 已付}}
"""


def test_a_where_that_adds_a_duration_to_a_column_is_told_to_move_it_over(faults: Faults) -> None:
    found = faults(
        VISIT
        + """
    read:
      desk: {where: self.made_at + settings.limit < now}  # <- not-in-sql
"""
    )
    assert found[0].fix
    assert "on the other side" in found[0].fix.en


def test_a_where_may_use_any_function_on_what_is_no_column(faults: Faults) -> None:
    faults(
        VISIT
        + """
    read:
      desk: {where: self.made_at < now - settings.limit and self.owner == me}
"""
    )


def test_a_where_is_followed_into_the_computed_fields_it_reads(faults: Faults) -> None:
    faults(
        VISIT
        + """
    read:
      desk: {where: self.spare > 10}  # <- not-in-sql
"""
    )


def test_the_where_of_an_aggregate_and_of_a_view_are_looked_at_too(faults: Faults) -> None:
    faults(
        VISIT
        + """
      old: {type: int, value: {count: visit, where: visit.made_at + settings.limit < now}, label: {en: Old, zh: 旧}}  # <- not-in-sql
views:
  old: {kind: list, of: visit, where: self.made_at + settings.limit < now, label: {en: Old, zh: 旧}}  # <- not-in-sql
"""
    )


def test_a_sum_of_a_computed_field_the_database_cannot_work_out_is_refused(faults: Faults) -> None:
    faults(
        VISIT
        + """
      all: {type: decimal, value: {sum: visit.spare}, label: {en: All, zh: 全部}}  # <- not-in-sql
"""
    )


def test_what_belongs_to_the_asking_record_may_be_worked_out_beforehand(faults: Faults) -> None:
    faults(
        VISIT
        + """
      near: {type: int, value: {count: visit, where: visit.made_at < self.made_at + settings.limit}, label: {en: N, zh: 近}}
"""
    )
