"""Tombstones go when nobody needs them any more: everybody who could still hold the record alive has seen its end.

Headquarters says up to where (``sync.leases``); a branch that has heard it drops its own. What a record that lives
still refers to stays: its name is on somebody's page. The log keeps all of it, for good.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.clock import iso
from core.model.values import Cell
from stores.changes import log
from stores.changes.held import LIFE
from stores.node import Node
from stores.storage import bulk, state

FLOOR = "compacted"  # node_state: the place of the hub's order up to which tombstones have been dropped
PAGE_ROWS = 500
Key = tuple[str, str]  # record type and id


def floor(connection: Connection) -> int:
    """Return the place up to which tombstones may be missing here: whoever is behind it must read everything again."""
    return state.get_int(connection, FLOOR)


def drop(node: Node, upto: int, before: datetime | None = None) -> int:
    """Drop the tombstones of records that ended up to place ``upto`` (and before a moment); return how many.

    The floor is raised before the first of them goes. A page is a transaction: nobody waits long for it.
    """
    with node.database.write() as connection:
        if upto > floor(connection):
            state.put_int(connection, FLOOR, upto)
    dropped = 0
    for record in node.catalog.records.values():
        after = ""
        while True:
            with node.database.write() as connection:
                page = _dead(connection, record, after, upto, before)
                free = _unused(connection, node, record.key, page)
                for id_ in free:
                    bulk.delete(connection, record.table, ("id",), id_)
            dropped += len(free)
            if len(page) < PAGE_ROWS:
                break
            after = page[-1]
    return dropped


def ended(connection: Connection, type_: str, id_: str) -> bool:
    """Say whether the log knows a record and that it was deleted last: it is no longer here because it was dropped.

    One of whose making the log does not know has never been here: it may come, though its end has come first.
    """
    lines = log.of_records(connection, type_, [id_])
    lives: list[Cell] = [line.body[LIFE][1] for line in lines if LIFE in line.body]
    return (
        bool(lives) and any(line.kind == "create" for line in lines) and max(int(life or 0) for life in lives) % 2 == 0
    )


def _dead(connection: Connection, record: RecordType, after: str, upto: int, before: datetime | None) -> list[str]:
    age, values = (' AND "_at" < ?', (iso(before),)) if before is not None else ("", ())
    sql = (
        f"SELECT id FROM {bulk.quoted(record.table)} "  # noqa: S608 - our names
        f'WHERE id > ? AND ("_life" & 1) = 0 AND "_hs" > 0 AND "_hs" <= ?{age} ORDER BY id LIMIT {PAGE_ROWS}'
    )
    return [id_ for (id_,) in bulk.run(connection, sql, after, upto, *values)]


def _unused(connection: Connection, node: Node, type_: str, ids: Sequence[str]) -> list[str]:
    """Return the records to which no record that lives refers."""
    used: set[str] = set()
    for record in node.catalog.records.values() if ids else ():
        for name, field in record.fields.items():
            if field.stored and field.spec.type == "ref" and field.spec.to in (type_, None):
                found = bulk.select(connection, node.table(record), (name,), name, ids, ' AND ("_life" & 1) = 1')
                used.update(id_ for (id_,) in found)
    return [id_ for id_ in ids if id_ not in used]
