"""A page and its checkpoint are one: either both are there after a crash, or neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import checkpoints, state
from sync.branch import pull as down
from sync.branch.pull import pull
from sync.branch.restarted import FeedRestarted
from sync.branch.round import greet, sync_round
from sync.hub import server
from sync.protocol import Limits
from sync.wire.link import LinkDown
from tests.sync.nodes import GUEST, DirectLink, World, read, waiter_of, write


def position(node: Node) -> int:
    with node.database.read() as connection:
        return checkpoints.pulled(connection)


def test_a_crash_in_the_middle_of_a_page_leaves_neither_rows_nor_checkpoint(
    hub: Node, bund: Node, link: DirectLink, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = world.id()
    write(hub, guest, "create", name="李")
    greet(bund, link)

    def crash(*_: object) -> None:
        raise RuntimeError("power")

    with monkeypatch.context() as patch:
        patch.setattr(down.arrival, "arm", crash)
        with pytest.raises(RuntimeError):
            pull(bund, link)
    assert position(bund) == 0
    assert read(bund, guest) == {}

    assert pull(bund, link) == 1
    assert read(bund, guest) == read(hub, guest)


def test_each_page_is_kept_before_the_next_is_asked_for(hub: Node, bund: Node, link: DirectLink, world: World) -> None:
    for _ in range(5):
        write(hub, world.id(), "create", name="李")
    greet(bund, link)
    positions: list[int] = []
    link.before = lambda _, question: positions.append(position(bund)) or question

    pull(bund, link, Limits(rows=2))

    assert positions == [0, 2, 4]
    assert position(bund) == 5


def test_a_page_that_another_worker_of_the_node_has_put_down_already_is_passed_over(
    hub: Node, bund: Node, link: DirectLink, world: World
) -> None:
    write(hub, world.id(), "create", name="李")
    greet(bund, link)

    def quicker(_call: str, answer: object) -> object:
        link.after = lambda _, later: later
        pull(bund, link)
        return answer

    link.after = quicker
    pull(bund, link)

    assert position(bund) == 1


def test_a_page_of_another_epoch_is_not_put_down(hub: Node, bund: Node, link: DirectLink, world: World) -> None:
    guest = world.id()
    write(hub, guest, "create", name="李")
    greet(bund, link)
    link.after = lambda _, answer: replace(answer, epoch="another")

    with pytest.raises(FeedRestarted):
        pull(bund, link)

    assert read(bund, guest) == {}


def test_changes_elsewhere_in_the_chain_move_the_checkpoint_without_a_row(
    hub: Node, bund: Node, link: DirectLink, world: World
) -> None:
    greet(bund, link)
    write(hub, world.id(), "create", name="李")
    link.after = lambda _, answer: replace(answer, rows=())

    assert pull(bund, link) == 0
    assert position(bund) == 1


def a_large_deed(world: World, hub: Node, count: int) -> list[str]:
    """Headquarters enters many guests in one transaction, more than a page may hold."""
    record = hub.catalog.records[GUEST]
    edits = [Edit(record, world.id(), "hq", "create", {"name": f"客 {n}"}) for n in range(count)]
    with hub.database.write() as connection:
        commit(connection, hub, Deed(world.id(), f"{GUEST}.edit", waiter_of("hq"), world.time), edits)
    return [edit.id for edit in edits]


def test_a_transaction_that_no_page_can_hold_comes_down_in_pieces_and_is_resumed(
    world: World, hub: Node, bund: Node, link: DirectLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = a_large_deed(world, hub, 2)
    guests = a_large_deed(world, hub, 23)
    last = a_large_deed(world, hub, 1)
    monkeypatch.setattr(server, "HARD_CHANGES_MAX", 10)
    link.limits = Limits(rows=4)
    sizes: list[int] = []

    def cut(call: str, answer: Any) -> Any:
        if call == "pull":
            sizes.append(len(answer.rows))
            if len(sizes) == 4:
                raise LinkDown.of("link-cut", "the connection was cut", "连接中断")
        return answer

    link.after = cut
    with pytest.raises(LinkDown):
        sync_round(bund, link)
    assert 0 < sum(bool(read(bund, guest)) for guest in guests) < 23

    sync_round(bund, link)

    assert all(read(bund, guest) for guest in (*first, *guests, *last))
    assert max(sizes) <= 10
    assert sum(sizes) - sizes[3] == 26, "nothing came twice but the page that was cut"
    with bund.database.read() as connection:
        assert state.get(connection, down.WITHIN) is None
    assert sync_round(bund, link).pulled == 0


def test_a_row_that_moves_on_between_two_pieces_comes_at_its_new_place(
    world: World, hub: Node, bund: Node, link: DirectLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = sorted(a_large_deed(world, hub, 12))
    monkeypatch.setattr(server, "HARD_CHANGES_MAX", 5)
    link.limits = Limits(rows=4)
    moved: list[int] = []

    def meanwhile(call: str, answer: Any) -> Any:
        if call == "pull" and not moved:
            moved.append(1)
            write(hub, guests[0], tea="普洱", store="hq")
            write(hub, guests[-1], tea="普洱", store="hq")
        return answer

    link.after = meanwhile
    sync_round(bund, link)

    assert [read(bund, guest)["tea"] for guest in guests] == ["普洱", *[None] * 10, "普洱"]
