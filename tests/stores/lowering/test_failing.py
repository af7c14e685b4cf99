"""An empty value and a rule that failed for want of one are two things, also behind a reference."""

from __future__ import annotations

from typing import Any


def test_a_computed_field_that_fails_behind_a_reference_makes_the_rule_fail(club: Any) -> None:
    # Given a host whose rank nobody entered, a host of low rank, and a booking without a host
    found = [
        club.staff("s1"),
        club.staff("s2", rank=0),
        club.booking("of_unranked", host="s1"),
        club.booking("of_junior", host="s2"),
        club.booking("of_nobody"),
        club.booking("of_somebody_not_here", host="s9"),
    ]

    # Then whether the unranked host is senior cannot be told, so neither rule means his booking
    assert club.picks("self.host.senior", found) == []
    assert club.picks("not self.host.senior", found) == ["of_junior", "of_nobody", "of_somebody_not_here"]
    assert club.picks("self.host.senior == null", found) == ["of_nobody", "of_somebody_not_here"]


def test_an_empty_sum_is_not_the_same_as_null(club: Any) -> None:
    found = [club.booking("b1"), club.booking("b2", count=1)]

    assert club.picks("self.count + 1 == null", found) == []
    assert club.picks("has(self.count + 1)", found) == ["b2"]
    assert club.picks("coalesce(self.count + 1, 5) == 5", found) == []
    assert club.picks("coalesce(self.count, 5) == 5", found) == ["b1"]


def test_cases_stop_at_the_first_one_that_cannot_be_told(club: Any) -> None:
    # Given level: high from 100 yuan, then busy from three people, else the name
    found = [
        club.booking("no_amount", count=9, name="Li"),
        club.booking("no_count", amount=5, name="Li"),
        club.booking("rich", amount=100),
        club.booking("busy", amount=5, count=3),
        club.booking("named", amount=5, count=2, name="Li"),
    ]

    assert club.picks('self.level == "busy"', found) == ["busy"]
    assert club.picks('self.level != "busy"', found) == ["named", "rich"]


def test_a_choice_fails_with_its_test_or_with_the_branch_it_takes(club: Any) -> None:
    found = [club.booking("b1", name="Li"), club.booking("b2", name="Li", count=4), club.booking("b3", count=1)]

    assert club.picks("(1 if self.count > 3 else 2) == 2", found) == ["b3"]
    assert club.picks("(self.count + 1 if has(self.name) else 0) != 5", found) == ["b3"]


def test_a_reference_that_cannot_be_told_makes_what_it_leads_to_fail(club: Any) -> None:
    # Given a host who is only asked for from four people on, and a booking whose count nobody entered
    found = [
        club.staff("s1", name="Li"),
        club.booking("large", count=4, host="s1"),
        club.booking("small", count=1, host="s1"),
        club.booking("uncounted", host="s1"),
    ]
    host = "(self.host if self.count > 3 else null).name"

    assert club.picks(f'{host} == "Li"', found) == ["large"]
    assert club.picks(f'{host} != "Li"', found) == ["small"]
