from core.language.rulebook import rule_rows
from tests.core.language.bench import Load

SHOP = """
rules:
  R-10: {mark: X, en: Ten., zh: 十。}
  R-9: {mark: S, en: Nine., zh: 九。}
settings:
  one: {type: int, default: 1, cite: [R-9], label: {en: One, zh: 一}}
guidance:
  greet: {label: {en: Greet, zh: 问候}, at: role:desk, text: {en: Say hello., zh: 问好。}, cite: [R-9, R-10]}
scenarios:
  first: {cite: R-9, given: {now: "2026-01-01 10:00"}, then: settings.one == 1}
"""


def test_each_rule_has_a_row_in_the_order_of_the_numbers(load: Load) -> None:
    nine, ten = rule_rows(load(SHOP))
    assert (nine.number, ten.number) == ("R-9", "R-10")
    assert [place.where for place in nine.places] == ["settings.one", "guidance.greet"]
    assert (nine.proofs, nine.for_people, nine.unproved) == (("first",), False, False)
    assert (ten.proofs, ten.for_people, ten.unproved) == ((), True, False)


def test_without_a_rule_book_the_cited_numbers_are_the_rows(load: Load) -> None:
    (row,) = rule_rows(load("settings: {one: {type: int, default: 1, cite: Z-1, label: {en: One, zh: 一}}}"))
    assert (row.number, row.rule, row.unproved) == ("Z-1", None, True)
