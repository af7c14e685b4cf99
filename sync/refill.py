"""A restored headquarters is told by its branches what it had done itself (see ``stores.changes.refill``)."""

from __future__ import annotations

import json

from core.model.errors import Text
from stores.changes import alarms, apply
from stores.changes import refill as refills
from stores.changes.refill import Source
from stores.node import Node
from stores.storage import state
from stores.storage.credentials import Credential
from stores.storage.database import Connection
from sync import arrival, keys
from sync.callers import check_caller
from sync.protocol import Refill, RefillAnswer
from sync.wire.link import Link

PENDING = "refill"  # node_state, JSON: [epoch, place the restored hub knew last, type and id of the last row sent]
PAGE_ROWS = 200
ALARM = "core.hub_refilled"


def begin(connection: Connection, epoch: str, lost_after: int) -> None:
    """Note, with the new epoch, that this node's rows above a place are to be offered before anything is read.

    What had not been offered when headquarters was put back once more is offered as well: the lower place counts.
    """
    unfinished = state.get(connection, PENDING)
    place = min(lost_after, json.loads(unfinished)[1]) if unfinished else lost_after
    state.put(connection, PENDING, json.dumps([epoch, place, "", ""]))


def send(node: Node, link: Link) -> int:
    """Offer what is to be offered, page by page, resumed where it was cut; return how many rows that was.

    It comes before the feed is read: what headquarters holds now would be written over it.
    """
    sent = 0
    while (pending := _pending(node)) is not None:
        epoch, lost_after, type_, id_ = pending
        with node.database.read() as connection:
            rows, last = refills.rows_above(connection, node, lost_after, (type_, id_), PAGE_ROWS)
        if rows:
            link.refill(Refill(node.identity.origin, epoch, tuple(rows)))
            sent += len(rows)
        with node.database.write() as connection:
            state.put(connection, PENDING, json.dumps([epoch, lost_after, *last]) if last else None)
    return sent


def refill(node: Node, caller: Credential, question: Refill) -> RefillAnswer:
    """Take over, at headquarters, what a branch's rows show of its own lost changes."""
    check_caller(caller, question.origin, caller.store)
    with node.database.write() as connection:
        gaps = tuple((gap.after, gap.begun) for gap in keys.gaps(connection))
        if question.epoch != keys.hub(connection).epoch or not gaps:
            return RefillAnswer(0, 0)
        source = Source(question.origin, caller.store, gaps)
        done = refills.take_back(connection, node, source, question.rows)
        touched = [*done.touched, *apply.retry_behind(connection, node, done.touched)]
        arrival.arm(connection, node, touched)
        if done.taken or done.shown:
            alarms.sound(connection, node, ALARM, caller.node, _REFILLED.filled({"node": caller.node}))
    arrival.settle(node, touched)
    return RefillAnswer(done.taken, done.shown)


def _pending(node: Node) -> tuple[str, int, str, str] | None:
    with node.database.read() as connection:
        kept = state.get(connection, PENDING)
    return tuple(json.loads(kept)) if kept else None


_REFILLED = Text(
    "node `{node}` still had changes of headquarters' own that the restored backup lacks; they were entered again "
    "where nothing newer stood, and each is in the conflicts: please look through them",
    "节点 `{node}` 保留了总部自身在备份之后的更改；凡无更新内容者已重新录入，逐条列于冲突列表，请核对",
)
