"""Values at the edge of what can be kept, hooks that misbehave, stamps that do not read: neighbours go on."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest

from core.model.errors import NodeError
from core.model.merge import MergePolicy
from stores.node import Node
from stores.storage import bulk
from stores.storage.credentials import Credential
from stores.storage.database import Busy, Database
from sync.branch.round import sync_round
from tests.stores.chain import BOOKING, MEMBER, TYPES, Chain, FakeHost, quarantined
from tests.sync.nodes import DirectLink, World, read, write

E_ACUTE = unicodedata.normalize("NFC", "é")
TEXTS = {
    "composed": E_ACUTE,
    "decomposed": unicodedata.normalize("NFD", E_ACUTE),
    "empty": "",
    "nothing": None,
    "a space": " ",
    "beyond the first plane": "𠮷野家",
    "a direction mark": "\u202eabc",
    "control": "a\u0001b\u007f",
    "looks like a number": "-0.0",
    "looks like nothing": "null",
    "line ends": "a\r\nb\u2028c",
}
NUMBERS = {"least": -(2**63) + 1, "most": 2**63 - 1, "none": 0, "minus": -1}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_arrives_everywhere_as_it_was_written(
    hub: Node, bund: Node, link: DirectLink, world: World, text: str | None
) -> None:
    guest = world.id()
    write(bund, guest, "create", name="李", tea=text)
    write(bund, guest, name=text)
    sync_round(bund, link)
    jingan = world.node("jingan")
    sync_round(jingan, DirectLink(hub, Credential("jingan", "jingan")))

    assert [read(node, guest)["name"] for node in (bund, hub, jingan)] == [text] * 3
    assert [read(node, guest)["tea"] for node in (bund, hub, jingan)] == [text] * 3
    jingan.database.close()


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())
def test_a_number_at_the_edge_arrives_everywhere(
    hub: Node, bund: Node, link: DirectLink, world: World, number: int
) -> None:
    guest = world.id()
    write(bund, guest, "create", record=number, credit=number)
    sync_round(bund, link)
    sync_round(bund, link)

    assert [read(node, guest)["record"] for node in (bund, hub)] == [number] * 2


def test_a_sum_that_runs_over_waits_and_its_neighbours_flow(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"points": 2**62})
    shops.settle()
    shops.east.update(MEMBER, member, points=2**63 - 1)
    shops.west.update(MEMBER, member, points=2**63 - 1)
    after = shops.west.create(MEMBER, {"name": "Lin"})

    shops.push(shops.east)
    shops.push(shops.west)

    assert shops.hub.row(MEMBER, member)["points"] == 2**63 - 1
    assert [line.pk for line in quarantined(shops.hub)] == [member]
    assert shops.hub.row(MEMBER, after)["name"] == "Lin"
    shops.settle()
    assert shops.east.row(MEMBER, after)["name"] == "Lin"


def test_stamps_that_do_not_read_at_headquarters_hold_up_neither_the_merge_nor_the_feed(shops: Chain) -> None:
    broken, sound = (shops.east.create(MEMBER, {"tier": "basic"}) for _ in range(2))
    shops.settle()
    with shops.hub.database.write() as connection:
        bulk.run_only(connection, "UPDATE club_member SET _m = ? WHERE id = ?", '[1,116227\x01"x', broken)
    for member in (broken, sound):
        shops.east.update(MEMBER, member, tier="gold")
        shops.west.update(MEMBER, member, tier="silver")

    shops.settle()

    for place in shops.places:
        assert {place.row(MEMBER, member)["tier"] for member in (broken, sound)} <= {"gold", "silver"}
    assert quarantined(shops.hub) == []
    for member in (broken, sound):
        assert len({place.row(MEMBER, member)["tier"] for place in shops.places}) == 1


def test_stamps_that_do_not_read_at_a_branch_hold_up_nothing_there(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"tier": "basic"})
    shops.settle()
    with shops.west.database.write() as connection:
        bulk.run_only(connection, "UPDATE club_member SET _m = ? WHERE id = ?", "garbage", member)

    shops.west.update(MEMBER, member, tier="gold")
    shops.settle()

    assert {place.row(MEMBER, member)["tier"] for place in shops.places} == {"gold"}


def test_a_hook_that_writes_holds_up_its_own_transaction_only(shops: Chain) -> None:
    def writes(**_: Any) -> Any:
        with shops.hub.database.write() as connection:
            bulk.run_only(connection, "DELETE FROM club_member")

    hooked = replace(MEMBER, fields={**MEMBER.fields, "tier": replace(MEMBER.fields["tier"], merge=MergePolicy.HOOK)})
    shops.hub.node.host = FakeHost(*(hooked if each is MEMBER else each for each in TYPES), merge_field=writes)  # type: ignore[assignment]
    member = shops.east.create(MEMBER, {"tier": "basic"})
    shops.settle()
    shops.west.update(MEMBER, member, tier="silver")
    shops.push(shops.west)
    shops.east.update(MEMBER, member, tier="gold")  # the hook is asked
    good = shops.east.create(BOOKING, {"guest": "Lin"})

    shops.push(shops.east)

    assert [(line.pk, line.code) for line in quarantined(shops.hub)] == [(member, "merge-failed")]
    assert shops.hub.row(MEMBER, member)["tier"] == "silver"
    assert shops.hub.row(BOOKING, good)["guest"] == "Lin"


def test_while_a_hook_hangs_others_are_told_that_the_node_is_busy_and_nothing_is_lost(database_url: str) -> None:
    database = Database(database_url, write_wait_s_max=0.1)
    entered, released = Event(), Event()

    def hangs() -> None:
        with database.write():
            entered.set()
            released.wait(10)

    thread = Thread(target=hangs)
    thread.start()
    entered.wait(10)
    with pytest.raises(Busy), database.write():
        raise AssertionError("two writers at once")
    with database.read() as connection:
        bulk.run(connection, "SELECT 1")
    released.set()
    thread.join()
    with database.write() as connection:
        bulk.run(connection, "SELECT 1")
    database.close()


def test_a_change_no_node_could_ever_send_is_refused_where_it_is_written(bund: Node, world: World) -> None:
    with pytest.raises(NodeError) as refused:
        write(bund, world.id(), "create", name="贵" * (9 << 20))

    assert refused.value.problems[0].code == "change-too-large"
    assert sync_waits(bund) == 0


def sync_waits(node: Node) -> int:
    with node.database.read() as connection:
        return int(bulk.run(connection, "SELECT count(*) FROM log")[0][0])
