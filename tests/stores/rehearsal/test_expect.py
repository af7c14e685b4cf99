from __future__ import annotations

from collections.abc import Callable

import pytest

from stores.rehearsal import Verdict

Play = Callable[[str], Verdict]
TAKEN = "when: [{do: rental.take, with: gao, is: r}]\n"


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ("size(rental) == 2", "expected `size(rental) == 2`, but size(rental) = 1"),
        ('balance("deposits", r) == 0', 'expected `balance("deposits", r) == 0`, but balance("deposits", r) = 5.00'),
        (
            "r.from_at > now",
            "expected `r.from_at > now`, but r.from_at = 2026-05-02 09:00:00, now = 2026-05-02 09:00:00",
        ),
        ("has(r.came_at)", "expected `has(r.came_at)`, which is not so"),
        ("has(r.phone) and has(r.came_at)", "expected `has(r.came_at)`, which is not so"),
        ("r.came_at == now", "expected `r.came_at == now`, but r.came_at = null, now = 2026-05-02 09:00:00"),
        ("r.locker in [locker.a2]", "expected `r.locker in [locker.a2]`, but r.locker = locker.a1"),
    ],
)
def test_both_sides_are_shown_as_the_scenario_would_write_them(play: Play, expected: str, said: str) -> None:
    (miss,) = play(f"{TAKEN}then: ['{expected}']").misses

    assert miss.what.en == said


def test_all_that_differs_at_the_end_is_told(play: Play) -> None:
    assert len(play(f"{TAKEN}then: [1 == 2, size(rental) == 1, 2 == 3]").misses) == 2


def test_what_cannot_be_worked_out_is_a_miss_and_no_crash(play: Play) -> None:
    (miss,) = play(f"{TAKEN}then: ['r.guest + 1 == 2']").misses

    assert miss.what.en.startswith("`r.guest + 1 == 2` cannot be worked out")
    assert miss.place.path == "scenarios.the_one.then[0]"


def test_an_empty_value_that_is_needed_is_a_miss_and_not_true(play: Play) -> None:
    (miss,) = play(f"{TAKEN}then: ['r.came_at < now']").misses

    assert "cannot be worked out" in miss.what.en


def test_yes_and_no_are_shown_as_the_scenario_would_write_them(play: Play) -> None:
    (miss,) = play(f"{TAKEN}then: ['has(r.phone) == false']").misses

    assert miss.what.en == "expected `has(r.phone) == false`, but has(r.phone) = true"


def test_a_record_is_shown_by_the_name_the_scenario_gave_it(play: Play) -> None:
    (miss,) = play("""
when: [{do: rental.take, with: gao, is: r}, {do: rental.take, with: ma, is: s}]
then: ['rental[0] == s']
""").misses

    assert miss.what.en == "expected `rental[0] == s`, but rental[0] = r"


def test_an_empty_list_is_shown_beside_what_was_there(play: Play) -> None:
    (miss,) = play("""
when: [{do: rental.take, with: [gao, {others: [Li, Wu]}], is: r}]
then: ['r.others == []']
""").misses

    assert 'r.others = ["Li", "Wu"]' in miss.what.en
