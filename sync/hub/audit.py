"""Headquarters' side of a comparison: sums of what a branch should hold, and the repair of what differs."""

from __future__ import annotations

from core.model.errors import Text
from stores.changes import alarms, buckets, feed
from stores.changes import repair as repairs
from stores.changes.buckets import Fresh
from stores.node import Node
from stores.reads import oversight
from stores.storage import checkpoints, counters
from stores.storage.credentials import Credential
from stores.storage.database import Connection
from sync import arrival, keys
from sync.callers import check_caller
from sync.protocol import Compare, CompareAnswer, Head, Repair, RepairAnswer
from sync.sums import keep, sums_at

ALARM = "core.records_differ"


def compare(node: Node, caller: Credential, question: Compare) -> CompareAnswer:
    """Return the sums that the caller asks for, in one snapshot in which nothing is on its way to or from it."""
    check_caller(caller, question.origin, caller.store)
    fresh: list[Fresh] = []
    with node.database.read() as connection:
        if not _steady(connection, node, caller, question):
            return CompareAnswer(False)
        held = buckets.parts(node, caller.store)
        sums = [sums_at(connection, node, held, path, fresh) for path in question.paths]
    keep(node, fresh)
    return CompareAnswer(True, tuple(tuple(found) for found in sums))


def repair(node: Node, caller: Credential, question: Repair) -> RepairAnswer:
    """Decide about records that the caller holds otherwise; both versions stay in a conflict record."""
    check_caller(caller, question.origin, caller.store)
    with node.database.write() as connection:
        if question.epoch != keys.hub(connection).epoch:
            return RepairAnswer((), (), 0, 0, 0, 0)
        asker = repairs.Caller(question.origin, caller.store, question.after)
        done = repairs.mend(connection, node, asker, question.rows, question.missing)
        arrival.arm(connection, node, done.touched)
        if done.incidents:
            values = {"node": caller.node, "count": done.incidents}
            told = oversight.told(connection, node, _DIFFER, caller.store, values)
            alarms.sound(connection, node, ALARM, caller.node, told)
        applied, _ = checkpoints.head(connection, question.origin)
        hlc = counters.clock_stamp(connection)
    arrival.settle(node, done.touched)
    return RepairAnswer(tuple(done.rows), tuple(done.gone), done.waiting, done.incidents, applied, hlc)


def _steady(connection: Connection, node: Node, caller: Credential, question: Compare) -> bool:
    return (
        question.epoch == keys.hub(connection).epoch
        and question.head == Head(*checkpoints.head(connection, question.origin))
        and not feed.anything_after(connection, node, caller.store, question.after)
    )


_DIFFER = Text(
    "records at {store} (node {node}) did not agree with headquarters although nothing was on its way: "
    "{count} differences, put right; both versions are in the conflicts",
    "{store}（节点 {node}）有记录与总部不一致（并非同步延迟）：共 {count} 处，已修复，两个版本均保留在冲突列表中",
)
