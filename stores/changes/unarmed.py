"""Loaded records whose timers are still to be armed: each runs its rules, so it is done in transactions of its own."""

from __future__ import annotations

from collections.abc import Sequence

from core.language.definition import RecordType
from core.model.values import canonical_json, read_json
from stores.node import Node
from stores.storage import bulk, state
from stores.storage.database import Connection

UNARMED = "snapshot.unarmed"  # node_state, JSON: [[type, last id]]
PAGE_ROWS = 5_000


def note(connection: Connection, types: Sequence[str]) -> None:
    """Note, in the transaction that loads them, that all records of these types are to be armed."""
    state.put(connection, UNARMED, canonical_json([[key, ""] for key in types]) if types else None)


def are_left(connection: Connection) -> bool:
    """Say whether timers of loaded records are still to be armed."""
    return state.get(connection, UNARMED) is not None


def take(connection: Connection, node: Node, limit: int = PAGE_ROWS) -> list[tuple[str, str]]:
    """Return the next loaded records whose timers are to be armed, and move on, in the caller's write transaction."""
    left = read_json(state.get(connection, UNARMED) or "[]")
    found: list[tuple[str, str]] = []
    while left and not found:
        type_, last = left[0]
        record = node.catalog.records.get(type_)
        ids = _living_after(connection, record, last, limit) if record is not None else []
        found = [(type_, id_) for id_ in ids]
        left = [[type_, ids[-1]], *left[1:]] if ids else left[1:]
    state.put(connection, UNARMED, canonical_json(left) if left else None)
    return found


def _living_after(connection: Connection, record: RecordType, last: str, limit: int) -> list[str]:
    sql = f'SELECT id FROM {bulk.quoted(record.table)} WHERE id > ? AND ("_life" & 1) = 1 ORDER BY id LIMIT ?'  # noqa: S608 - our names
    return [id_ for (id_,) in bulk.run(connection, sql, last, limit)]
