from __future__ import annotations

import pytest

from core.language.mutants import mutants_of
from core.language.yaml_tree import parse_yaml

LEAVE = """
records:
  leave:
    states: {asked: {en: A, zh: 申}, approved: {en: B, zh: 准}, overdue: {en: C, zh: 逾}}
    actions: {overstay: {from: [asked, approved], to: overdue, by: BY}}
    timers: {dinner: {while: 'WHILE', due: =self.back_by, then: THEN}}
"""


ENTERED = "records: {order: {label: {en: O, zh: 单}, fields: {n: {type: int, required: true}}, actions: {take: {from: FROM}}}}"


@pytest.mark.parametrize(("start", "tried"), [("new", True), ("[new, old]", True), ("old", False)])
def test_a_required_field_is_tried_where_somebody_enters_it(start: str, *, tried: bool) -> None:
    root = parse_yaml(ENTERED.replace("FROM", start), "order.yaml")
    names = [mutant.name for mutant in mutants_of(root)]

    assert ("records.order.fields.n.required: dropped" in names) is tried


def opened(**said: str) -> bool:
    """Whether a mutant lets the step happen in any state."""
    said = {"BY": "system", "WHILE": 'self.state == "asked"', "THEN": "overstay"} | said
    text = LEAVE
    for word, value in said.items():
        text = text.replace(word, value)
    names = [mutant.name for mutant in mutants_of(parse_yaml(text, "leave.yaml"))]
    return "records.leave.actions.overstay.from: from any state" in names


@pytest.mark.parametrize(
    "runs",
    [
        'self.state == "asked"',
        'self.dinner and self.state in ["asked", "approved"]',
        '(self.state == "asked" and self.a) and self.b',
    ],
)
def test_a_step_whose_timers_run_in_its_own_states_alone_is_not_opened_to_others(runs: str) -> None:
    assert not opened(WHILE=runs)


@pytest.mark.parametrize(
    "said",
    [
        {"BY": "desk"},
        {"THEN": "remind"},
        {"WHILE": "self.dinner"},
        {"WHILE": 'self.state != "overdue"'},
        {"WHILE": 'self.state == "asked" or self.dinner'},
        {"WHILE": 'self.state in ["asked", "overdue"]'},
        {"WHILE": "self.state == self.other"},
        {"WHILE": "self.state =="},
    ],
)
def test_where_a_timer_may_run_in_other_states_it_is(said: dict[str, str]) -> None:
    assert opened(**said)
