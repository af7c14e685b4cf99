"""What meets at headquarters without having known of one another, beyond two edits of one field."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, update

from core.model.merge import MergePolicy
from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage.credentials import Credential
from sync.branch import frames
from sync.branch.round import sync_round
from tests.simulation.chain import host
from tests.stores.chain import BOOKING, MEMBER, TYPES, Chain, FakeHost, quarantined, upgrade
from tests.sync.nodes import GUEST, DirectLink, World, read, waiter_of, write


def test_children_of_a_parent_in_quarantine_arrive_and_find_it_later(database_url: str) -> None:
    shops = Chain(database_url, hub=FakeHost(BOOKING))
    parent = shops.east.create(MEMBER, {"name": "Chen"})  # headquarters does not know members yet
    child = shops.east.create(BOOKING, {"guest": parent})
    shops.east.update(MEMBER, parent, tier="gold")
    another = shops.east.create(BOOKING, {"guest": parent})

    shops.push(shops.east)

    assert len(quarantined(shops.hub)) == 2
    assert [shops.hub.row(BOOKING, id_)["guest"] for id_ in (child, another)] == [parent, parent]
    upgrade(shops.hub)
    assert shops.hub.row(MEMBER, parent)["tier"] == "gold"
    assert quarantined(shops.hub) == []
    shops.settle()
    assert shops.west.row(MEMBER, parent)["name"] == "Chen"
    shops.close()


def test_a_policy_that_changes_between_the_edit_and_the_merge_is_headquarters_own(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"tier": "basic"})
    shops.settle()
    shops.east.update(MEMBER, member, tier="gold")
    shops.pass_(60)
    shops.west.update(MEMBER, member, tier="silver")  # later: under the old policy this one would stand
    asked = replace(MEMBER.fields["tier"], merge=MergePolicy.ASK)
    newer = replace(MEMBER, fields={**MEMBER.fields, "tier": asked})
    shops.hub.node.host = FakeHost(*(newer if each is MEMBER else each for each in TYPES))  # type: ignore[assignment]

    shops.push(shops.east)
    shops.push(shops.west)
    shops.settle()

    assert {place.row(MEMBER, member)["tier"] for place in shops.places} == {"gold"}
    assert [(c["policy"], c["mine"], c["theirs"]) for c in shops.hub.conflicts()] == [("ask", "gold", "silver")]


def test_a_conflict_decided_differently_in_two_places_is_decided_once(
    hub: Node, bund: Node, link: DirectLink, world: World
) -> None:
    guest = world.id()
    write(bund, guest, "create", name="李")
    sync_round(bund, link)
    write(bund, guest, name="李四")
    write(hub, guest, store="bund", name="李五")
    sync_round(bund, link)
    sync_round(bund, link)
    conflict = hub.catalog.records["core.conflict"]
    with hub.database.read() as connection:
        (number,) = connection.execute(select(hub.table(conflict).c.id)).scalars()
    admins = [_promoted(node, store, "store_admin") for node in (hub, bund) for store in ("bund", "hq")]

    act(bund, Call(conflict, "resolve", admins[2], id=number, ask={"keep": "value", "value": "李六"}))
    act(hub, Call(conflict, "resolve", admins[1], id=number, ask={"keep": "value", "value": "李七"}))
    for _ in range(3):
        sync_round(bund, link)

    shown = [read(node, guest)["name"] for node in (hub, bund)]
    assert shown == ["李七", "李七"]
    with bund.database.read() as connection:
        states = set(connection.execute(select(bund.table(bund.catalog.records["core.request"]).c.state)).scalars())
    assert states == {"refused"}


def _promoted(node: Node, store: str, role: str) -> Actor:
    staff = node.table(node.catalog.records["core.staff"])
    with node.database.write() as connection:
        held = f'["waiter", "{role}", "hq_admin"]'
        connection.execute(update(staff).where(staff.c.id == waiter_of(store)).values(roles=held))
    return Actor(waiter_of(store), store, frozenset({"waiter", role, "hq_admin"}), store)


def test_a_transaction_larger_than_any_node_unpacks_comes_in_pieces_and_whole_in_the_end(
    hub: Node, bund: Node, link: DirectLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "HARD_CHANGES_MAX", 10)
    guests = [world.id() for _ in range(34)]
    record = host().catalog.records[GUEST]
    with bund.database.write() as connection:
        edits = [Edit(record, guest, "bund", "create", {"visits": nth}) for nth, guest in enumerate(guests)]
        commit(connection, bund, Deed(world.id(), f"{GUEST}.edit", waiter_of("bund"), bund.now()), edits)

    done = sync_round(bund, link)

    assert (done.pushed, link.calls.count("push")) == (34, 4)
    assert [read(hub, guest)["visits"] for guest in guests] == list(range(34))
    assert sync_round(world_of(world, "jingan"), DirectLink(hub, Credential("jingan", "jingan"))).pulled >= 34


def world_of(world: World, store: str) -> Node:
    return world.node(store)
