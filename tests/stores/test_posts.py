"""Who holds which post: for good, for a period, and those that only headquarters gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from stores import posts
from stores.staff import person
from stores.world import NodeWorld, holders
from tests.stores.shop import Shop, local

PLUGIN = """
  gm: {label: {en: General manager, zh: 总经理}, lock: hq}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("li", "desk")
    return made


def roles_of(shop: Shop, who: str) -> frozenset[str]:
    with shop.node.database.read() as connection:
        return person(connection, shop.node, who).roles


def held_by(shop: Shop, role: str) -> list[str]:
    with shop.node.database.read() as connection:
        return holders(NodeWorld(connection, shop.node, "club", shop.store), role)


def test_a_post_for_a_period_is_held_from_its_first_to_its_last_instant(shop: Shop) -> None:
    begin, end = local("2026-03-07 20:00"), local("2026-03-08 02:00")
    shop.put("assignment", "a1", staff="li", role="boss", from_at=begin, to_at=end)

    held = []
    for moment in (begin - timedelta(seconds=1), begin, end, end + timedelta(seconds=1)):
        shop.now = moment
        assert ("li" in held_by(shop, "boss")) == ("boss" in roles_of(shop, "li"))
        held.append("boss" in roles_of(shop, "li"))

    assert held == [False, True, True, False]
    assert "desk" in roles_of(shop, "li")


def test_a_locked_post_counts_only_when_headquarters_gave_it(shop: Shop) -> None:
    shop.hire("wu", "desk", "gm", "hq_admin")  # as an edited database would say
    shop.put("assignment", "a1", staff="wu", role="gm")

    assert roles_of(shop, "wu") == {"desk"}
    assert held_by(shop, "gm") == held_by(shop, "hq_admin") == []

    shop.put("assignment", "a2", store="hq", staff="wu", role="gm")

    assert roles_of(shop, "wu") == {"desk", "gm"}
    assert held_by(shop, "gm") == ["wu"]


def test_posts_of_headquarters_itself_are_held_only_there(shop: Shop) -> None:
    shop.put("assignment", "a1", store="hq", staff="li", role="hq_audit")
    shop.hire("he", "hq_admin", store="hq")
    shop.put("assignment", "a2", store="hq", staff="he", role="gm")

    assert "hq_audit" not in roles_of(shop, "li")
    assert roles_of(shop, "he") == {"hq_admin", "gm"}


def test_another_stores_assignment_gives_nothing_and_an_ended_one_no_more(shop: Shop) -> None:
    shop.put("assignment", "a1", store="0020", staff="li", role="boss")
    shop.put("assignment", "a2", staff="li", role="audit")
    admin = shop.hire("ma", "store_admin")
    assert roles_of(shop, "li") == {"desk", "audit"}

    shop.do("assignment.end", admin, "a2")
    shop.now += timedelta(seconds=1)

    assert roles_of(shop, "li") == {"desk"}


def test_what_headquarters_gave_is_known_of_people_of_other_stores_too(shop: Shop) -> None:
    shop.put("assignment", "a1", store="hq", staff="far-away", role="gm")
    shop.put("assignment", "a2", store="0020", staff="far-away", role="boss")

    with shop.node.database.read() as connection:
        given = posts.given_by_headquarters(connection, shop.node, "far-away", shop.now)

    assert given == {"gm"}


def test_who_holds_what_for_a_period_is_told_of_many_people_at_once(shop: Shop) -> None:
    begin, end = local("2026-03-07 20:00"), local("2026-03-08 02:00")
    shop.put("assignment", "a1", staff="li", role="boss", from_at=begin, to_at=end)
    shop.put("assignment", "a2", store="hq", staff="li", role="gm", from_at=begin)
    with shop.node.database.read() as connection:
        assert posts.given_to(connection, shop.node, ["li", "wu"], end) == {"li": ["boss", "gm"]}
        assert posts.given_to(connection, shop.node, ["li"], end + timedelta(seconds=1)) == {"li": ["gm"]}
        assert posts.holders_for_a_period(connection, shop.node, "boss", end, 9) == ["li"]
        assert posts.holders_for_a_period(connection, shop.node, "boss", end + timedelta(seconds=1), 9) == []
