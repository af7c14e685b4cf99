"""A whole chain back after a week: every branch has its log to send, and all call as soon as the line is up.

Headquarters' real code takes the frames, its real gate turns calls away and the branches' real worker says when to come
back; only time is simulated. ``python -m tests.simulation.fanin [--nodes 1000] [--lines 100]``.
"""

from __future__ import annotations

import heapq
import logging
import resource
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from core.model.change import GENESIS, Entry, sealed
from core.model.clock import iso
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.credentials import Credential
from sync.branch.worker import Worker
from sync.hub import server
from sync.hub.gate import MERGES_MAX, Gate, HubBusy
from sync.protocol import Head, Push
from sync.wire import codec
from sync.wire.link import AskedToWait, Link
from tests.sync.nodes import GUEST, World

FRAME_LINES = 50
MERGE_S, CARRY_S = 0.05, 0.4  # seconds: a frame in the merge, which is one after the other, and on a slow line
SLOW_S = 60.0  # a branch on a line that hardly carries anything
WHO = "0190a0a0-0000-7000-8000-0000000000cc"


@dataclass
class Branch:
    """One branch that has been away: what it has to send, and its worker's patience."""

    name: str
    worker: Worker
    frames: Iterator[Push]
    carry_s: float = CARRY_S
    frame: Push | None = None
    refused: int = 0
    done_at: float = 0.0


@dataclass
class Drained:
    """How the drain went. Times are simulated seconds, of the branches whose line carries; ``grown`` is memory in bytes
    from a quarter of the way on."""

    calls: int = 0
    refused: int = 0
    took_s: float = 0.0
    done: list[float] = field(default_factory=list)
    grown: int = 0

    @property
    def slowest_to_median(self) -> float:
        return self.done[-1] / self.done[len(self.done) // 2]


class FanIn:
    """``drain`` lets all branches send everything to one headquarters through its gate."""

    def __init__(
        self, hub_url: str, nodes: int, lines: int, *, slow: int = 0, seed: int = 1, places: int = MERGES_MAX
    ) -> None:
        self.world = World()
        self.hub: Node = self.world.hub(hub_url)
        self.dice = Random(seed)
        self.gate = Gate(places)
        self.lines = lines
        self.branches = [self._branch(f"s{nth:04}", SLOW_S if nth < slow else CARRY_S) for nth in range(nodes)]

    def drain(self) -> Drained:
        """Serve every call in the order of time; whoever finds the gate full comes back when the worker says."""
        told, free_at, under_way = Drained(), 0.0, list[tuple[float, int, ExitStack]]()
        calls = [(self.dice.uniform(0, 2), nth) for nth in range(len(self.branches))]  # all at eight o'clock
        heapq.heapify(calls)
        quarter = len(self.branches) * self.lines // (4 * FRAME_LINES)
        before = 0
        while calls:
            now, nth = heapq.heappop(calls)
            while under_way and under_way[0][0] <= now:
                heapq.heappop(under_way)[2].close()
            branch = self.branches[nth]
            branch.frame = branch.frame or next(branch.frames, None)
            if branch.frame is None:
                branch.done_at = now
                continue
            told.calls += 1
            inside = ExitStack()
            try:
                inside.enter_context(self.gate.entered(branch.name))
            except HubBusy as busy:
                told.refused += 1
                heapq.heappush(calls, (now + self._pause(branch, busy), nth))
                continue
            answer = server.push(self.hub, Credential(branch.name, branch.name), branch.frame)
            assert answer.head == branch.frame.head
            free_at = max(free_at, now) + MERGE_S  # a body that is still on its way waits outside the gate
            heapq.heappush(under_way, (free_at, nth, inside))
            branch.frame, branch.worker._failures, branch.worker._asked_s = None, 0, 0
            heapq.heappush(calls, (free_at + branch.carry_s, nth))
            if told.calls - told.refused == quarter:
                before = _memory()
        told.grown = _memory() - before
        told.done = sorted(branch.done_at for branch in self.branches if branch.carry_s < SLOW_S)
        told.took_s = told.done[-1]
        return told

    def check(self) -> None:
        """Every log is at headquarters, whole."""
        with self.hub.database.read() as connection:
            heads = checkpoints.heads(connection)
        assert {f"{branch.name}.1": self.lines for branch in self.branches} == {
            origin: seq for origin, (seq, _) in heads.items() if origin.startswith("s")
        }

    def close(self) -> None:
        self.hub.database.close()

    def _branch(self, name: str, carry_s: float) -> Branch:
        worker = Worker(self.hub, _nobody, dice=self.dice.randbytes)
        return Branch(name, worker, self._frames(name), carry_s)

    def _frames(self, store: str) -> Iterator[Push]:
        """Yield the log of a branch frame by frame, as it goes over the wire."""
        head, at = Head(), iso(self.world.time)
        for first in range(0, self.lines, FRAME_LINES):
            entries: list[Entry] = []
            for seq in range(first + 1, min(first + FRAME_LINES, self.lines) + 1):
                line = Entry(
                    f"{store}.1", seq, self.world.id(), 1, 1, f"{GUEST}.add", seq << 16, at, at, 0, "b0", WHO, store,
                    GUEST, self.world.id(), "create", 0, {"name": (None, f"{store}-{seq}"), "visits": (None, 1)},
                )  # fmt: skip
                entries.append(sealed(entries[-1].hash if entries else head.hash or GENESIS, line))
            frame = Push(f"{store}.1", head, tuple(entries))
            head = frame.head
            yield codec.decode(codec.encode(frame), Push)

    @staticmethod
    def _pause(branch: Branch, busy: HubBusy) -> float:
        asked = AskedToWait(busy.problems)
        asked.retry_after_s = busy.retry_after_s
        branch.refused += 1
        branch.worker._failed(busy.problems[0], asked)
        return branch.worker.pause_s()


def _nobody() -> Link:
    raise AssertionError("the calls of a fan-in are made by hand")


def _memory() -> int:
    """Return the most memory this process has ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.simulation.fanin")
    parser.add_argument("--nodes", type=int, default=1_000)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--slow", type=int, default=20, help="how many of them are on a line that hardly carries")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory() as folder:
        fan_in = FanIn(f"sqlite:///{Path(folder)}/hq.db", asked.nodes, asked.lines, slow=asked.slow)
        told = fan_in.drain()
        fan_in.check()
        fan_in.close()
    least = asked.nodes * asked.lines / FRAME_LINES * MERGE_S
    print(
        f"{asked.nodes} nodes, {asked.nodes * asked.lines} lines: {told.calls} calls, {told.refused} told to come back; "
        f"{told.took_s / least:.2f} of the time that the merges alone take, memory grew by {told.grown >> 20} MiB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
