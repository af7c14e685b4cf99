"""The line fails in every way a line can: whatever it does, both ends agree as soon as it lets them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from stores.changes import log
from stores.node import Node
from stores.storage.credentials import Credential
from sync.branch.round import sync_round
from sync.hub import server
from sync.protocol import Head, Push
from sync.wire.link import LinkDown
from tests.simulation.chain import Chain
from tests.simulation.disk import number_of
from tests.sync.nodes import DirectLink, World, read, write

AT_ONCE = 4
DAY = timedelta(days=1)


def a_frame(node: Node, after: Head, lines: int = 100) -> Push:
    with node.database.read() as connection:
        entries = log.entries_after(connection, node.identity.origin, after.seq, lines)
    return Push(node.identity.origin, after, tuple(entries))


def test_one_frame_on_several_connections_at_once_is_merged_once(
    hub: Node, bund: Node, link: DirectLink, world: World
) -> None:
    guest = world.id()
    write(bund, guest, "create", name="李", visits=1)
    write(bund, guest, visits=3)
    frame, together = a_frame(bund, Head()), Barrier(AT_ONCE)

    def send(_: int) -> Head:
        together.wait()
        return server.push(hub, Credential("bund", "bund"), frame).head

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, range(AT_ONCE)))

    assert answers == [frame.head] * AT_ONCE
    assert read(hub, guest)["visits"] == 3
    assert sync_round(bund, link).pushed == 0


def test_frames_that_overlap_and_come_at_once_make_one_gapless_log(hub: Node, bund: Node, world: World) -> None:
    guest = world.id()
    write(bund, guest, "create", visits=1)
    for visits in range(2, 9):
        write(bund, guest, visits=visits)
    whole = a_frame(bund, Head())
    pieces = [Push(whole.origin, Head(), whole.entries[:end]) for end in (3, 5, 8)]
    pieces.append(Push(whole.origin, Head(2, whole.entries[1].hash), whole.entries[2:6]))  # may come before its place
    together = Barrier(len(pieces))

    def send(piece: Push) -> None:
        together.wait()
        server.push(hub, Credential("bund", "bund"), piece)

    with ThreadPoolExecutor(len(pieces)) as pool:
        list(pool.map(send, pieces))

    with hub.database.read() as connection:
        assert [entry.seq for entry in log.entries_after(connection, "bund.1", 0, 100)] == list(range(1, 9))
        assert log.verify(connection, "bund.1") is None
    assert read(hub, guest)["visits"] == 8


@pytest.mark.parametrize("silent", ["hello", "push", "pull"])
def test_a_line_that_carries_one_way_only_doubles_nothing_however_long_it_lasts(
    hub: Node, bund: Node, link: DirectLink, world: World, silent: str
) -> None:
    guest = world.id()
    write(bund, guest, "create", name="李", visits=1)

    def swallow(call: str, answer: Any) -> Any:
        if call == silent:
            raise LinkDown.of("lost", "the answer was lost", "应答丢失")
        return answer

    link.after = swallow
    for visits in range(2, 7):
        write(bund, guest, visits=visits)
        with pytest.raises(LinkDown):
            sync_round(bund, link)

    link.after = lambda _call, answer: answer
    sync_round(bund, link)

    assert read(hub, guest)["visits"] == read(bund, guest)["visits"] == 6
    assert sync_round(bund, link).pushed == 0


def test_a_day_of_two_seconds_latency_and_a_fifth_of_all_frames_lost(tmp_path: Path) -> None:
    chain = Chain(8, tmp_path, branches=2, danger=0.2, power=0, latency_s=2)
    behind: list[int] = []
    until = chain.time + DAY

    while chain.time < until:
        for name in chain.branches:
            chain.write_at(name)
            for _ in range(2):
                chain.sync(name)
            behind.append(unsent(chain, name))
        chain.time += timedelta(minutes=90)

    assert max(behind) > 0, "the line has never failed"
    assert max(behind) < 60, "the queue does nothing but grow"
    chain.calm()
    assert [unsent(chain, name) for name in chain.branches] == [0, 0]
    chain.check()
    chain.close()


def unsent(chain: Chain, name: str) -> int:
    written: Callable[[str], int] = lambda stream: number_of(  # noqa: E731
        chain.disks[name], f"SELECT position FROM checkpoint WHERE peer = '{name}.1' AND stream = '{stream}'"
    )
    return written("head") - written("up")
