"""Which stores run a business: what their nodes say counts, and what their people's posts are called does not."""

from __future__ import annotations

import pytest

from stores.reads.stores import posts_held, stores_of
from stores.storage import peers
from stores.storage.peers import Peer
from tests.stores.reads.test_reports import PLUGIN
from tests.stores.shop import Shop


@pytest.fixture
def club(database_url: str) -> Shop:
    made = Shop(PLUGIN, database_url)
    for store in ("bund", "jing", "xuhui"):
        made.hire(f"li-{store}", "desk", store=store)
    return made


def hear(shop: Shop, store: str, *plugins: str) -> None:
    with shop.node.database.write() as connection:
        report = {"plugins": dict.fromkeys(plugins, "1.0.0")}
        peers.hear(connection, Peer(f"{store}-1", store, shop.node.now(), f"{store}-1.1", 0, 0, 0, report))


def found(shop: Shop) -> list[str]:
    with shop.node.database.read() as connection:
        return stores_of(connection, shop.node, shop.node.catalog.plugin("club"))


def test_a_store_that_only_calls_a_post_by_the_same_name_is_not_of_the_business(club: Shop) -> None:
    assert found(club) == ["bund", "jing", "xuhui"], "nobody has said anything yet: the posts tell"

    hear(club, "bund", "core", "club")
    hear(club, "jing", "core", "bakery")

    assert found(club) == ["bund", "xuhui"]
    club.close()


def test_people_are_counted_by_post_and_store(club: Shop) -> None:
    with club.node.database.read() as connection:
        everywhere = posts_held(connection, club.node)
        assert {store: n for (store, post), n in everywhere.items() if post == "desk"} == {
            "bund": 1,
            "jing": 1,
            "xuhui": 1,
        }
        assert posts_held(connection, club.node, "bund") == {("bund", "desk"): 1}
    club.close()
