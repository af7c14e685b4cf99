"""What follows when records have arrived from elsewhere: timers are armed, waiting requests are decided.

Both run rules that people wrote. A rule that fails must not stop the records of its neighbours, so faults are
journalled and passed over; by their sort only, because their text may hold what people entered.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from core.model.clock import from_iso
from stores.acts import settling, timers
from stores.changes import apply
from stores.node import Node
from stores.storage import bulk, state
from stores.storage.database import Connection
from sync.journal import journal, traced

FIRED_UNTIL = "timers.fired_until"  # node_state, while a predecessor's records come down: when it wrote last (a cell)

Touched: TypeAlias = Iterable[tuple[str, str]]  # record type and id


def arm(connection: Connection, node: Node, touched: Touched) -> None:
    """Arm the timers of the records that arrived, in the transaction that writes them: a crash loses neither."""
    records = list(dict.fromkeys(touched))
    if _armed(connection, node, records):
        return
    for record in records:
        if not _armed(connection, node, [record]):
            journal.error("the timers of a record cannot be armed", extra={"type": record[0]})


def catch_up(node: Node) -> None:
    """Use what waited for a plugin, or was cut off by a power cut. Called at start and when plugins have changed."""
    with node.database.write() as connection:
        touched = (*apply.catch_up(connection, node), *apply.upgraded(connection, node))
        arm(connection, node, touched)
    node.touched(touched)
    node.committed()
    _decide(node)


def settle(node: Node, touched: Touched) -> None:
    """Tell the node what arrived, wake its listeners and decide the requests that wait for it."""
    records = list(touched)
    if not records:
        return
    node.touched(records)
    node.committed()
    _decide(node)


def load_begins(connection: Connection, written_until: str) -> None:
    """Note that this node takes the place of one that wrote until then (a cell): its timers have fired up to there."""
    state.put(connection, FIRED_UNTIL, written_until)


def load_ends(connection: Connection) -> None:
    """Note that everything has come down: what is armed from now on is this node's own."""
    state.put(connection, FIRED_UNTIL, None)


def is_loading(connection: Connection) -> bool:
    """Say whether this node is still taking over what another one had."""
    return state.get(connection, FIRED_UNTIL) is not None


def _fired_until(connection: Connection) -> datetime | None:
    kept = state.get(connection, FIRED_UNTIL)
    return None if kept is None else from_iso(kept)


def _decide(node: Node) -> None:
    try:
        settling.settle(node)
    except Exception as error:  # noqa: BLE001 - what arrived is stored, and the answer about it must go out
        journal.error("waiting requests could not be decided", extra=traced(error))


def _armed(connection: Connection, node: Node, records: list[tuple[str, str]]) -> bool:
    try:
        with bulk.savepoint(connection):
            timers.rearm(connection, node, records, fired_until=_fired_until(connection))
    except Exception as error:  # noqa: BLE001 - the savepoint is rolled back; the next record gets its own
        journal.warning("timers not armed", extra=traced(error))
        return False
    return True
