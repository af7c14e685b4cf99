"""Shape: every unknown, missing or misshapen key, each at its place and with a way out."""

from __future__ import annotations

import pytest

from tests.core.language.bench import Faults


def test_an_unknown_key_names_the_nearest_one(faults: Faults) -> None:
    found = faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    feilds: {}  # <- unknown-key
    sync:
      scpoe: store  # <- unknown-key
""")
    assert [problem.fix.en for problem in found if problem.fix] == ["did you mean `fields`?", "did you mean `scope`?"]
    assert found[0].place
    assert found[0].place.path == "records.room.feilds"
    assert found[0].place.column == 5


def test_an_unknown_key_like_no_other_is_told_all_keys(faults: Faults) -> None:
    found = faults("""
plugin: shop
version: 1.0.0
label: {en: Shop, zh: 门店}
roles:
  desk:
    label: {en: Desk, zh: 前台}
    zzz: 1  # <- unknown-key
""")
    assert found[0].fix
    assert found[0].fix.en == "known keys: cite, label, deputy, lock"


def test_all_problems_of_the_shape_are_told_at_once(faults: Faults) -> None:
    faults("""
records:
  room:
    label: {en: Room}  # <- missing-language
    fields:
      name: {tipe: text}  # <- unknown-key missing-key
      seats: {type: int, required: 1}  # <- wrong-shape
    sync: {scope: shop}  # <- unknown-word
""")


@pytest.mark.parametrize("label", ["{en: Room}", '{en: Room, zh: ""}', "{zh: 包房}", "{en: Room, zh: null}"])
def test_a_label_in_one_language_is_refused(faults: Faults, label: str) -> None:
    code = "missing-language" if label in ("{en: Room}", "{zh: 包房}") else "wrong-shape"
    faults(f"""
records:
  room:
    label: {label}  # <- {code}
""")


def test_a_word_that_cannot_stand_here_gets_the_list(faults: Faults) -> None:
    found = faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    sync: {home: store, scope: stroe}  # <- unknown-word
""")
    assert found[0].fix
    assert found[0].fix.en == "did you mean `store`?"


def test_a_name_is_a_lower_case_word(faults: Faults) -> None:
    faults("""
records:
  Room-1: {label: {en: Room, zh: 包房}}  # <- bad-name
""")


def test_a_number_where_text_belongs_is_to_be_quoted(faults: Faults) -> None:
    found = faults("""
plugin: shop
version: 1.0  # <- wrong-shape
label: {en: Shop, zh: 门店}
""")
    assert found[0].fix
    assert found[0].fix.en == "put the text in quotes"


def test_only_one_period_may_stand_under_every(faults: Faults) -> None:
    faults("""
records:
  plan:
    label: {en: Plan, zh: 计划}
    every: {}  # <- wrong-shape
""")


def test_a_name_that_is_a_value_is_looked_at_too(faults: Faults) -> None:
    found = faults("""
plugin: Shop 1  # <- bad-name
version: 1.0.0
label: {en: Shop, zh: 门店}
""")
    assert found[0].what.en == "`Shop 1` is not a name"


def test_an_expression_that_a_comma_cuts_off_is_told_to_be_quoted(faults: Faults) -> None:
    (problem,) = faults("""
settings: {until: {type: time, default: "12:00", label: {en: Until, zh: 至}}}
records:
  stay:
    label: {en: Stay, zh: 入住}
    fields:
      day: {type: date, label: {en: Day, zh: 日}}
      due: {type: datetime, value: =at(self.day, settings.until), label: {en: Due, zh: 应离店}}  # <- expression-cut
""")
    assert problem.fix is not None
    assert problem.fix.zh == "请给整个表达式加引号：'=…'"


def test_a_setting_by_its_bare_name_is_told_how_to_be_written(faults: Faults) -> None:
    (problem,) = faults("""
settings: {late_fee: {type: money, default: 3, label: {en: Fee, zh: 费}}}
records:
  stay:
    label: {en: Stay, zh: 入住}
    fields:
      total: {type: money, value: =2 * late_fee, label: {en: Total, zh: 合计}}  # <- unknown-name
""")
    assert problem.fix is not None
    assert problem.fix.en == "write settings.late_fee"


def test_a_word_of_another_language_is_told_what_it_is_called_here(faults: Faults) -> None:
    found = faults("""
records:
  room:
    label: {en: Room, zh: 包房}
    fields:
      size: {type: enum, options: [small, large], label: {en: Size, zh: 大小}}  # <- unknown-key
    states: [free, taken]  # <- wrong-shape
    by: desk
    actions: {take: {from: new, checks: {ok: {rule: true, message: No}}, label: {en: Take, zh: 开房}}}  # <- wrong-shape
settings:
  grace: {type: duration, label: {en: Grace, zh: 宽限}}  # <- missing-key
""")

    assert [problem.fix.en for problem in found if problem.fix] == [
        "did you mean `of`?",
        "write {name: …, name: …}",
        "write {en: …, zh: …}",
        "add `default:`; `default: null` is inactive until somebody sets it",
    ]
