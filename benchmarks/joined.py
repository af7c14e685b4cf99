"""A headquarters process and branches that are enrolled with it: what the measurements of sync share."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.bootstrap import Surroundings
from benchmarks import served, workbench
from stores.changes import log
from stores.changes.commit import Deed, Edit
from stores.changes.making import make_all_on
from stores.node import Node
from stores.storage import bulk, counters
from sync import keys
from sync.branch.pull import pull
from sync.branch.push import ON_THE_WAY_MAX, push
from sync.branch.round import greet
from sync.enrolment import enrol, invite
from sync.wire.link import AskedToWait, HttpLink

BATCH = 5_000
STORE = "s001"
NOWHERE = "http://127.0.0.1:1"
RECORD = "parcels.parcel"


class Counting(httpx.BaseTransport):
    """Sends as usual and counts the bytes of the bodies that go up."""

    def __init__(self) -> None:
        self.sent = 0
        self._transport = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        self.sent += len(request.read())
        return self._transport.handle_request(request)

    def close(self) -> None:
        """Hang up."""
        self._transport.close()


@dataclass
class Sent:
    """What a push took: seconds, bytes on the wire, and seconds of processor time at the branch and at headquarters."""

    seconds: float
    bytes: int
    branch: float
    hub: float

    def told(self, count: int, plain: float) -> tuple[str, str]:
        """Return the processor time a change; ``plain`` is what the plain table took for all of them."""
        each = [f"{seconds / count * 1e6:.0f}" for seconds in (self.branch, self.hub, plain)]
        return ("microseconds of processor a change: branch, headquarters, plain table", " / ".join(each))


@contextmanager
def serving(path: Path, branches: Sequence[Node] = (), database: str | None = None) -> Iterator[str]:
    """Start headquarters in a process of its own, enrol the branches that are new to it, and yield its address."""
    dice = Surroundings().dice
    hub = workbench.open_node(path, "hq", None, database)
    codes = {node.store: invite(hub, node.store, dice=dice).code for node in branches}
    hub.database.close()
    with served.serving(served.write_settings(path, "hq", database=database)) as url:
        for node in branches:
            enrol(node, url, codes[node.store], dice=dice)
        yield url


@contextmanager
def serving_again(path: Path, url: str, database: str | None = None) -> Iterator[str]:
    """Start headquarters again where its branches know it."""
    port = int(url.rpartition(":")[2])
    with served.serving(served.write_settings(path, "hq", database=database), port) as same:
        yield same


def fill(node: Node, first: int, count: int) -> None:
    """Write ``count`` parcels of the node's store, a transaction each."""
    record = node.catalog.records[RECORD]
    for begin in range(first, first + count, BATCH):
        edits = []
        for n in range(begin, min(begin + BATCH, first + count)):
            cells = workbench.parcel(n) | {"price": (n % 300) * 100 + 50, "state": "waiting"}
            edits.append(Edit(record, node.new_id(), STORE if node.is_hub else node.store, "create", cells))
        write(node, edits, "receive")


def write(node: Node, edits: Sequence[Edit], action: str) -> None:
    """Write edits as the actions of a clerk would, each a deed of its own, in one transaction of the database."""
    now = node.now()
    with node.database.write() as connection:
        standing = counters.load(connection, node)
        deeds = [(Deed(node.new_id(), f"{RECORD}.{action}", "clerk", now), [edit]) for edit in edits]
        make_all_on(connection, node, standing, deeds)
        counters.save(connection, standing)


def ids(node: Node) -> list[str]:
    """Return the ids of all parcels."""
    with node.database.read() as connection:
        return [id_ for (id_,) in bulk.run(connection, "SELECT id FROM parcels_parcel ORDER BY id")]


def update(node: Node, known: Sequence[str], word: str, grams: int = 0) -> None:
    """Change one field, or two, of each of the records; with other words and grams, to other values."""
    record = node.catalog.records[RECORD]
    for begin in range(0, len(known), BATCH):
        some = known[begin : begin + BATCH]
        cells = [{"note": f"{word} {n}"} | ({"weight": grams + n} if n % 2 else {}) for n in range(len(some))]
        edits = [Edit(record, id_, "", "update", each) for id_, each in zip(some, cells, strict=True)]
        write(node, edits, "correct")


def link_of(node: Node, transport: httpx.BaseTransport | None = None) -> HttpLink:
    """Return a link of the node to its headquarters."""
    with node.database.read() as connection:
        upstream = keys.upstream(connection)
    assert upstream is not None
    return HttpLink(upstream.url, upstream.token, transport=transport)


def send(node: Node, url: str | None = None) -> Sent:
    """Send what headquarters does not have, as a round does; asked to wait, wait."""
    wire = Counting()
    with link_of(node, wire) as link, ThreadPoolExecutor(ON_THE_WAY_MAX) as helper:
        start, own, theirs = time.perf_counter(), time.process_time(), _hub_seconds(url)
        while True:
            try:
                answer, _ = greet(node, link)
                push(node, link, answer.head, answer.limits, helper)
                break
            except AskedToWait as busy:
                time.sleep(busy.retry_after_s)
        spent, busy = time.perf_counter() - start, time.process_time() - own
    with node.database.read() as connection:
        left, _ = log.unsent(connection)
    assert left == 0, f"{left} changes were not taken over"
    return Sent(spent, wire.sent, busy, _hub_seconds(url) - theirs)


def _hub_seconds(url: str | None) -> float:
    return served.processor_seconds(url) if url else 0.0


def fetch(node: Node) -> None:
    """Take over what headquarters has."""
    with link_of(node) as link:
        greet(node, link)
        pull(node, link)
