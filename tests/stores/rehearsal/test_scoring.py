from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import NodeError
from stores.actor import SYSTEM_ACTOR
from stores.rehearsal import Verdict
from stores.rehearsal.cast import STAFF, Cast
from stores.rehearsal.scoring import score

Play = Callable[[str], Verdict]


def test_a_card_is_marked_closed_and_named(play: Play) -> None:
    assert not play("""
given: {now: "2026-05-02 09:00", as: dora}
when:
  - {do: rental.take, with: gao}
  - {at: "2026-06-01 09:00", as: carl, score: {month: dora, manners: 90}, is: s}
then: [s.total == 66, 's.band == "good"', 's.items.rentals.rate == "0.5"', s.subject == staff.dora]
""").misses


@pytest.mark.parametrize(
    "step", ["score: {month: dora}, fails: no-mark", "score: {month: dora, manners: 101}, fails: mark_manners"]
)
def test_a_card_that_cannot_be_scored_says_why(play: Play, step: str) -> None:
    assert not play(f"""
given: {{now: "2026-05-02 09:00", as: carl}}
when: [{{at: "2026-06-01 09:00", {step}}}]
""").misses


def test_the_oldest_open_card_is_scored_first(play: Play) -> None:
    assert not play("""
given: {now: "2026-05-02 09:00", as: carl}
when:
  - {at: "2026-06-02 09:00", score: {month: dora, manners: 50}, is: may}
  - {at: "2026-07-01 09:00", score: {month: dora, manners: 60}, is: june}
then: ['may.period == date("2026-05-01")', 'june.period == date("2026-06-01")']
""").misses


def test_a_person_without_a_card_is_an_error_that_says_so(play: Play) -> None:
    (miss,) = play("""
given: {now: "2026-05-02 09:00", as: carl}
when: [{score: {month: carl, manners: 50}}]
then: [1 == 1]
""").misses

    assert "there is no open card for this person" in miss.what.en


def test_a_marked_card_is_closed_by_the_node_when_the_person_may_not(play: Play) -> None:
    assert not play("""
given: {now: "2026-05-02 09:00", as: dora}
when:
  - {at: "2026-06-01 09:00", as: carl, do: month.mark, for: 'month[0]', with: {mark_manners: 90}}
  - {do: month.close, for: 'month[0]', fails: role}
  - {score: {month: dora}, is: s}
then: [has(s.total), 's.subject == staff.dora']
""").misses


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"year": "dora", "manners": 50}, "no scorecard among year, manners"),
        ({"month": "dora", "looks": 50}, "`month` has no item `looks` to mark"),
    ],
)
def test_a_card_or_an_item_there_is_none_of_is_named(cast: Cast, written: dict[str, object], said: str) -> None:
    cast.find("dora", STAFF)
    cast.stage.open_periods()

    with pytest.raises(NodeError, match=said):
        score(cast, SYSTEM_ACTOR, written)
