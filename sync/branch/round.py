"""One round of a branch with headquarters: hello, everything up, everything down."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

from core import __version__
from core.model.clock import iso
from stores.changes import log, proofs, quarantine
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import Connection
from sync import arrival, leases, refill
from sync.branch import comparing, former, rebirth
from sync.branch import pull as down
from sync.branch import push as up
from sync.branch.disputes import LogDamaged, LogDisputed, disputed
from sync.branch.restarted import FeedRestarted
from sync.protocol import (
    FRAME_BYTES_MAX,
    FRAME_CHANGES_MAX,
    PROTOCOL_VERSION,
    Head,
    Hello,
    HelloAnswer,
    Limits,
    Report,
    Standing,
)
from sync.wire.link import Link

RESTARTS_MAX = 2
REBIRTHS_MAX = 8  # in one round: copies of a node may have taken its next names before


@dataclass(frozen=True, slots=True)
class Round:
    """What a round has done. ``clock_offset_ms`` is how far headquarters' clock is ahead of this node's."""

    pushed: int
    pulled: int
    conflicts: int
    quarantined: int
    clock_offset_ms: int
    skew: tuple[str, ...] = ()


def sync_round(node: Node, link: Link, helper: Executor | None = None) -> Round:
    """Bring this node and its headquarters to the same state; repeat it at any time, after any interruption.

    First up, then down: what headquarters sends then contains what this node wrote. When the two logs have parted, the
    node goes on under its next incarnation (``rebirth``), or under the one after that if a copy of it has taken that
    name. A log that is still in dispute then, or an earlier one that is damaged, keeps nothing from coming down; only
    after that LogDisputed is raised.
    Raises LinkDown when the network does not let it finish; what has been acknowledged until then stays. A ``helper``
    reads the log while headquarters works (``push``).
    """
    for _ in range(RESTARTS_MAX):
        try:
            return _one_round(node, link, helper)
        except FeedRestarted:
            continue
    return _one_round(node, link, helper)


def greet(node: Node, link: Link) -> tuple[HelloAnswer, int]:
    """Say hello, take over the hub's epoch and advice; return the answer and the clock offset in milliseconds."""
    question = hello_of(node)
    answer = link.hello(question)
    offset_ms = answer.time - (question.wall + _now_ms(node)) // 2
    if (answer.epoch, answer.checkpoint) != (question.epoch, question.checkpoint):
        with node.database.write() as connection:
            checkpoints.restart_pull(connection, answer.checkpoint, answer.epoch, at=iso(node.now()))
            checkpoints.keep_seal(connection, answer.checkpoint, answer.seal)
            comparing.forget(connection)
            former.begin(connection)
            if answer.written_until:
                arrival.load_begins(connection, answer.written_until)
            if question.epoch not in ("", answer.epoch):
                _reads_anew(connection, question, answer)
    return answer, offset_ms


def _reads_anew(connection: Connection, question: Hello, answer: HelloAnswer) -> None:
    """Note what follows from headquarters' having been put back, from 0: it does not know to where."""
    if not answer.lost_after:
        proofs.begin(connection, question.node, question.origin)
    if answer.lost_after is not None:
        refill.begin(connection, answer.epoch, answer.lost_after)


def hello_of(node: Node) -> Hello:
    """Return where this node stands, read in one snapshot."""
    origin = node.identity.origin
    with node.database.read() as connection:
        head = Head(*checkpoints.head(connection, origin))
        acked = checkpoints.acked(connection, origin)
        position, epoch = checkpoints.pulled(connection), checkpoints.epoch(connection)
        seal = checkpoints.seal(connection, position)
        waiting, oldest = log.unsent(connection)
        stuck = sum(quarantine.by_sender(connection).values())
    plugins = node.catalog.plugins.values()
    faults = sum(len(each.problems) for each in node.catalog.faults)
    versions = {each.name: each.version for each in plugins}
    return Hello(
        node=node.identity.node,
        incarnation=node.identity.incarnation,
        store=node.store,
        head=head,
        acked=acked,
        checkpoint=position,
        epoch=epoch,
        schema={each.name: each.digest for each in plugins},
        wall=_now_ms(node),
        mono=node.mono(),
        boot=node.boot,
        seal=seal,
        report=Report(__version__, versions, waiting, oldest or "", stuck, faults),
        protocol=PROTOCOL_VERSION,
    )


def _one_round(node: Node, link: Link, helper: Executor | None) -> Round:
    answer, offset_ms = greet(node, link)
    limits = _smaller(answer.limits)
    pushed = up.Pushed()
    dispute: LogDisputed | None = None
    wrote, damage = node.identity, None
    try:
        if former.send(node, link, hello_of(node), limits) or node.identity != wrote:
            answer, offset_ms = greet(node, link)
    except LogDamaged as error:
        damage = error
    for _ in range(REBIRTHS_MAX):
        try:
            pushed, dispute = _push(node, link, answer, limits, helper), None
            break
        except LogDisputed as error:
            dispute = error
        if rebirth.start_anew(node, link, hello_of(node)) is None:
            break
        answer, offset_ms = greet(node, link)
    refill.send(node, link)
    pulled = down.pull(node, link, limits, disputed=dispute is not None)
    leases.follow(node, answer.compacted)
    if unsent := dispute or damage:
        raise unsent
    return Round(pushed.changes, pulled, pushed.conflicts, pushed.quarantined, offset_ms, answer.skew)


def _push(node: Node, link: Link, answer: HelloAnswer, limits: Limits, helper: Executor | None) -> up.Pushed:
    if answer.standing is not Standing.OK:
        raise disputed(answer.standing)
    return up.push(node, link, answer.head, limits, helper)


def _smaller(theirs: Limits) -> Limits:
    return Limits(
        min(theirs.changes, FRAME_CHANGES_MAX), min(theirs.bytes, FRAME_BYTES_MAX), min(theirs.rows, FRAME_CHANGES_MAX)
    )


def _now_ms(node: Node) -> int:
    return int(node.now().timestamp() * 1000)
