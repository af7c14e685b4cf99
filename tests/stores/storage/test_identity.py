"""Which node this is, kept in its own database."""

from __future__ import annotations

import pytest

from stores.storage import identity
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.system import SYSTEM

SHOP = Identity("n1", 3, "0755", "https://hq.example")


@pytest.fixture
def database(database: Database) -> Database:
    with database.write() as connection:
        SYSTEM.create_all(connection)
    return database


def test_a_node_finds_itself_again_after_a_restart(database: Database) -> None:
    with database.write() as connection:
        assert identity.load(connection) is None
        identity.save(connection, SHOP)

    with database.read() as connection:
        assert identity.load(connection) == SHOP


def test_a_node_reborn_counts_its_changes_under_a_new_name(database: Database) -> None:
    with database.write() as connection:
        identity.save(connection, SHOP)
        born = identity.reincarnate(connection)

        assert (SHOP.origin, born.origin) == ("n1.3", "n1.4")
        assert identity.load(connection) == born


def test_only_a_node_without_an_upstream_is_the_hub() -> None:
    assert not SHOP.is_hub
    assert Identity("hq", 1, "hq", None).is_hub
