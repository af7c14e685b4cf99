"""The way up: the branch sends its log in frames, from exactly where headquarters left off."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass

from core.model.clock import iso
from core.model.errors import NodeError
from stores.node import Node
from stores.storage import checkpoints, signatures
from stores.storage.database import Connection
from stores.storage.signatures import Signature
from sync import keys, receipts
from sync.branch.disputes import check_shared, damaged, disputed
from sync.branch.frames import Frame, Frames
from sync.branch.restarted import restarted
from sync.protocol import Head, Limits, Push, PushAnswer, SignedReceipt, Standing
from sync.wire.link import Link

ON_THE_WAY_MAX = 2  # frames at once: one is merged, the next is sent and unpacked; headquarters lets in no more
GAPS_MAX = 3  # how often in a row headquarters may ask for another place before the node gives up for now


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push has sent, and what headquarters made of it."""

    changes: int = 0
    conflicts: int = 0
    quarantined: int = 0

    def with_(self, question: Push, answer: PushAnswer) -> Pushed:
        """Return these and one more frame."""
        return Pushed(
            self.changes + len(question.entries),
            self.conflicts + answer.conflicts,
            self.quarantined + answer.quarantined,
        )


def push(
    node: Node,
    link: Link,
    held: Head,
    limits: Limits | None = None,
    helper: Executor | None = None,
    origin: str | None = None,
) -> Pushed:
    """Send everything after ``held``, the head headquarters named, and keep its acknowledgements and receipts.

    ``origin`` is another log of this node than the one it writes, from before it was reborn. Acknowledgements are kept
    in the order of the log. With a ``helper`` of two threads a second frame is on its way while headquarters works on
    the first, and a third is read and packed; without one each is acknowledged before the next is read. Raises
    LogDisputed when the two logs contradict each other, FeedRestarted when headquarters was put back meanwhile,
    ReceiptFault when a receipt is not headquarters' own, LinkDown when the network does not let it finish.
    """
    frames = Frames(node, link, origin or node.identity.origin, held, limits or Limits())
    done, gaps = Pushed(), 0
    with _Way(helper) as way:
        while True:
            while way.has_room and (frame := frames.taken(tell=not way.length)) is not None:
                way.send(frame)
            if not way.length:
                return done
            if way.is_busy:
                frames.look_ahead()
            question, answer = way.answered()
            if answer.standing is Standing.OK:
                gaps = 0
                _keep(node, question, answer)
                done, held = done.with_(question, answer), answer.head
                way.widen()
            elif answer.standing is Standing.GAP and gaps < GAPS_MAX and answer.head.seq < question.after.seq:
                gaps += 1
            elif answer.standing is Standing.ANEW:
                raise restarted()
            else:
                raise disputed(answer.standing)
            if answer.head != question.head:
                way.clear()
                overtook = gaps == 1 and done.changes and answer.head.seq < held.seq  # the one before it has come since
                frames.go_back(held if overtook else answer.head)


class _Way:
    """The frames that are on their way to headquarters, and the answers on their way back, the oldest first."""

    def __init__(self, helper: Executor | None) -> None:
        self._helper = helper
        self.widen()
        self._sent: deque[tuple[Frame, Callable[[], PushAnswer]]] = deque()

    def __enter__(self) -> _Way:
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    @property
    def length(self) -> int:
        """How many frames are on their way."""
        return len(self._sent)

    @property
    def is_busy(self) -> bool:
        """Whether there is time to read on meanwhile, and likely something to read."""
        return self._helper is not None and self._sent[-1][0].is_large

    @property
    def has_room(self) -> bool:
        """Whether one more may be sent."""
        return not self._sent or (len(self._sent) < self._room and self.is_busy)

    def send(self, frame: Frame) -> None:
        """Send a frame; without a helper it goes when it is asked after."""
        go = frame.go if self._helper is None else self._helper.submit(frame.go).result
        self._sent.append((frame, go))

    def answered(self) -> tuple[Push, PushAnswer]:
        """Return the oldest frame with its answer, once that is there."""
        frame, answer = self._sent.popleft()
        try:
            return frame.question, answer()
        except NodeError as error:
            if any(problem.code == "frame-hash" for problem in error.problems):
                raise damaged(frame.question.after.seq) from error
            raise

    def clear(self) -> None:
        """Let nothing be on its way, and then one at a time: headquarters does not stand where it was thought to."""
        self._room = 1
        self._let_go()

    def widen(self) -> None:
        """Let more be on their way again: headquarters has taken one."""
        self._room = ON_THE_WAY_MAX if self._helper is not None else 1

    def _let_go(self) -> None:
        """Wait for what is still on its way. What came of it headquarters says when it is asked next."""
        while self._sent:
            _, answer = self._sent.popleft()
            with suppress(NodeError):
                answer()


def acknowledge(connection: Connection, node: Node, origin: str, held: Head) -> None:
    """Keep how much of a log of this node headquarters holds; refuse to believe it when the hashes do not agree."""
    check_shared(connection, origin, held)
    checkpoints.ack(connection, origin, held.seq, iso(node.now()))


def _keep(node: Node, question: Push, answer: PushAnswer) -> None:
    if answer.head.seq < question.head.seq:
        raise disputed(Standing.FORKED)
    with node.database.write() as connection:
        acknowledge(connection, node, question.origin, answer.head)
        upstream = keys.upstream(connection)
        if upstream is not None:
            receipt = receipts.verified(upstream.key, answer.receipt, question.origin, answer.head)
            signatures.keep(connection, _signature(receipt))


def _signature(receipt: SignedReceipt) -> Signature:
    head = receipt.head
    return Signature(receipt.origin, head.seq, head.hash, receipt.epoch, receipt.time, receipt.signature)
