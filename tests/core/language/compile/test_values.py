from core.language.expressions import Aggregate, Cases, Expression, Literal
from tests.core.language.bench import Faults, Load

ORDER = """
records:
  order:
    label: {en: Order, zh: 订单}
    fields:
      owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}
      paid:  {type: money, default: 0, label: {en: Paid, zh: 已付}}
      note:  {type: text, label: {en: Note, zh: 备注}}
"""


def test_text_is_literal_unless_it_begins_with_an_equals_sign(load: Load) -> None:
    fields = (
        load(
            ORDER
            + """
      a: {type: text, default: self.note, label: {en: A, zh: 甲}}
      b: {type: text, default: =self.note, label: {en: B, zh: 乙}}
      c: {type: text, default: '="=x"', label: {en: C, zh: 丙}}
"""
        )
        .records["order"]
        .fields
    )
    assert isinstance(fields["a"].default, Literal)
    assert fields["a"].default.value == "self.note"
    assert isinstance(fields["b"].default, Expression)
    assert fields["c"].default
    assert fields["c"].default.text == '"=x"'


def test_a_value_may_be_rows_of_which_the_first_match_wins(load: Load) -> None:
    value = (
        load(
            ORDER
            + """
      size:
        type: enum
        of: {big: {en: Big, zh: 大}, small: {en: Small, zh: 小}}
        label: {en: Size, zh: 规模}
        value: [{when: self.paid >= 1000, is: big}, {is: small}]
"""
        )
        .records["order"]
        .fields["size"]
        .value
    )
    assert isinstance(value, Cases)
    assert [row.is_.text for row in value.rows] == ["big", "small"]
    assert not value.may_be_empty


def test_a_value_may_look_at_other_records(load: Load) -> None:
    value = (
        load(
            ORDER
            + """
      others: {type: money, label: {en: Others, zh: 其他}, value: {sum: order.paid, where: order.owner == self.owner}}
"""
        )
        .records["order"]
        .fields["others"]
        .value
    )
    assert isinstance(value, Aggregate)
    assert (value.how, value.record, value.name, value.field) == ("sum", "shop.order", "order", "paid")
    assert value.where
    assert value.where.own == "order"


def test_what_an_aggregate_names_must_exist_and_fit(faults: Faults) -> None:
    faults(
        ORDER
        + """
      a: {type: int, label: {en: A, zh: 甲}, value: {count: odrer}}  # <- unknown-record
      b: {type: int, label: {en: B, zh: 乙}, value: {sum: order.pay}}  # <- unknown-field
      c: {type: int, label: {en: C, zh: 丙}, value: {sum: order.note}}  # <- wrong-kind
      d: {type: int, label: {en: D, zh: 丁}, value: {max: order}}  # <- wrong-kind
      e: {type: date, label: {en: E, zh: 戊}, value: {count: order}}  # <- wrong-kind
      f: {type: int, label: {en: F, zh: 己}, value: {count: order, were: true}}  # <- unknown-key
      g: {type: int, label: {en: G, zh: 庚}, value: {count: order, where: self.paid > order.piad}}  # <- unknown-field
"""
    )


def test_rows_are_in_order_and_whole(faults: Faults) -> None:
    faults(
        ORDER
        + """
      a:
        type: text
        label: {en: A, zh: 甲}
        value:
          - {is: always}  # <- hides-later-rows
          - {when: self.paid > 0}  # <- missing-key
          - {is: never}
"""
    )


def test_a_literal_is_read_by_the_type_of_its_field(load: Load, faults: Faults) -> None:
    fields = (
        load(
            ORDER
            + """
      span: {type: duration, default: 20m, label: {en: Span, zh: 时长}}
      rate: {type: decimal, digits: 3, default: 0.125, label: {en: Rate, zh: 比率}}
"""
        )
        .records["order"]
        .fields
    )
    assert str(fields["span"].default and fields["span"].default.text) == "20m"
    faults(
        ORDER
        + """
      span: {type: duration, default: soon, label: {en: Span, zh: 时长}}  # <- bad-duration
      size: {type: enum, of: {a: {en: A, zh: 甲}}, default: b, label: {en: Size, zh: 规模}}  # <- bad-choice
"""
    )


def test_an_expression_that_gives_another_kind_is_refused_at_its_column(faults: Faults) -> None:
    found = faults(
        ORDER
        + """
      day: {type: date, default: =self.paid + 1, label: {en: Day, zh: 日期}}  # <- wrong-kind
"""
    )
    assert found[0].place
    assert found[0].place.column == len("      day: {type: date, default: =") + 1


def test_a_mistake_in_an_expression_has_its_own_column(faults: Faults) -> None:
    found = faults(
        ORDER
        + """
      who: {type: text, default: '=self.note + self.onwer.name', label: {en: Who, zh: 谁}}  # <- unknown-field
"""
    )
    assert found[0].place
    assert found[0].place.column == len("      who: {type: text, default: '=self.note + self.") + 1
    assert found[0].fix
    assert found[0].fix.en == "did you mean `owner`?"


def test_a_setting_that_is_not_declared_is_unknown(faults: Faults) -> None:
    faults(
        """
settings: {cap: {type: money, default: 100, label: {en: Cap, zh: 上限}}}
"""
        + ORDER.lstrip()
        + """
      more: {type: bool, value: =self.paid > settings.cpa, label: {en: More, zh: 超过}}  # <- unknown-part
"""
    )


def test_a_forgotten_sign_before_an_expression_is_guessed(faults: Faults) -> None:
    found = faults("""
records:
  order:
    label: {en: Order, zh: 订单}
    fields:
      owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}
      mate:  {type: ref, to: desk, label: {en: Mate, zh: 搭档}}  # <- unknown-record
      note:  {type: string, label: {en: Note, zh: 备注}}  # <- unknown-type
      at:    {type: datetime, default: now, label: {en: At, zh: 时间}}  # <- bad-datetime
    by: desk
    actions:
      take: {from: new, set: {owner: me}, label: {en: Take, zh: 接单}}  # <- ref-literal
""")

    assert [problem.fix.en for problem in found if problem.fix] == [
        "write `to: staff`; a check may ask for the role",
        "did you mean `text`?",
        "an expression begins with `=`: `=now`",
        "an expression begins with `=`: `=me`",
    ]
