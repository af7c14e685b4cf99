"""What is sent up: the log in frames, each read, cut and packed when it is asked for or one before."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from core.model.change import Entry
from core.model.errors import NodeError, Problem, Text
from core.model.lines import Lines
from core.model.values import read_json
from stores.changes import log, proofs
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import Connection
from sync.branch.disputes import check_shared, damaged
from sync.protocol import HARD_BYTES_MAX, HARD_CHANGES_MAX, Head, Limits, Push, PushAnswer
from sync.wire.link import Link

LARGE_FROM = 500  # lines
FIRST = 1_000  # lines: headquarters has nothing to do until the first frame is there
FIELD_BYTES = 16  # what two values cost at least, here and in memory at headquarters
ENTRY_BYTES = 120  # what an entry costs beside its values


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of the log, packed, and what sends it. Behind one that is not large there is hardly another."""

    question: Push
    go: Callable[[], PushAnswer]
    is_large: bool


class Frames:
    """The frames of a log behind a place, in its order, each read once: when it is asked for, or one before."""

    def __init__(self, node: Node, link: Link, origin: str, after: Head, limits: Limits) -> None:
        self._node, self._link, self._origin, self._limits = node, link, origin, limits
        self._next: Frame | NodeError | None = None
        self._page = 0
        self.go_back(after)

    def taken(self, *, tell: bool) -> Frame | None:
        """Return the next frame, None behind the last one.

        A fault of the log is raised when one may ``tell`` it: when all that comes before has been acknowledged.
        """
        self.look_ahead()
        frame = self._next
        if isinstance(frame, NodeError):
            if tell:
                raise frame
            return None
        if frame is None:
            return None
        count, most = len(frame.question.entries), self._limits.changes
        whole = count >= self._page * 9 // 10
        self._page = most if whole else min(most, count * 5 // 4 + 1)  # large ones end by their bytes: read no more
        self._looked, self._next, self._after = False, None, frame.question.head
        return frame

    def look_ahead(self) -> None:
        """Read and pack the next frame, unless that has been done."""
        if not self._looked:
            self._looked = True
            try:
                self._next = self._read()
            except NodeError as fault:
                self._next = fault

    def go_back(self, after: Head) -> None:
        """Begin again behind ``after``: headquarters stands elsewhere."""
        self._after, self._page = after, min(FIRST, self._limits.changes)
        self._looked, self._next = False, None

    def _read(self) -> Frame | None:
        limits = replace(self._limits, changes=self._page)
        question = _question(self._node, self._origin, self._after, limits)
        if not question.entries:
            return None
        is_large = len(question.entries) >= min(LARGE_FROM, self._limits.changes // 2)
        return Frame(question, self._link.prepare(question), is_large)


def _question(node: Node, origin: str, held: Head, limits: Limits) -> Push:
    """Return what follows ``held``, and in which order of the hub it is to be understood, read in one snapshot."""
    with node.database.read() as connection:
        frame = _read(connection, origin, held, limits)
        place, epoch = checkpoints.pulled(connection), checkpoints.epoch(connection)
        seal = checkpoints.seal(connection, place)
        return Push(origin, held, frame, epoch, place, seal, proofs.unproven(connection, frame))


def _read(connection: Connection, origin: str, held: Head, limits: Limits) -> Lines:
    """Return what follows ``held``, gathered as it is sent."""
    check_shared(connection, origin, held)
    try:
        frame = next_frame(connection, origin, held.seq, limits)
        frame.blocks()
        for facts in set(frame.columns["facts"]) - {None}:
            read_json(facts)
    except (ValueError, TypeError, AttributeError) as error:
        raise damaged(held.seq) from error
    if frame and frame.first != held.seq + 1:
        raise damaged(held.seq)
    return frame


def next_frame(connection: Connection, origin: str, after: int, limits: Limits) -> Lines:
    """Return the entries of the next frame: whole transactions up to ``limits``, but at least one transaction.

    A transaction beyond the hard limits, which no node would unpack, is sent in pieces. Raises NodeError for a
    single change that large: it can never be sent, and somebody has to know.
    """
    page = log.entries_after(connection, origin, after, limits.changes)
    weights = list(accumulate(_weights(page)))
    frame = page[: _cut(page.columns["tx"], min(bisect_right(weights, limits.bytes), limits.changes))]
    room = min(bisect_right(weights, HARD_BYTES_MAX // 2), HARD_CHANGES_MAX)  # half: the estimate is rough
    if frame and not room:
        raise _too_large(frame[0])
    return frame[:room]


def _weights(lines: Lines) -> list[int]:
    """Return about how many bytes each line takes in a frame before compression; never fewer than it costs to hold."""
    told = zip(lines.columns["body"], lines.columns["facts"], strict=True)
    return [
        ENTRY_BYTES + FIELD_BYTES * body.count('":[') + len(body.encode()) + (len(facts.encode()) if facts else 0)
        for body, facts in told
    ]


def _cut(transactions: Sequence[str], fitting: int) -> int:
    """Return how many lines to take so that a frame ends with a transaction: those that fit, or else the first one."""
    if fitting >= len(transactions):
        return len(transactions)
    end = fitting
    while end and transactions[end - 1] == transactions[end]:
        end -= 1
    return end or next((n for n, tx in enumerate(transactions) if tx != transactions[0]), len(transactions))


def _too_large(entry: Entry) -> NodeError:
    what = Text(
        f"change {entry.seq} of {entry.type} is too large to be sent to headquarters",
        f"{entry.type} 的第 {entry.seq} 条更改过大，无法发送到总部",
    )
    return NodeError((Problem("change-too-large", what, fix=Text("report it", "请报告此问题")),))
