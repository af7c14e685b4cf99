"""Conditions in SQL: which rows are meant, and that an index can still find them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from core.language.expressions import Case, Cases, Literal
from core.model.kinds import BOOL
from stores.lowering import lower


def test_a_flag_that_was_never_set_counts_as_not_set(club: Any) -> None:
    found = [club.booking("b1", paid=True), club.booking("b2", paid=False), club.booking("b3")]

    assert club.picks("not self.paid", found) == ["b2", "b3"]
    assert club.picks("self.paid == false", found) == ["b2"]


def test_a_comparison_that_needs_an_empty_value_is_not_saved_by_what_comes_after_it(club: Any) -> None:
    # Given a booking without a count, which both rules stumble over before they reach the name
    found = [club.booking("b1", name="Li"), club.booking("b2", name="Li", count=9)]

    assert club.picks('self.count > 100 or self.name == "Li"', found) == ["b2"]
    assert club.picks('not (self.count > 100 and self.name == "Li")', found) == ["b2"]
    # And when the name comes first, it never gets to the count
    assert club.picks('self.name == "Li" or self.count > 100', found) == ["b1", "b2"]


def test_a_guarded_comparison_leaves_the_others_alone(club: Any) -> None:
    found = [club.booking("b1"), club.booking("b2", count=1), club.booking("b3", count=9)]

    assert club.picks("has(self.count) and self.count > 3", found) == ["b3"]
    assert club.picks("not (has(self.count) and self.count > 3)", found) == ["b1", "b2"]


def test_nobody_is_equal_to_nobody(club: Any) -> None:
    found = [club.booking("b1"), club.booking("b2", host="s1"), club.booking("b3", name="Li")]

    assert club.picks("self.host == null", found) == ["b1", "b3"]
    assert club.picks("self.host == me", found, me=None) == ["b1", "b3"]
    assert club.picks("self.host != me", found, me="s1") == ["b1", "b3"]
    assert club.picks("self.name == self.tags[0]", found) == ["b1", "b2"]


def test_a_setting_that_is_not_configured_makes_an_ordering_false_and_an_equality_plain(club: Any) -> None:
    found = [club.booking("b1", count=1), club.booking("b2")]

    assert club.picks("self.count < settings.limit", found, settings={"limit": None}) == []
    assert club.picks("not self.count < settings.limit", found, settings={"limit": None}) == []
    assert club.picks("self.count == settings.limit", found, settings={"limit": None}) == ["b2"]
    assert club.picks("self.name in settings.tiers", found, settings={"tiers": None}) == []
    assert club.picks("self.name not in settings.tiers", found, settings={"tiers": None}) == ["b1", "b2"]


def test_nothing_is_in_an_empty_list(club: Any) -> None:
    found = [club.booking("b1", name="Li")]

    assert club.picks("self.name in settings.tiers", found, settings={"tiers": []}) == []
    assert club.picks("self.name not in settings.tiers", found, settings={"tiers": []}) == ["b1"]


def test_lists_overlap_when_they_share_an_item_and_an_empty_one_shares_none(club: Any) -> None:
    found = [club.booking("b1", tags=["vip", "a"]), club.booking("b2", tags=[]), club.booking("b3", tags=["b"])]
    posts = {"settings": {"tiers": ["x", "vip"]}}

    assert club.picks("overlap(self.tags, settings.tiers)", found, **posts) == ["b1"]
    assert club.picks("overlap(settings.tiers, self.tags)", found, **posts) == ["b1"]
    assert club.picks("not overlap(self.tags, settings.tiers)", found, **posts) == ["b2", "b3"]
    for empty in ([], None):
        assert club.picks("overlap(self.tags, settings.tiers)", found, settings={"tiers": empty}) == []


@pytest.mark.parametrize("name", ["'; DROP TABLE club_booking; --", '"quoted"', "50%_off", "\\", "陈\n李"])
def test_text_is_only_ever_text(club: Any, name: str) -> None:
    found = [club.booking("b1", name=name, tags=[name]), club.booking("b2", name="Li", tags=["Li"])]
    told = {"settings": {"tiers": [name]}, "store": name}

    assert club.picks("self.name == store", found, **told) == ["b1"]
    assert club.picks("self.name in settings.tiers", found, **told) == ["b1"]
    assert club.picks("store in self.tags", found, **told) == ["b1"]
    assert club.picks("contains(self.name, store)", found, **told) == ["b1"]


def test_a_plain_comparison_leaves_the_column_bare_for_its_index(club: Any) -> None:
    env = club.env([])
    for text in ('self.state == "held"', "self.amount >= settings.fee", "self.host == me", "self.made_at < now - 20m"):
        sql = str(
            lower(club.condition(text), env, club.tables["club.booking"], "sqlite").compile(dialect=sqlite.dialect())
        )

        assert sql.startswith("club_booking."), sql
        assert "CASE" not in sql, sql
        assert " OR " not in sql, sql


def test_a_condition_by_cases_is_decided_by_the_first_case_that_holds(club: Any) -> None:
    # Given: a lapsed booking never counts, one over the limit always does, any other when it is paid
    rule = Cases(
        (
            Case(club.condition('self.state == "lapsed"'), Literal(False, BOOL)),
            Case(club.condition("self.count > settings.limit"), Literal(True, BOOL)),
            Case(None, club.condition("self.paid")),
        ),
        BOOL,
    )
    found = [
        club.booking("lapsed", state="lapsed", count=9, paid=True),
        club.booking("large", count=9),
        club.booking("paid", count=1, paid=True),
        club.booking("unpaid", count=1, paid=False),
        club.booking("cannot_be_told", paid=True),
    ]
    club.put(found)

    assert club.by_sql(rule, club.env(found)) == club.by_closure(rule, club.env(found), found) == ["large", "paid"]


def test_a_condition_by_cases_without_a_case_that_holds_is_false(club: Any) -> None:
    rule = Cases((Case(club.condition("self.count > 3"), Literal(True, BOOL)),), BOOL)
    found = [club.booking("b1", count=9), club.booking("b2", count=1)]
    club.put(found)

    assert club.by_sql(rule, club.env(found)) == ["b1"]


def test_a_flag_that_one_other_booking_carries_is_a_condition(club: Any) -> None:
    # Given the flag `paid` of the one other booking of the same guest
    rule = club.count("one", "paid", "booking.name == self.name and booking.id != self.id", BOOL)
    found = [
        club.booking("b1", name="Li", paid=False),
        club.booking("b2", name="Li", paid=True),
        club.booking("b3", name="Chen", paid=True),
    ]
    club.put(found)

    assert club.by_sql(rule, club.env(found)) == ["b1"]


def test_what_a_text_starts_with_is_told_letter_by_letter_and_nothing_starts_no_text(club: Any) -> None:
    found = [club.booking("b1", name="Li Ming"), club.booking("b2", name="li"), club.booking("b3")]

    assert club.picks('startswith(self.name, "Li")', found) == ["b1"]
    assert club.picks('not startswith(self.name, "Li")', found) == ["b2", "b3"]
