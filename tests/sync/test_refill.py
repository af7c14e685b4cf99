"""Headquarters restored from yesterday: what it did itself since comes back from its branches' rows, in plain sight."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stores.actor import Actor
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes import quarantine
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage.credentials import Credential
from stores.storage.system import SYSTEM
from sync import keys, refill
from sync.branch.comparing import compare
from sync.branch.round import sync_round
from sync.wire.link import LinkDown
from tests.sync.nodes import DirectLink, World, read, set_back, waiter_of, write


def conflicts(node: Node) -> list[dict[str, Any]]:
    table = node.tables["core.conflict"]
    with node.database.read() as connection:
        rows = [dict(row) for row in connection.execute(table.select()).mappings()]
    found = [row for row in rows if row["kind"] == "refilled"]
    return sorted(found, key=lambda row: (row["record_id"], row["field"] or "", row["theirs"] or ""))


class Yesterday:
    """The database of headquarters as it was, to be put back later."""

    def __init__(self, hub: Node) -> None:
        self.hub = hub
        with hub.database.read() as connection:
            tables = [
                t
                for t in [*hub.tables.metadata.tables.values(), *SYSTEM.tables.values()]
                if t.name != "sqlite_sequence"
            ]
            self.rows = {t: [dict(r) for r in connection.execute(t.select()).mappings()] for t in tables}

    def put_back(self, world: World) -> None:
        with self.hub.database.write() as connection:
            for table, rows in self.rows.items():
                connection.execute(table.delete())
                if rows:
                    connection.execute(table.insert(), rows)
            keys.begin_epoch(connection, world.dice.randbytes, int(world.time.timestamp() * 1000))


def all_conflicts(node: Node) -> list[dict[str, Any]]:
    with node.database.read() as connection:
        return [dict(row) for row in connection.execute(node.tables["core.conflict"].select()).mappings()]


def settle(node: Node, link: DirectLink) -> None:
    while (done := sync_round(node, link)).pushed or done.pulled:
        pass


@pytest.fixture
def mine(world: World, hub: Node, bund: Node, link: DirectLink) -> str:
    """A guest of the Bund that both hold."""
    guest = world.id()
    write(bund, guest, "create", name="李", tea="龙井")
    settle(bund, link)
    return guest


def test_what_headquarters_did_after_the_backup_comes_back_and_is_told(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    world.wait(60)
    write(hub, mine, tea="普洱", store="bund")
    theirs = world.id()
    write(hub, theirs, "create", store="hq", name="王")
    write(bund, mine, visits=3)
    settle(bund, link)
    yesterday.put_back(world)
    assert (read(hub, mine)["tea"], read(hub, theirs)) == ("龙井", {})

    settle(bund, link)

    assert (read(hub, mine)["tea"], read(hub, mine)["visits"], read(hub, theirs)["name"]) == ("普洱", 3, "王")
    assert (read(bund, mine)["tea"], read(bund, theirs)["name"]) == ("普洱", "王")
    told = {(row["record_id"], row["field"], row["mine"], row["outcome"]) for row in conflicts(hub)}
    assert told == {(mine, "tea", "龙井", "incoming"), (theirs, None, None, "incoming")}
    assert {row["_store"] for row in conflicts(hub)} == {"bund"}


def test_what_was_entered_since_stands_and_the_lost_value_is_shown_beside_it(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    world.wait(60)
    write(hub, mine, tea="普洱", store="bund")
    settle(bund, link)
    yesterday.put_back(world)
    world.wait(60)
    write(hub, mine, tea="茉莉花", store="bund")

    settle(bund, link)

    assert read(hub, mine)["tea"] == read(bund, mine)["tea"] == "茉莉花"
    (told,) = conflicts(hub)
    assert (told["field"], told["mine"], told["theirs"], told["outcome"]) == ("tea", "茉莉花", "普洱", "current")


def test_a_record_that_headquarters_had_deleted_is_deleted_again(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    theirs = world.id()
    write(hub, theirs, "create", store="hq", name="王")
    settle(bund, link)
    yesterday = Yesterday(hub)
    write(hub, theirs, "delete", store="hq")
    settle(bund, link)
    yesterday.put_back(world)

    settle(bund, link)

    assert read(hub, theirs)["_life"] == read(bund, theirs)["_life"] == 2


def test_offered_twice_and_cut_in_between_it_is_entered_once(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = Yesterday(hub)
    more = [world.id() for _ in range(3)]
    for guest in more:
        write(hub, guest, "create", store="hq", name="王")
    settle(bund, link)
    yesterday.put_back(world)
    monkeypatch.setattr(refill, "PAGE_ROWS", 1)
    lost: list[int] = []

    def lose(call: str, answer: Any) -> Any:
        if call == "refill" and len(lost) < 2:
            lost.append(1)
            raise LinkDown.of("link-cut", "the answer got lost", "应答丢失")
        return answer

    link.after = lose
    for _ in range(2):
        with pytest.raises(LinkDown):
            sync_round(bund, link)
    settle(bund, link)

    assert [read(hub, guest)["name"] for guest in more] == ["王"] * 3
    assert len(conflicts(hub)) == 3


def test_posts_and_people_are_shown_and_not_entered(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    staff = hub.catalog.records["core.staff"]
    edit = Edit(staff, world.id(), "hq", "create", {"name": "赵", "roles": '["hq_admin"]', "active": 1})
    with hub.database.write() as connection:
        commit(connection, hub, Deed(world.id(), "core.staff.hire", waiter_of("hq"), world.time), [edit])
    settle(bund, link)
    yesterday.put_back(world)

    settle(bund, link)

    with hub.database.read() as connection:
        table = hub.tables["core.staff"]
        assert connection.execute(table.select().where(table.c.id == edit.id)).first() is None
    (told,) = conflicts(hub)
    assert (json.loads(told["theirs"])["name"], told["outcome"]) == ("赵", "current")
    assert compare(bund, link) is not None
    assert all_conflicts(hub) == [told], "it is told once, and nobody is said to have touched a database"
    with bund.database.read() as connection:
        assert connection.execute(table.select().where(table.c.id == edit.id)).first() is None


def test_a_branch_cannot_put_words_into_the_mouth_of_a_headquarters_that_was_never_restored(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    write(hub, mine, tea="普洱", store="bund")
    settle(bund, link)
    with bund.database.write() as connection:
        refill.begin(connection, "e", 0)

    refill.send(bund, link)

    assert conflicts(hub) == []


def test_what_headquarters_had_asked_of_a_store_comes_back_and_what_the_store_did_about_it_counts(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    waiter = Actor(waiter_of("hq"), "hq", frozenset({"waiter"}), "陈")
    act(hub, Call(hub.catalog.records["tea_house.guest"], "stamp", waiter, id=mine))
    settle(bund, link)
    assert read(hub, mine)["stamps"] == 1
    yesterday.put_back(world)

    settle(bund, link)

    assert (read(hub, mine)["stamps"], read(bund, mine)["stamps"]) == (1, 1)
    with hub.database.read() as connection:
        assert quarantine.count(connection) == 0
        assert [row["state"] for row in connection.execute(hub.tables["core.request"].select()).mappings()] == [
            "confirmed"
        ]


def test_a_sum_is_shown_and_not_entered_because_the_branches_add_again_what_they_had_added(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    jingan = world.node("jingan")
    jingans = DirectLink(hub, Credential("jingan", "jingan"))
    theirs = world.id()
    write(hub, theirs, "create", store="hq", name="王")
    settle(jingan, jingans)
    yesterday = Yesterday(hub)
    settle(bund, link)
    write(bund, theirs, visits=1)
    settle(bund, link)
    write(hub, theirs, visits=3, store="hq")
    settle(jingan, jingans)
    yesterday.put_back(world)

    settle(jingan, jingans)  # it holds 3, and 1 of it is the Bund's, which has not called yet
    settle(bund, link)

    assert read(hub, theirs)["visits"] == 1
    assert {(row["field"], row["theirs"], row["outcome"]) for row in conflicts(hub)} == {("visits", "3", "current")}


def test_what_was_entered_again_and_replaced_since_is_not_entered_once_more_whatever_the_clocks_say(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    world.wait(60)
    write(hub, mine, store="bund", tea="普洱")
    settle(bund, link)
    twin = world.node("bund")
    set_back(twin, bund.database.image())
    yesterday.put_back(world)
    settle(bund, link)
    assert read(hub, mine)["tea"] == "普洱"
    world.wait(-7_200)  # the clock of Jing'an is two hours slow
    jingan = world.node("jingan")
    jingans = DirectLink(hub, Credential("jingan", "jingan"))
    settle(jingan, jingans)
    write(jingan, mine, store="bund", tea="铁观音")
    settle(jingan, jingans)
    world.wait(7_200)

    settle(twin, link)  # a copy of the Bund's PC offers the same once more

    assert read(hub, mine)["tea"] == "铁观音"
    assert [(row["field"], row["theirs"]) for row in conflicts(hub)] == [("tea", "普洱")]


def test_to_a_note_is_added_what_was_lost_and_what_others_have_added_meanwhile_stays(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    jingan = world.node("jingan")
    jingans = DirectLink(hub, Credential("jingan", "jingan"))
    settle(jingan, jingans)
    yesterday = Yesterday(hub)
    write(jingan, mine, store="bund", note="怕辣")  # offline, before headquarters writes
    world.wait(60)
    write(hub, mine, store="bund", note="靠窗")
    settle(bund, link)
    yesterday.put_back(world)
    settle(jingan, jingans)

    settle(bund, link)
    settle(jingan, jingans)

    for node in (hub, bund, jingan):
        assert sorted(read(node, mine)["note"].split("\n")) == ["怕辣", "靠窗"]
    assert [(row["field"], row["mine"], row["outcome"]) for row in conflicts(hub)] == [("note", "怕辣", "incoming")]


def test_what_a_branch_wrote_into_a_record_that_headquarters_has_lost_stands_over_it(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    theirs = world.id()
    write(hub, theirs, "create", store="hq", name="王", tea="普洱")
    settle(bund, link)
    write(bund, theirs, name="王五", tea="龙井")
    settle(bund, link)
    yesterday.put_back(world)
    world.wait(60)

    settle(bund, link)

    assert (read(hub, theirs)["name"], read(hub, theirs)["tea"]) == ("王五", "龙井")
    assert [row["kind"] for row in all_conflicts(hub)] == ["refilled"]


@pytest.fixture
def forgotten(world: World, hub: Node, bund: Node, link: DirectLink, mine: str) -> str:
    """A record of headquarters that the branch has, and a headquarters restored to when it was not there."""
    before = Yesterday(hub)
    guest = world.id()
    write(hub, guest, "create", store="hq", name="王")
    settle(bund, link)
    world.wait(60)
    before.put_back(world)
    return guest


def test_a_headquarters_restored_twice_between_two_calls_hears_of_both_losses(
    world: World, hub: Node, bund: Node, link: DirectLink, forgotten: str
) -> None:
    second = Yesterday(hub)
    write(hub, world.id(), "create", store="hq", name="赵")
    world.wait(60)
    second.put_back(world)

    settle(bund, link)

    assert read(hub, forgotten)["name"] == "王"


def test_a_headquarters_restored_again_while_a_branch_was_telling_hears_of_the_first_loss_too(
    world: World, hub: Node, bund: Node, link: DirectLink, forgotten: str
) -> None:
    second = Yesterday(hub)

    def lose(call: str, answer: Any) -> Any:
        if call == "refill":
            raise LinkDown.of("link-cut", "the answer got lost", "应答丢失")
        return answer

    link.after = lose
    with pytest.raises(LinkDown):
        sync_round(bund, link)
    link.after = lambda _call, answer: answer
    world.wait(60)
    second.put_back(world)
    settle(bund, link)

    assert read(hub, forgotten)["name"] == "王"


def test_what_headquarters_wrote_into_a_record_that_a_branch_had_made_since_the_backup_comes_back(
    world: World, hub: Node, bund: Node, link: DirectLink, mine: str
) -> None:
    yesterday = Yesterday(hub)
    guest = world.id()
    write(bund, guest, "create", name="王", tea="龙井")
    settle(bund, link)
    world.wait(60)
    write(hub, guest, tea="普洱", table="1", store="bund")
    settle(bund, link)
    world.wait(60)
    yesterday.put_back(world)

    settle(bund, link)

    assert (read(hub, guest)["tea"], read(hub, guest)["table"]) == ("普洱", "1")
    assert {(row["field"], row["outcome"]) for row in conflicts(hub)} == {("tea", "incoming"), ("table", "incoming")}
