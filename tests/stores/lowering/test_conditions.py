"""Conditions in SQL: which rows are meant, and that an index can still find them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

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
