"""The way down: the branch fetches the records of its scopes page by page, each page with its checkpoint."""

from __future__ import annotations

import json

from core.model.errors import NodeError, Problem, Text
from stores.changes import apply, loading, proofs
from stores.changes.feed import Within
from stores.node import Node
from stores.storage import checkpoints, state
from stores.storage.database import Connection
from sync import arrival
from sync.branch.first_load import finish, first_load
from sync.branch.restarted import restarted
from sync.protocol import FRAME_CHANGES_MAX, Limits, Pull, PullAnswer
from sync.wire.link import Link

WITHIN = "pull.within"  # node_state, JSON: place and epoch that a piece comes after, and where it ends
SNAPSHOT_ROWS = FRAME_CHANGES_MAX // 2  # a first page so full, and more to come: a snapshot is quicker


def pull(node: Node, link: Link, limits: Limits | None = None, *, disputed: bool = False) -> int:
    """Fetch and apply pages until headquarters has no more; return the number of records received.

    A node that has nothing yet, and much to come, takes a snapshot over first (``first_load``). The rows of a page and
    the checkpoint behind them are written in one transaction: a crash repeats the page. While this node's log is
    ``disputed``, how much of it headquarters says the rows contain is said of another's lines, and not believed.
    """
    limits = limits or Limits()
    received = 0
    while True:
        with node.database.read() as connection:
            after, epoch = checkpoints.pulled(connection), checkpoints.epoch(connection)
            seal = checkpoints.seal(connection, after)
            within = _within(connection, after, epoch)
        answer = link.pull(Pull(node.identity.origin, after, epoch, limits.rows, seal, within))
        if answer.restart or answer.epoch != epoch:
            raise restarted()
        is_long = after == 0 and answer.more and len(answer.rows) >= SNAPSHOT_ROWS
        if is_long and not disputed and (loaded := first_load(node, link)):
            finish(node, loaded)
            received += loaded.rows
            continue
        if answer.upto > after or answer.within:
            _apply(node, after, answer, None if disputed else answer.acked)
        received += len(answer.rows)
        if not answer.more:
            _end(node)
            return received
        if answer.upto <= after and (answer.within is None or answer.within == within):
            raise _stuck()


def _apply(node: Node, after: int, answer: PullAnswer, applied: int | None) -> None:
    with node.database.write() as connection:
        if checkpoints.pulled(connection) != after:
            return  # another worker of this node was quicker; its page covers this one
        report = apply.apply_rows(
            connection,
            node,
            answer.rows,
            applied=applied,
            upto=answer.upto,
            hlc=answer.hlc,
            versions=answer.versions,
        )
        checkpoints.keep_seal(connection, answer.upto, answer.seal)
        piece = json.dumps([after, answer.epoch, answer.within]) if answer.within else None
        if piece or state.get(connection, WITHIN):
            state.put(connection, WITHIN, piece)
        arrival.arm(connection, node, report.touched)
    arrival.settle(node, report.touched)


def _within(connection: Connection, after: int, epoch: str) -> Within | None:
    """Return how far a transaction that comes in pieces has come, if it is the one that is next."""
    kept = json.loads(state.get(connection, WITHIN) or "null")
    if kept is None or kept[:2] != [after, epoch]:
        return None
    place, type_, id_ = kept[2]
    return place, type_, id_


def _end(node: Node) -> None:
    """Note that there is no more: a first load is over, and so is the reading of another order of headquarters."""
    with node.database.read() as connection:
        ends = arrival.is_loading(connection), loading.is_under_way(connection), proofs.is_open(connection)
    if any(ends):
        with node.database.write() as connection:
            proofs.settle(connection)
            arrival.load_ends(connection)
            loading.forget(connection)  # a first load that was cut, and was not gone on with: the feed has brought it


def _stuck() -> NodeError:
    what = Text("headquarters says there is more and sends nothing", "总部称还有数据却未发送")
    return NodeError((Problem("feed-stuck", what, fix=Text("update headquarters", "请升级总部")),))
