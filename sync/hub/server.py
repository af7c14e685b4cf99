"""Headquarters' side of every call: functions over a node, the caller's credential and the question.

They know nothing of HTTP: the web mounts them, the simulator calls them. Each may be called again with the same
question, at once or much later, and leaves the same state behind. Whatever a caller says about itself is
checked against its credential; whatever it sends is bounded by the codec before it gets here.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.model.change import Entry
from core.model.errors import Problem, Text
from stores.changes import alarms, apply, compaction, feed, log
from stores.node import Node
from stores.reads import oversight
from stores.storage import checkpoints, counters, credentials, peers
from stores.storage.credentials import Credential
from stores.storage.database import Connection
from sync import arrival, enrolment, keys, leases, receipts
from sync.callers import check_caller, check_version
from sync.hub import seals
from sync.journal import journal
from sync.protocol import (
    FRAME_CHANGES_MAX,
    HARD_BYTES_MAX,
    HARD_CHANGES_MAX,
    Enrol,
    EnrolAnswer,
    Head,
    Hello,
    HelloAnswer,
    NotEnrolled,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Report,
    Standing,
)

ROOM_BYTES = 8  # what an empty or numeric cell is counted as


def authenticate(node: Node, token: str | None) -> Credential:
    """Return the node and store a token stands for; raises NotEnrolled, which says the same of every bad token.

    The first use of a token ends the ones the same node showed before: one enrolment, one credential.
    """
    if token:
        hashed = keys.hashed(token)
        with node.database.read() as connection:
            found = credentials.credential(connection, hashed)
            new = found is not None and credentials.is_unused(connection, hashed)
        if new:
            with node.database.write() as connection:
                found = credentials.use_credential(connection, hashed, node.now())
        if found is not None:
            return found
    what = Text("headquarters does not know this node", "总部不认识本节点")
    fix = Text("enrol the node with a new code from headquarters", "请用总部提供的新注册码注册本节点")
    raise NotEnrolled((Problem("not-enrolled", what, fix=fix),))


def enrol(node: Node, question: Enrol) -> EnrolAnswer:
    """Let a node in that shows a good invitation."""
    return enrolment.accept(node, question)


def hello(node: Node, caller: Credential, question: Hello) -> HelloAnswer:
    """Say where the hub stands with the caller's log and feed, so that it resumes exactly there."""
    check_version(question.protocol)
    check_caller(caller, question.origin, question.store)
    with node.database.read() as connection:
        hub = keys.hub(connection)
        held = Head(*checkpoints.head(connection, question.origin))
        standing = _standing(connection, question.origin, held, question.head)
        known = not is_strange(connection, hub, question.epoch, question.checkpoint, question.seal)
        lapsed = leases.is_lapsed(connection, question.checkpoint)
        compacted = compaction.floor(connection)
        put_back = not known and _was_put_back(connection, hub, question)
        heard = _heard(node, question)
        news = peers.is_news(peers.peer(connection, question.node), heard)
    if news:
        with node.database.write() as connection:
            peers.hear(connection, heard)
    if put_back:
        hub = _begin_again(node, question)
    checkpoint = question.checkpoint if known and not lapsed else 0
    with node.database.read() as connection:
        seal = "" if checkpoint else seals.greeting(connection, hub)
        lost_after = keys.lost_after(connection, question.epoch)
        written_until = "" if question.epoch else log.written_until(connection, question.node)  # it knows no hub yet
    digests = {name: plugin.digest for name, plugin in node.catalog.plugins.items()}
    skew = sorted(name for name, digest in question.schema.items() if digests.get(name) != digest)
    return HelloAnswer(
        standing=standing,
        head=held,
        epoch=hub.epoch,
        time=_now_ms(node),
        checkpoint=checkpoint,
        skew=tuple(skew),
        compacted=compacted,
        written_until=written_until,
        lost_after=lost_after,
        seal=seal,
    )


def _heard(node: Node, hello: Hello) -> peers.Peer:
    """Return what people of headquarters are to know of a node that says hello."""
    report = {name: getattr(hello.report, name) for name in Report.__dataclass_fields__}
    report["plugins"] = dict(hello.report.plugins)
    ahead_ms = hello.wall - _now_ms(node)
    return peers.Peer(
        hello.node, hello.store, node.now(), hello.origin, hello.head.seq, hello.checkpoint, ahead_ms, report
    )


def push(node: Node, caller: Credential, question: Push) -> PushAnswer:
    """Merge what is new in a piece of the caller's log, and sign for everything held.

    What is held already is compared by hash and skipped. A piece that begins after the head is answered with
    the head (GAP); one that contradicts it with FORKED. The merge, the log and the head move in one transaction;
    an answer that is lost on the way changes nothing. One that speaks of an order that the hub has not, because it
    was put back after the hello, is answered with ANEW: what the lines say of places would be said of others.
    """
    check_caller(caller, question.origin, caller.store)
    with node.database.write() as connection:
        hub = keys.hub(connection)
        held = Head(*checkpoints.head(connection, question.origin))
        if question.epoch and is_strange(connection, hub, question.epoch, question.checkpoint, question.seal):
            return PushAnswer(Standing.ANEW, held)
        standing = _continues(connection, question, held)
        if standing is not Standing.OK:
            return PushAnswer(standing, held)
        fresh = question.entries[max(0, held.seq - question.after.seq) :]
        doubt = question.unproven
        report = apply.merge_entries(connection, node, fresh, sender=caller.store, chained=True, unproven=doubt)
        touched = [*report.touched, *_freed(connection, node, report)]
        if report.ahead_ms:
            told = {"origin": question.origin, "ahead_ms": report.ahead_ms}
            journal.warning("changes carry stamps from the future; they rank as of now", extra=told)
        if fresh:
            _watch_identity(connection, node, caller, question, held)
        arrival.arm(connection, node, touched)
        now_held = Head(*checkpoints.head(connection, question.origin))
    arrival.settle(node, touched)
    for conflict in report.conflicts:
        node.host.tell("conflict_found", conflict=conflict)
    receipt = receipts.sign(hub.key, question.origin, now_held, hub.epoch, _now_ms(node))
    return PushAnswer(Standing.OK, now_held, receipt, len(report.conflicts), len(report.waiting))


def pull(node: Node, caller: Credential, question: Pull) -> PullAnswer:
    """Return the next page of the caller's records, in one snapshot with how much of its log they hold."""
    check_caller(caller, question.origin, caller.store)
    with node.database.read() as connection:
        hub = keys.hub(connection)
        lapsed = leases.is_lapsed(connection, question.after)
        if lapsed or is_strange(connection, hub, question.epoch, question.after, question.seal):
            return PullAnswer((), 0, False, hub.epoch, 0, 0, _now_ms(node), restart=True)
        page = _page(connection, node, caller, question)
        seal = seals.seal(connection, hub, page.upto)
    return PullAnswer(
        tuple(page.rows),
        page.upto,
        page.more,
        hub.epoch,
        page.applied,
        page.hlc,
        _now_ms(node),
        versions={name: plugin.version for name, plugin in node.catalog.plugins.items()},
        seal=seal,
        within=page.within,
    )


def is_strange(connection: Connection, hub: keys.Hub, epoch: str, place: int, seal: str) -> bool:
    """Say whether a place is not one of this hub's order as it is now: the asker must read everything again."""
    if epoch != hub.epoch or place > counters.hub_sequence(connection):
        return True
    return seals.forgotten(connection, hub, epoch, place, seal)


def _was_put_back(connection: Connection, hub: keys.Hub, question: Hello) -> bool:
    return seals.forgotten(connection, hub, question.epoch, question.checkpoint, question.seal)


def _begin_again(node: Node, question: Hello) -> keys.Hub:
    """Begin a new epoch, as ``branchline restore`` does: this hub was put back and nobody has told it."""
    with node.database.write() as connection:
        if _was_put_back(connection, keys.hub(connection), question):  # else another branch was quicker
            dice = bytes.fromhex(node.new_id().replace("-", ""))
            keys.begin_epoch(connection, lambda count: dice[-count:], _now_ms(node), unnoticed=True)
            alarms.sound(connection, node, "core.hub_put_back", node.store, _PUT_BACK.filled({"node": question.node}))
        hub = keys.hub(connection)
    node.committed()
    return hub


_PUT_BACK = Text(
    "the database of headquarters is older than what node `{node}` has already seen of it (a machine set back, a disk "
    "exchanged, a database that failed over); the branches send again what is missing. Check what headquarters itself "
    "entered last",
    "总部数据库早于节点 `{node}` 已见到的状态（虚拟机回退、更换磁盘或数据库故障切换）；"
    "各门店将补传缺失数据。请核对总部最近自行录入的内容",
)


def _watch_identity(connection: Connection, node: Node, caller: Credential, question: Push, held: Head) -> None:
    """Tell the administrators of a node that has been reborn, and of one whose former self writes on (sync.md 15)."""
    mine = int(question.origin.rpartition(".")[2])
    newest = max(checkpoints.incarnations(connection, caller.node), default=mine)
    values = {"node": caller.node, "origin": question.origin}
    if newest > mine:
        told = oversight.told(connection, node, _CLONED, caller.store, values)
        alarms.sound(connection, node, "core.node_cloned", caller.node, told)
    elif mine > 1 and held.seq == 0:
        told = oversight.told(connection, node, _REBORN, caller.store, values)
        alarms.sound(connection, node, "core.node_reborn", question.origin, told)


_REBORN = Text(
    "{store} (node {node}) came back from an old copy; it goes on as {origin} and nothing is lost",
    "{store}（节点 {node}）由旧副本恢复，今后以 {origin} 继续，数据未丢失",
)
_CLONED = Text(
    "{store} (node {node}) runs in two places: a copy writes on as {origin}. Switch one of them off",
    "{store}（节点 {node}）在两处运行：副本仍以 {origin} 写入，请停用其中一台",
)


def _freed(connection: Connection, node: Node, report: apply.MergeReport) -> Sequence[tuple[str, str]]:
    """Try again what waited for a record, or for a word about a person, that has come just now."""
    return apply.retry_behind(connection, node, report.touched) if report.merged else ()


def _page(connection: Connection, node: Node, caller: Credential, question: Pull) -> feed.Feed:
    """Read a page that the caller can unpack: large texts make it shorter, down to one transaction of the hub.

    A transaction that no page can hold comes in pieces: better seen in parts for a moment than never.
    """
    rows = min(question.rows, FRAME_CHANGES_MAX)
    while question.within is None:
        page = feed.rows_after(connection, node, caller.store, question.after, rows, question.origin)
        if _fits(page):
            return page
        if rows == 1:
            break
        rows = max(1, rows // 4)
    rows = min(question.rows, FRAME_CHANGES_MAX)
    while True:
        page = feed.piece_after(connection, node, caller.store, question.after, question.within, rows, question.origin)
        if rows == 1 or _fits(page):
            return page
        rows = max(1, rows // 4)


def _fits(page: feed.Feed) -> bool:
    return len(page.rows) <= HARD_CHANGES_MAX and _bytes(page) <= HARD_BYTES_MAX // 2


def _bytes(page: feed.Feed) -> int:
    """Return roughly how many bytes a page takes before compression."""
    texts = (cell for row in page.rows for cell in (*row.cells.values(), row.m, row.x))
    return sum(len(cell.encode()) if isinstance(cell, str) else ROOM_BYTES for cell in texts)


def _standing(connection: Connection, origin: str, held: Head, claimed: Head) -> Standing:
    """Compare the log held with the head its author claims. The author checks the other half of the comparison."""
    if claimed.seq >= held.seq:
        return Standing.OK if claimed.seq > held.seq or claimed.hash == held.hash else Standing.FORKED
    return Standing.BEHIND if _hash_at(connection, origin, claimed.seq) == claimed.hash else Standing.FORKED


def _continues(connection: Connection, question: Push, held: Head) -> Standing:
    """Say whether the piece continues the log held, or repeats a part of it exactly."""
    if question.after.seq > held.seq:
        return Standing.GAP
    last_common = min(held.seq, question.head.seq)
    offered = _hash_in(question.after, question.entries, last_common)
    known = held.hash if last_common == held.seq else _hash_at(connection, question.origin, last_common)
    return Standing.OK if offered == known else Standing.FORKED


def _hash_in(after: Head, entries: Sequence[Entry], seq: int) -> str:
    return after.hash if seq == after.seq else entries[seq - after.seq - 1].hash


def _hash_at(connection: Connection, origin: str, seq: int) -> str:
    return Head().hash if seq == 0 else log.hashes(connection, origin, seq, seq).get(seq, "")


def _now_ms(node: Node) -> int:
    return int(node.now().timestamp() * 1000)
