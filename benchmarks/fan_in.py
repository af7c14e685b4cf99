"""Twenty branches that come to headquarters at once: as whole nodes, and with frames that are ready to be sent.

Twenty whole branches need more processors than headquarters has: with them the chain is measured. When their frames
lie ready, headquarters alone is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from threading import Barrier as Start

from benchmarks import floor, joined, served, workbench
from stores.node import Node
from sync import keys
from sync.branch.frames import next_frame
from sync.protocol import Head, Limits, Push, PushAnswer
from sync.wire import codec
from sync.wire.link import AskedToWait, HttpLink

BRANCHES = 20


def run(count: int) -> list[tuple[str, str]]:
    """Let twenty branches send ``count`` records between them, all at the same moment, in both ways."""
    return [*_measured(count, ready=True), *_measured(count, ready=False)]


def _measured(count: int, *, ready: bool) -> list[tuple[str, str]]:
    with workbench.folder() as path, workbench.plain_table(path / "plain.db") as plain:
        rows = workbench.plain_rows(count)
        branches = [workbench.open_node(path, f"s{n:03}", joined.NOWHERE) for n in range(1, BRANCHES + 1)]
        for branch in branches:
            joined.fill(branch, 0, count // BRANCHES)
        with joined.serving(path, branches) as url:
            senders = [_Ready(branch) for branch in branches] if ready else []
            for branch in branches:
                branch.database.close()
            plain_s = workbench.seconds(lambda: workbench.insert(plain, rows))
            plain_cpu = workbench.processor_seconds(
                lambda: workbench.insert(plain, [(f"x{r[0]}", *r[1:]) for r in rows])
            )
            empty = floor.before(path / "hq.db")
            before = served.processor_seconds(url)
            whole, spent = _send_ready(senders) if ready else _all_at_once(path, [b.store for b in branches])
            busy = served.processor_seconds(url) - before
        least = floor.row_by_row(path / "hq.db", empty, count // BRANCHES)
    told = _told(count, whole, spent, plain_s, busy, "frames ready to be sent" if ready else "whole nodes")
    return [*told, *(least.told("hash, log and records", plain_s, plain_cpu) if ready else [])]


def _told(
    count: int, whole: float, spent: Sequence[float], plain_s: float, busy: float, how: str
) -> list[tuple[str, str]]:
    return [
        (
            f"records per second, {BRANCHES} branches, {count // BRANCHES:,} each, at once: {how}",
            f"{count / whole:,.0f}",
        ),
        ("plain executemany of the same rows per second", f"{count / plain_s:,.0f}"),
        ("ratio", f"{plain_s / whole:.1%}"),
        ("microseconds of headquarters' processor a record", f"{busy / count * 1e6:.0f}"),
        ("the slowest branch against the median", f"{max(spent) / median(spent):.1f} x"),
    ]


class _Ready:
    """A branch that has packed its whole log before the start: it only hands frames over and reads answers."""

    def __init__(self, node: Node) -> None:
        origin, held = node.identity.origin, Head()
        self.frames: list[bytes] = []
        with node.database.read() as connection:
            upstream = keys.upstream(connection)
            while lines := next_frame(connection, origin, held.seq, Limits()):
                question = Push(origin, held, lines)
                self.frames.append(codec.encode(question))
                held = question.head
        assert upstream is not None
        self._head, self._link = held, HttpLink(upstream.url, upstream.token)

    def send(self, start: Start) -> float:
        """Send everything; return how many seconds that took."""
        start.wait()
        began = time.perf_counter()
        answer: PushAnswer | None = None
        for frame in self.frames:
            answer = self._handed_over(frame)
        assert answer is not None
        assert answer.head == self._head, "not everything was taken over"
        self._link.close()
        return time.perf_counter() - began

    def _handed_over(self, frame: bytes) -> PushAnswer:
        while True:
            try:
                return self._link.hand_over("push", frame, PushAnswer)
            except AskedToWait as busy:
                time.sleep(busy.retry_after_s)


def _send_ready(senders: Sequence[_Ready]) -> tuple[float, list[float]]:
    start = Start(len(senders) + 1)
    with ThreadPoolExecutor(len(senders)) as pool:
        sent = [pool.submit(sender.send, start) for sender in senders]
        start.wait()
        spent: list[float] = []
        whole = workbench.seconds(lambda: spent.extend(each.result() for each in sent))
    return whole, spent


def _all_at_once(path: Path, stores: list[str]) -> tuple[float, list[float]]:
    """Return how long it took until all had sent everything, and how long each of them took."""
    context = get_context("fork")
    ready, told = context.Barrier(len(stores) + 1), context.Queue()
    senders = [context.Process(target=_send, args=(path, store, ready, told)) for store in stores]
    for sender in senders:
        sender.start()
    ready.wait()
    spent: list[float] = []
    whole = workbench.seconds(lambda: spent.extend(told.get() for _ in senders))
    for sender in senders:
        sender.join()
    return whole, spent


def _send(path: Path, store: str, ready: Barrier, told: Queue[float]) -> None:
    branch = workbench.open_node(path, store, joined.NOWHERE)
    ready.wait()
    told.put(joined.send(branch).seconds)
    branch.database.close()
