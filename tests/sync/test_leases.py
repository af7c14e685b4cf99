"""Headquarters waits for a silent node as long as its lease lasts; who comes back later brings nothing back to life."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stores.changes import compaction, digest
from stores.node import Node
from stores.storage import credentials
from sync import leases
from sync.branch import comparing
from sync.branch.round import sync_round
from tests.sync.nodes import DirectLink, World, read
from tests.sync.nodes import write as put

DAY = 86_400
LEASE, KEPT = timedelta(days=30), timedelta(days=90)


def write(node: Node, guest: str, kind: str = "update", **cells: object) -> None:
    put(node, guest, kind, **cells)  # type: ignore[arg-type]
    with node.database.write() as connection:
        connection.exec_driver_sql("UPDATE core_staff SET _hs = 1")


@pytest.fixture
def guest(world: World, hub: Node, bund: Node, link: DirectLink) -> str:
    """A guest of the Bund that both hold; the node is enrolled."""
    made = world.id()
    with hub.database.write() as connection:
        credentials.add_credential(connection, "t", "bund", "bund", world.time)
    write(hub, made, "create", name="王")
    write(bund, world.id(), "create", name="李")
    sync_round(bund, link)
    sync_round(bund, link)
    return made


def test_a_tombstone_waits_for_a_node_within_its_lease(
    world: World, hub: Node, bund: Node, link: DirectLink, guest: str
) -> None:
    put(hub, guest, "delete")
    world.wait(91 * DAY)
    with hub.database.write() as connection:  # heard of a week ago
        connection.exec_driver_sql("UPDATE peer SET heard_at = '2026-06-06T12:00:00.000Z'")

    assert leases.compact(hub, LEASE, KEPT) == 0
    sync_round(bund, link)
    sync_round(bund, link)
    world.wait(60)
    sync_round(bund, link)
    assert leases.compact(hub, LEASE, KEPT) == 1
    assert read(hub, guest) == {}


def test_the_branch_drops_what_headquarters_has_dropped(
    world: World, hub: Node, bund: Node, link: DirectLink, guest: str
) -> None:
    put(hub, guest, "delete")
    sync_round(bund, link)
    world.wait(91 * DAY)
    sync_round(bund, link)
    assert leases.compact(hub, LEASE, KEPT) == 1
    assert read(bund, guest)["_life"] == 2

    sync_round(bund, link)

    assert read(bund, guest) == {}


def test_a_node_silent_beyond_its_lease_sends_then_reads_everything_again_and_brings_nothing_back(
    world: World, hub: Node, bund: Node, link: DirectLink, guest: str
) -> None:
    put(hub, guest, "delete")
    world.wait(100 * DAY)
    assert leases.compact(hub, LEASE, KEPT) == 1, "nobody within his lease needs it"
    mine = world.id()
    write(bund, mine, "create", name="赵")
    assert read(bund, guest)["_life"] == 1, "it has never heard of the end of it"

    done = sync_round(bund, link)
    again = comparing.compare(bund, link)

    assert (done.pushed, read(hub, mine)["name"]) == (1, "赵")
    assert again is not None
    assert again.removed == 1
    assert read(bund, guest) == read(hub, guest) == {}
    with hub.database.read() as there, bund.database.read() as here:
        assert digest.digests(here, bund, "bund") == digest.digests(there, hub, "bund")


def test_a_lapsed_node_cannot_go_on_reading_where_it_was(
    world: World, hub: Node, bund: Node, link: DirectLink, guest: str
) -> None:
    with hub.database.read() as connection:
        assert not leases.is_lapsed(connection, 1)
    put(hub, guest, "delete")
    compaction.drop(hub, 10)
    with hub.database.read() as connection:
        assert leases.is_lapsed(connection, 1)
        assert not leases.is_lapsed(connection, 0)
        assert not leases.is_lapsed(connection, 10)


def test_the_lease_of_a_node_that_never_called_begins_when_it_was_let_in(world: World, hub: Node) -> None:
    with hub.database.write() as connection:
        credentials.add_credential(connection, "j", "jingan", "jingan", world.time)
    world.wait(31 * DAY)
    with hub.database.read() as connection:
        (lease,) = leases.leases(connection, hub, LEASE)
    assert (lease.node, lease.position, lease.lapsed) == ("jingan", 0, True)
