"""The way up: the branch sends its log in frames, from exactly where headquarters left off."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate

from core.model.change import Entry
from core.model.clock import iso
from core.model.errors import NodeError, Problem, Text
from core.model.lines import Lines
from core.model.values import read_json
from stores.changes import log, proofs
from stores.node import Node
from stores.storage import checkpoints, signatures
from stores.storage.database import Connection
from stores.storage.signatures import Signature
from sync import keys, receipts
from sync.branch.restarted import restarted
from sync.protocol import (
    HARD_BYTES_MAX,
    HARD_CHANGES_MAX,
    Head,
    Limits,
    Push,
    PushAnswer,
    SignedReceipt,
    Standing,
)
from sync.wire.link import Link

AHEAD_FROM = 500  # lines in a frame: behind a smaller one there is hardly another
GAPS_MAX = 3  # how often in a row headquarters may ask for another place before the node gives up for now
FIELD_BYTES = 16  # what two values cost at least, here and in memory at headquarters
ENTRY_BYTES = 120  # what an entry costs beside its values


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push has sent, and what headquarters made of it."""

    changes: int = 0
    conflicts: int = 0
    quarantined: int = 0


class LogDisputed(NodeError):
    """Headquarters holds another version of this node's log: a restored backup, or a copy running elsewhere."""

    status = 409


def push(
    node: Node,
    link: Link,
    held: Head,
    limits: Limits | None = None,
    helper: Executor | None = None,
    origin: str | None = None,
) -> Pushed:
    """Send everything after ``held``, the head headquarters named, and keep its acknowledgements and receipts.

    ``origin`` is another log of this node than the one it writes, from before it was reborn.
    Each acknowledgement is kept before the next frame is sent; with a ``helper`` that frame is read and packed while
    headquarters works on this one. Raises LogDisputed when the two logs contradict each other, FeedRestarted when
    headquarters was put back meanwhile, ReceiptFault when a receipt is not headquarters' own, LinkDown when the network
    does not let it finish.
    """
    limits, origin = limits or Limits(), origin or node.identity.origin
    done, gaps = Pushed(), 0
    question = _next(node, origin, held, limits)
    while question.entries:
        count = len(question.entries)
        page = min(limits.changes, count * 5 // 4 + 1)  # a frame is mostly cut by its bytes: read no more
        following = partial(_next, node, origin, question.head, replace(limits, changes=page))
        ahead = helper.submit(_prepared, link, following) if helper is not None and count >= AHEAD_FROM else None
        answer = _send(link, question)
        if answer.standing is Standing.GAP and gaps < GAPS_MAX and answer.head.seq < question.after.seq:
            gaps += 1
            question = _next(node, origin, answer.head, limits)
            continue
        if answer.standing is Standing.ANEW:
            raise restarted()
        if answer.standing is not Standing.OK:
            raise disputed(answer.standing)
        _keep(node, question, answer)
        gaps = 0
        done = Pushed(done.changes + count, done.conflicts + answer.conflicts, done.quarantined + answer.quarantined)
        if answer.head != question.head:
            question = _next(node, origin, answer.head, limits)
        else:
            question = ahead.result() if ahead is not None else following()
    return done


def _prepared(link: Link, following: Callable[[], Push]) -> Push:
    question = following()
    if question.entries:
        link.prepare(question)
    return question


def _next(node: Node, origin: str, held: Head, limits: Limits) -> Push:
    """Return what follows ``held``, and in which order of the hub it is to be understood, read in one snapshot."""
    with node.database.read() as connection:
        frame = _read(connection, origin, held, limits)
        place, epoch = checkpoints.pulled(connection), checkpoints.epoch(connection)
        seal = checkpoints.seal(connection, place)
        return Push(origin, held, frame, epoch, place, seal, proofs.unproven(connection, frame))


def _read(connection: Connection, origin: str, held: Head, limits: Limits) -> Lines:
    """Return what follows ``held``, gathered as it is sent."""
    _check_shared(connection, origin, held)
    try:
        frame = next_frame(connection, origin, held.seq, limits)
        frame.blocks()
        for facts in set(frame.columns["facts"]) - {None}:
            read_json(facts)
    except (ValueError, TypeError, AttributeError) as error:
        raise _damaged(held.seq) from error
    if frame and frame.first != held.seq + 1:
        raise _damaged(held.seq)
    return frame


class LogDamaged(LogDisputed):
    """The log here is not what was written: a disk failed, or somebody edited it. It cannot be sent as it is."""


def acknowledge(connection: Connection, node: Node, origin: str, held: Head) -> None:
    """Keep how much of a log of this node headquarters holds; refuse to believe it when the hashes do not agree."""
    _check_shared(connection, origin, held)
    checkpoints.ack(connection, origin, held.seq, iso(node.now()))


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


def disputed(standing: Standing) -> LogDisputed:
    """Return the error for a log headquarters holds differently. Nothing is sent until a person has looked."""
    if standing is Standing.BEHIND:
        what = Text(
            "headquarters holds more of this node's log than the node itself: its database is an old copy",
            "总部保存的本节点日志多于本节点自身：数据库是旧副本",
        )
    else:
        what = Text(
            "headquarters holds another version of this node's log: a copy was used elsewhere, or an old backup",
            "总部保存的本节点日志与本节点不一致：曾使用过其他副本，或恢复过旧备份",
        )
    fix = Text(
        "keep this database, stop other copies of the node, and rebuild the node from headquarters",
        "请保留本数据库，停用该节点的其他副本，并从总部重建本节点",
    )
    return LogDisputed((Problem("log-disputed", what, fix=fix),))


def _send(link: Link, question: Push) -> PushAnswer:
    try:
        return link.push(question)
    except NodeError as error:
        if any(problem.code == "frame-hash" for problem in error.problems):
            raise _damaged(question.after.seq) from error
        raise


def _damaged(after: int) -> LogDamaged:
    what = Text(
        f"this node's log was altered behind its back, somewhere after line {after}; it cannot be sent from there on",
        f"本节点日志在第 {after} 行之后被改动，此后的内容无法发送",
    )
    fix = Text(
        "keep this database, run `branchline verify` and put the last good backup back; records still come down",
        "请保留本数据库，运行 `branchline verify` 并恢复最近的完好备份；下行数据不受影响",
    )
    return LogDamaged((Problem("log-damaged", what, fix=fix),))


def _check_shared(connection: Connection, origin: str, held: Head) -> None:
    """Raise LogDisputed unless what headquarters holds is the beginning of the log here."""
    seq, _ = checkpoints.head(connection, origin)
    if held.seq > seq:
        raise disputed(Standing.BEHIND)
    if held.seq and log.hashes(connection, origin, held.seq, held.seq).get(held.seq) != held.hash:
        raise disputed(Standing.FORKED)


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


def _too_large(entry: Entry) -> NodeError:
    what = Text(
        f"change {entry.seq} of {entry.type} is too large to be sent to headquarters",
        f"{entry.type} 的第 {entry.seq} 条更改过大，无法发送到总部",
    )
    return NodeError((Problem("change-too-large", what, fix=Text("report it", "请报告此问题")),))
