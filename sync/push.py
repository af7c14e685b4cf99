"""The way up: the branch sends its log in frames, from exactly where headquarters left off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from core.model.change import Entry
from core.model.clock import iso
from core.model.errors import NodeError, Problem, Text
from core.model.values import canonical_bytes
from stores.changes import log
from stores.node import Node
from stores.storage import checkpoints, signatures
from stores.storage.database import Connection
from stores.storage.signatures import Signature
from sync import keys, receipts
from sync.link import Link
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


def push(node: Node, link: Link, held: Head, limits: Limits | None = None) -> Pushed:
    """Send everything after ``held``, the head headquarters named, and keep its acknowledgements and receipts.

    Each acknowledgement is kept before the next frame is sent. Raises LogDisputed when the two logs contradict each
    other, ReceiptFault when a receipt is not headquarters' own, LinkDown when the network does not let it finish.
    """
    limits = limits or Limits()
    done, gaps, page = Pushed(), 0, limits.changes
    while True:
        with node.database.read() as connection:
            _check_shared(connection, node.identity.origin, held)
            entries = _readable_frame(connection, node.identity.origin, held.seq, replace(limits, changes=page))
        if not entries:
            return done
        question = Push(node.identity.origin, held, tuple(entries))
        answer = _send(link, question)
        if answer.standing is Standing.GAP and gaps < GAPS_MAX and answer.head.seq < held.seq:
            held, gaps = answer.head, gaps + 1
            continue
        if answer.standing is not Standing.OK:
            raise disputed(answer.standing)
        _keep(node, question, answer)
        page = min(limits.changes, len(entries) * 5 // 4 + 1)  # a frame is mostly cut by its bytes: read no more
        held, gaps = answer.head, 0
        done = Pushed(
            done.changes + len(entries), done.conflicts + answer.conflicts, done.quarantined + answer.quarantined
        )


class LogDamaged(LogDisputed):
    """The log here is not what was written: a disk failed, or somebody edited it. It cannot be sent as it is."""


def acknowledge(connection: Connection, node: Node, held: Head) -> None:
    """Keep how much of this node's log headquarters holds; refuse to believe it when the hashes do not agree."""
    _check_shared(connection, node.identity.origin, held)
    checkpoints.ack(connection, node.identity.origin, held.seq, iso(node.now()))


def next_frame(connection: Connection, origin: str, after: int, limits: Limits) -> list[Entry]:
    """Return the entries of the next frame: whole transactions up to ``limits``, but at least one transaction.

    A transaction beyond the hard limits, which no node would unpack, is sent in pieces. Raises NodeError for a
    single change that large: it can never be sent, and somebody has to know.
    """
    page = log.entries_after(connection, origin, after, limits.changes)
    frame: list[Entry] = []
    room = limits.bytes
    for _, group in groupby(page, key=lambda entry: entry.tx):
        whole = list(group)
        room -= sum(weight(entry) for entry in whole)
        if frame and (room < 0 or len(frame) + len(whole) > limits.changes):
            break
        frame += whole
    return _within_hard_limits(frame)


def weight(entry: Entry) -> int:
    """Return roughly how many bytes an entry takes in a frame before compression, never fewer than it costs to hold."""
    told = len(canonical_bytes(entry.body)) + (len(canonical_bytes(entry.facts)) if entry.facts else 0)
    return ENTRY_BYTES + FIELD_BYTES * len(entry.body) + told


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


def _readable_frame(connection: Connection, origin: str, after: int, limits: Limits) -> list[Entry]:
    try:
        return next_frame(connection, origin, after, limits)
    except (ValueError, TypeError, AttributeError) as error:
        raise _damaged(after) from error


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
        acknowledge(connection, node, answer.head)
        upstream = keys.upstream(connection)
        if upstream is not None:
            receipt = receipts.verified(upstream.key, answer.receipt, question.origin, answer.head)
            signatures.keep(connection, _signature(receipt))


def _signature(receipt: SignedReceipt) -> Signature:
    head = receipt.head
    return Signature(receipt.origin, head.seq, head.hash, receipt.epoch, receipt.time, receipt.signature)


def _within_hard_limits(frame: Sequence[Entry]) -> list[Entry]:
    room, kept = HARD_BYTES_MAX // 2, []  # half: the estimate is rough, and the envelope takes its part
    for entry in frame[:HARD_CHANGES_MAX]:
        room -= weight(entry)
        if room < 0:
            break
        kept.append(entry)
    if frame and not kept:
        what = Text(
            f"change {frame[0].seq} of {frame[0].type} is too large to be sent to headquarters",
            f"{frame[0].type} 的第 {frame[0].seq} 条更改过大，无法发送到总部",
        )
        raise NodeError((Problem("change-too-large", what, fix=Text("report it", "请报告此问题")),))
    return kept
