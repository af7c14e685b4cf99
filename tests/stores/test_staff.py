"""The people of the chain, as those who act."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.model.errors import NotFound
from stores.actor import SYSTEM_ACTOR, Actor
from stores.staff import person
from tests.stores.shop import Shop


def test_a_member_of_staff_acts_with_the_posts_held_now(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop("")
    shop.hire("li", "desk", "boss")
    shop.hire("wu")
    shop.sql("UPDATE core_staff SET roles = NULL WHERE id = 'wu'")

    with shop.node.database.read() as connection:
        assert person(connection, shop.node, "li") == Actor("li", "0755", frozenset({"desk", "boss"}), "Li")
        assert person(connection, shop.node, "wu").roles == frozenset()
        assert person(connection, shop.node, "system") is SYSTEM_ACTOR


def test_who_is_unknown_or_has_left_acts_no_more(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop("")
    shop.hire("li", "desk", active=False)

    with shop.node.database.read() as connection:
        for id in ("li", "nobody"):
            with pytest.raises(NotFound, match=f"`{id}`"):
                person(connection, shop.node, id)
