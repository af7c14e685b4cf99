"""Many branches at one headquarters: one merge after the other, nobody skipped, nobody held up by his neighbour."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import uvicorn
from fastapi import FastAPI

from app.web.sync import add_sync
from stores.node import Node
from stores.storage import bulk, counters, credentials
from stores.storage.credentials import Credential
from sync import keys
from sync.branch.round import sync_round
from sync.hub import server
from sync.protocol import Head, Pull, Push
from sync.wire.link import PREFIX, HttpLink
from tests.simulation.fanin import FanIn
from tests.sync.nodes import World, read, write

WRITERS, LINES = 8, 24


def test_with_eight_writers_at_once_a_reader_of_the_feed_skips_nothing(
    fresh_url: Callable[[], str],
) -> None:
    fan_in = FanIn(fresh_url(), WRITERS, LINES)
    hub, done = fan_in.hub, threading.Event()
    with hub.database.read() as connection:
        epoch = keys.hub(connection).epoch

    def send(nth: int) -> None:
        branch = fan_in.branches[nth]
        for frame in branch.frames:
            for piece in range(0, len(frame.entries), 4):
                entries = frame.entries[piece : piece + 4]
                before = frame.entries[piece - 1] if piece else None
                after = Head(before.seq, before.hash) if before else frame.after
                server.push(hub, Credential(branch.name, branch.name), Push(frame.origin, after, entries))

    def follow() -> list[int]:
        seen: list[int] = []
        after = 0
        while True:
            last = done.is_set()
            page = server.pull(hub, Credential("reader", "reader"), Pull("reader.1", after, epoch, rows=7))
            seen += [row.hs for row in page.rows if row.type == "tea_house.guest"]
            after = page.upto
            if last and not page.more:
                return seen

    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reader = pool.submit(follow)
        list(pool.map(send, range(WRITERS)))
        done.set()
        seen = reader.result()

    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == WRITERS * LINES
    with hub.database.read() as connection:
        assert counters.hub_sequence(connection) == WRITERS * LINES
    fan_in.check()
    fan_in.close()


def test_a_chain_that_is_back_after_a_week_drains_in_bounded_time_and_nobody_waits_for_the_slow() -> None:
    fan_in = FanIn("sqlite:///:memory:", 60, 100, slow=3, places=16)

    told = fan_in.drain()

    fan_in.check()
    merges_s = 60 * 2 * 0.05
    assert told.refused > 0, "all called at once and nobody was told to come back"
    assert told.took_s < 6 * merges_s, "those whose line carries are through long before the slow"
    assert told.calls < 60 * 2 * 4, "who is told to come back does not hammer"
    assert told.slowest_to_median < 4
    fan_in.close()


@pytest.fixture
def served(hub: Node, world: World) -> Iterator[str]:
    """The address at which ``hub`` answers; the tokens of the branches are their names."""
    with hub.database.write() as connection:
        for name in ("bund", "jingan"):
            credentials.add_credential(connection, keys.hashed(name * 10), name, name, world.time)
    app = FastAPI()
    add_sync(app, hub)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
        running = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
        running.should_exit = True
        thread.join()


@pytest.mark.parametrize("ill", ["slow", "hostile"])
def test_a_branch_that_is_slow_or_hostile_holds_up_nobody_else(
    served: str, hub: Node, bund: Node, world: World, ill: str
) -> None:
    port = int(served.rpartition(":")[2])
    head = (
        f"POST {PREFIX}/push HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {'jingan' * 10}\r\n"
        "Content-Type: application/x-branchline\r\nContent-Length: 4000000\r\n\r\n"
    ).encode()
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
    for line in lines:
        line.sendall(head + (b"BL1\n" if ill == "slow" else b"\xff" * 4_000_000))
    guest = world.id()
    write(bund, guest, "create", name="李")

    with HttpLink(served, "bund" * 10) as link:
        done = sync_round(bund, link)

    assert done.pushed == 1
    assert read(hub, guest)["name"] == "李"
    for line in lines:
        with closing(line):
            if ill == "hostile":
                line.settimeout(10)
                assert line.recv(64).split()[1] in (b"400", b"429")
    with hub.database.read() as connection:
        assert bulk.run(connection, "SELECT count(*) FROM log WHERE origin = 'jingan.1'") == [(0,)]
