"""A field is sure to have a value when nothing can create the record without it."""

from __future__ import annotations

from tests.core.language.bench import Load

CASE = """
records:
  case:
    label: {en: Case, zh: 案件}
    fields:
      day:  {type: date, label: {en: Day, zh: 日}}
      next: {type: date, value: =self.day, label: {en: Next, zh: 次日}}
      soon: {type: bool, value: =self.next < today, label: {en: Soon, zh: 即将}}
    by: desk
    actions:
      open: {from: new, set: {day: =today}, label: {en: Open, zh: 开}}
"""


def warned(load: Load, text: str) -> bool:
    return any(problem.code == "may-be-empty" for problem in load(text).warnings)


def test_what_every_birth_sets_is_there_and_so_is_what_is_computed_from_it(load: Load) -> None:
    assert not warned(load, CASE)


def test_one_birth_without_it_is_enough_to_miss_it(load: Load) -> None:
    assert warned(load, CASE + "      jot: {from: new, label: {en: Jot, zh: 记}}\n")


def test_a_birth_that_may_set_nothing_is_no_proof(load: Load) -> None:
    assert warned(load, CASE.replace("{day: =today}", "{day: '=today if has(self.day) else null'}"))


def test_a_record_made_by_another_one_counts_as_a_birth(load: Load) -> None:
    maker = """
  maker:
    label: {en: Maker, zh: 生成}
    by: desk
    actions: {make: {from: new, create: {case: {with: WITH}}, label: {en: Make, zh: 生成}}}
"""
    assert not warned(load, CASE + maker.replace("WITH", "{day: =today}"))
    assert warned(load, CASE + maker.replace("WITH", "{}"))


def test_a_required_field_and_a_default_are_sure(load: Load) -> None:
    assert not warned(
        load,
        CASE.replace(", set: {day: =today}", "").replace(
            "type: date, label: {en: Day", "type: date, required: true, label: {en: Day"
        ),
    )
    assert not warned(
        load,
        CASE.replace(", set: {day: =today}", "").replace(
            "type: date, label: {en: Day", "type: date, default: =today, label: {en: Day"
        ),
    )
