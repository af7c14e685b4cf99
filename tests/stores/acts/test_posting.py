"""Giving a post: by whom, to whom, and which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.model.errors import ActionRefused, Forbidden
from stores.actor import Actor
from tests.stores.shop import Shop

PLUGIN = """
  gm: {label: {en: General manager, zh: 总经理}, lock: hq}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("li", "desk")
    made.hire("ma", "store_admin")
    return made


@pytest.fixture
def office(a_shop: Callable[..., Shop]) -> Shop:
    """Headquarters."""
    made: Shop = a_shop(PLUGIN, store="hq")
    made.hire("he", "hq_admin")
    made.hire("su", "store_admin")
    made.hire("li", "desk", store="0755")
    return made


def refused(shop: Shop, what: str, by: str, id: str | None = None, /, **more: Any) -> str:
    place = "hq" if shop.store == "hq" else shop.store
    actor = Actor(by, place, frozenset(shop.row("staff", by)["roles"]), by)
    with pytest.raises(ActionRefused) as refusal:
        shop.do(what, actor, id, **more)
    (problem,) = refusal.value.problems
    assert problem.field in {"roles", "role", "staff"}
    return problem.code


def test_a_store_gives_its_own_posts_for_good_and_for_a_period(shop: Shop) -> None:
    ma = Actor("ma", "0755", frozenset({"store_admin"}), "Ma")

    shop.do("staff.assign", ma, "li", roles=["desk", "boss"])
    given = shop.do("assignment.give", ma, staff="li", role="audit")

    assert shop.row("staff", "li")["roles"] == ["desk", "boss"]
    assert shop.row("assignment", given.id)["from_at"] == shop.now


def test_a_store_gives_no_post_of_headquarters_in_any_way(shop: Shop) -> None:
    assert refused(shop, "staff.assign", "ma", "li", roles=["desk", "gm"]) == "role-locked"
    assert refused(shop, "staff.hire", "ma", name="Wu", roles=["hq_admin"]) == "role-locked"
    assert refused(shop, "assignment.give", "ma", staff="li", role="gm") == "role-locked"
    assert refused(shop, "assignment.give", "ma", staff="li", role="hq_audit") == "role-of-headquarters"


def test_a_post_that_no_plugin_has_is_refused_with_the_nearest_one(shop: Shop) -> None:
    assert refused(shop, "staff.assign", "ma", "li", roles=["desc"]) == "no-such-role"
    assert refused(shop, "assignment.give", "ma", staff="li", role="bos") == "no-such-role"


def test_who_has_a_post_of_a_plugin_that_is_gone_keeps_it_when_others_change(shop: Shop) -> None:
    shop.hire("wu", "driver")

    shop.do("staff.assign", Actor("ma", "0755", frozenset({"store_admin"}), "Ma"), "wu", roles=["driver", "desk"])

    assert shop.row("staff", "wu")["roles"] == ["driver", "desk"]


def test_people_of_other_stores_get_no_post_here(shop: Shop) -> None:
    shop.hire("xu", "desk", store="0020")

    assert refused(shop, "assignment.give", "ma", staff="xu", role="desk") == "other-store"


def test_headquarters_gives_its_posts_in_records_of_its_own(office: Shop) -> None:
    he = Actor("he", "hq", frozenset({"hq_admin"}), "He")

    given = office.do("assignment.give", he, staff="li", role="gm")

    assert office.row("assignment", given.id)["store"] == "hq"
    assert refused(office, "assignment.give", "he", staff="li", role="hq_audit") == "role-of-headquarters"


def test_at_headquarters_only_its_administrator_gives_and_takes_locked_posts(office: Shop) -> None:
    assert refused(office, "assignment.give", "su", staff="li", role="gm") == "role-locked"
    assert refused(office, "staff.assign", "su", "su", roles=["store_admin", "hq_admin"]) == "role-locked"
    assert refused(office, "staff.assign", "su", "he", roles=[]) == "role-locked"

    office.do("staff.assign", Actor("he", "hq", frozenset({"hq_admin"}), "He"), "su", roles=["hq_audit"])

    assert office.row("staff", "su")["roles"] == ["hq_audit"]


def test_nobody_gives_himself_anything(shop: Shop) -> None:
    li = Actor("li", "0755", frozenset({"desk"}), "Li")

    for what, id, more in (
        ("staff.assign", "li", {"roles": ["store_admin"]}),
        ("assignment.give", None, {"staff": "li", "role": "boss"}),
    ):
        with pytest.raises(Forbidden):
            shop.do(what, li, id, **more)
