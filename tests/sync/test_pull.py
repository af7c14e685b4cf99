"""A page and its checkpoint are one: either both are there after a crash, or neither."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stores.node import Node
from stores.storage import checkpoints
from sync import pull as down
from sync.protocol import Limits
from sync.pull import FeedRestarted, pull
from sync.round import greet
from tests.sync.nodes import DirectLink, World, read, write


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
