"""Headquarters answers any question any number of times, and believes nobody about anything but themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stores.changes import log
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import checkpoints, peers
from stores.storage.credentials import Credential
from sync.branch.frames import next_frame
from sync.branch.round import hello_of, sync_round
from sync.hub import server
from sync.protocol import Head, Limits, NotYours, Pull, Push, Standing
from tests.simulation.chain import host
from tests.sync.nodes import DirectLink, World, read, write

BUND = Credential("bund", "bund")
LI = "0190a0a0-0000-7000-8000-000000000001"


def piece(node: Node, after: int = 0) -> Push:
    origin = node.identity.origin
    with node.database.read() as connection:
        digest = log.hashes(connection, origin, after, after).get(after, Head().hash)
        return Push(origin, Head(after, digest), tuple(next_frame(connection, origin, after, Limits())))


def lines(node: Node) -> int:
    with node.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM log").scalar_one())


def test_the_same_piece_twice_is_stored_once_and_answered_alike(hub: Node, bund: Node) -> None:
    write(bund, LI, "create", visits=1)
    write(bund, LI, visits=3)
    question = piece(bund)

    first, second = server.push(hub, BUND, question), server.push(hub, BUND, question)

    assert first.head == second.head == question.head
    assert second.standing is Standing.OK
    assert lines(hub) == 2
    assert read(hub, LI)["visits"] == 3


def test_a_piece_that_overlaps_what_is_held_adds_only_the_rest(hub: Node, bund: Node) -> None:
    write(bund, LI, "create", visits=1)
    server.push(hub, BUND, piece(bund))
    write(bund, LI, visits=3)

    answer = server.push(hub, BUND, piece(bund))

    assert answer.head.seq == 2
    assert read(hub, LI)["visits"] == 3


def test_a_late_repetition_of_an_old_piece_takes_nothing_back(hub: Node, bund: Node) -> None:
    write(bund, LI, "create", name="李")
    old = piece(bund)
    write(bund, LI, name="王")
    server.push(hub, BUND, piece(bund))

    assert server.push(hub, BUND, old).head.seq == 2
    assert read(hub, LI)["name"] == "王"


def test_a_hole_is_answered_with_where_to_go_on(hub: Node, bund: Node) -> None:
    write(bund, LI, "create", name="李")
    write(bund, LI, name="王")

    answer = server.push(hub, BUND, piece(bund, after=1))

    assert (answer.standing, answer.head) == (Standing.GAP, Head())
    assert lines(hub) == 0


def test_two_histories_under_one_name_are_told_apart_whichever_way_they_are_offered(
    hub: Node, bund: Node, world: World
) -> None:
    copy = world.node("bund")
    write(bund, LI, "create", name="李")
    write(copy, world.id(), "create", name="王")
    server.push(hub, BUND, piece(bund))
    write(copy, world.id(), "create", name="赵")

    whole, rest = piece(copy), piece(copy, after=1)

    assert server.push(hub, BUND, whole).standing is Standing.FORKED
    assert server.push(hub, BUND, rest).standing is Standing.FORKED
    assert server.push(hub, BUND, replace(whole, entries=whole.entries[:1])).standing is Standing.FORKED
    assert server.push(hub, BUND, Push("bund.1", Head(1, "f" * 32), ())).standing is Standing.FORKED
    assert (
        server.hello(hub, BUND, hello_of(copy)).standing is Standing.OK
    )  # it is ahead: the copy itself has to compare
    assert lines(hub) == 1


def test_hello_tells_an_old_copy_from_a_fork(hub: Node, bund: Node) -> None:
    write(bund, LI, "create", name="李")
    write(bund, LI, name="王")
    server.push(hub, BUND, piece(bund))
    now = hello_of(bund)
    with bund.database.read() as connection:
        first = Head(1, log.hashes(connection, "bund.1", 1, 1)[1])

    for head, standing in (
        (now.head, Standing.OK),
        (first, Standing.BEHIND),
        (Head(), Standing.BEHIND),
        (Head(1, "f" * 32), Standing.FORKED),
        (Head(2, "f" * 32), Standing.FORKED),
    ):
        assert server.hello(hub, BUND, replace(now, head=head)).standing is standing


@pytest.mark.parametrize("origin", ["jingan.1", "bund", "bund.x", "bund.", ".1", "bund.1.1", "bund.１"])
def test_a_node_may_not_speak_for_another(hub: Node, bund: Node, origin: str) -> None:
    with pytest.raises(NotYours):
        server.push(hub, BUND, Push(origin, Head(), ()))
    with pytest.raises(NotYours):
        server.pull(hub, BUND, Pull(origin, 0, ""))


def test_a_node_may_not_say_it_stands_in_another_store(hub: Node, bund: Node) -> None:
    with pytest.raises(NotYours):
        server.hello(hub, BUND, replace(hello_of(bund), store="jingan"))
    with pytest.raises(NotYours):
        server.hello(hub, BUND, replace(hello_of(bund), protocol=99))


def test_another_stores_orders_are_not_sent_whoever_asks(hub: Node, bund: Node, link: DirectLink, world: World) -> None:
    order = host().catalog.records["tea_house.order"]
    with hub.database.write() as connection:
        for store in ("jingan", "bund"):
            deed = Deed(world.id(), "", "waiter-1", hub.now())
            commit(connection, hub, deed, [Edit(order, world.id(), store, "create", {"tea": "龙井"})])

    sync_round(bund, link)

    with bund.database.read() as connection:
        stores = connection.exec_driver_sql("SELECT _store FROM tea_house_order").scalars().all()
    assert stores == ["bund"]


def test_a_change_to_a_record_the_sender_does_not_hold_is_put_aside_and_its_neighbours_go_on(
    hub: Node, bund: Node, world: World
) -> None:
    order = host().catalog.records["tea_house.order"]
    theirs = world.id()
    for node, kind in ((hub, "create"), (bund, "create")):
        with node.database.write() as connection:
            commit(
                connection,
                node,
                Deed(world.id(), "", "w", node.now()),
                [Edit(order, theirs, "jingan", kind, {"tea": "x"})],
            )  # type: ignore[arg-type]
    write(bund, LI, "create", name="李")

    answer = server.push(hub, BUND, piece(bund))

    assert answer.head.seq == 2
    assert answer.quarantined == 1
    assert read(hub, LI)["name"] == "李"


def test_an_empty_question_is_answered_and_changes_nothing(hub: Node, bund: Node) -> None:
    answer = server.push(hub, BUND, Push("bund.1", Head(), ()))

    assert answer.head == Head()
    assert lines(hub) == 0


def test_a_position_headquarters_has_not_reached_means_start_again(hub: Node, bund: Node, link: DirectLink) -> None:
    sync_round(bund, link)
    epoch = hello_of(bund).epoch

    assert server.pull(hub, BUND, Pull("bund.1", 999, epoch)).restart
    assert server.pull(hub, BUND, Pull("bund.1", 0, "another")).restart
    assert not server.pull(hub, BUND, Pull("bund.1", 0, epoch)).restart
    assert server.hello(hub, BUND, replace(hello_of(bund), checkpoint=999)).checkpoint == 0


def test_a_page_of_long_notes_is_cut_to_what_a_branch_can_unpack(
    hub: Node, bund: Node, link: DirectLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HARD_BYTES_MAX", 200_000)
    guests = [world.id() for _ in range(12)]
    for guest in guests:
        write(hub, guest, "create", note="茶" * 10_000)

    done = sync_round(bund, link)

    assert done.pulled == 12
    assert link.calls.count("pull") > 2
    assert read(bund, guests[-1]) == read(hub, guests[-1])


def test_rules_that_fail_on_arrival_keep_nothing_from_being_stored(
    hub: Node, bund: Node, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret words of a customer")

    monkeypatch.setattr(server.arrival.timers, "rearm", broken)
    monkeypatch.setattr(server.arrival.settling, "settle", broken)
    write(bund, LI, "create", name="李")

    answer = server.push(hub, BUND, piece(bund))

    assert answer.head.seq == 1
    assert read(hub, LI)["name"] == "李"
    assert "secret words" not in caplog.text


def test_an_acknowledgement_means_the_head_moved_with_the_lines(hub: Node, bund: Node) -> None:
    write(bund, LI, "create", name="李")
    answer = server.push(hub, BUND, piece(bund))

    with hub.database.read() as connection:
        assert checkpoints.head(connection, "bund.1") == (answer.head.seq, answer.head.hash)
        assert log.verify(connection, "bund.1") is None


def test_headquarters_remembers_when_it_heard_a_node_and_what_the_node_said(
    hub: Node, bund: Node, link: DirectLink, world: World
) -> None:
    write(bund, LI, "create", visits=1)
    world.wait(30)

    server.hello(hub, BUND, hello_of(bund))

    with hub.database.read() as connection:
        heard = peers.peer(connection, "bund")
    assert heard is not None
    assert (heard.store, heard.head, heard.position, heard.heard_at) == ("bund", 1, 0, world.time)
    assert heard.report["waiting"] == 1
    assert heard.report["oldest"] == "2026-03-14T12:00:00.000Z"
    assert heard.report["plugins"]["tea_house"] == "1.0.0"
