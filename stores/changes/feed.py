"""The state of records on its way down: what headquarters has that a store does not have yet.

No log goes down. A record is sent as it stands, once, however often it was edited: the feed compacts by itself, and
a rebuilt node is one that asks from 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.scope import HEADQUARTERS, holds
from core.model.values import Cell
from stores.node import Node
from stores.storage import bulk, checkpoints, counters

_FIXED = ("id", "_store", "_life", "_hs", "_at", "_by", "_m", "_x")
_ANY_STORE = "\0"  # no store is called so: what such a store holds, every store holds


@dataclass(frozen=True, slots=True)
class StateRow:
    """One record as headquarters holds it. ``m`` is its packed stamps, ``x`` (JSON) what headquarters does not know."""

    type: str
    id: str
    store: str
    life: int
    hs: int
    at: str
    by: str
    m: str
    cells: dict[str, Cell]
    x: str | None = None


Within = tuple[int, str, str]  # a place of the hub's order, and the record type and id up to which it has been sent


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of the feed, read in one snapshot.

    Everything the store holds up to ``upto`` is in this page or in an earlier one. ``applied`` is how much of the
    asker's own log the rows contain, ``hlc`` the hub's clock, which ranks above everything in them. ``within``: the
    page ends inside a transaction that is too large for one; ``upto`` is then still the place before it.
    """

    rows: list[StateRow]
    upto: int
    more: bool
    applied: int = 0
    hlc: int = 0
    within: Within | None = None


def rows_after(
    connection: Connection, node: Node, store: str, after: int, limit: int, origin: str | None = None
) -> Feed:
    """Return the next page of the records that ``store`` holds, in hub order; ``origin`` is the asker's log.

    A page ends between two places of the order, never inside one: a transaction is seen whole or not at all. One that
    is larger than ``limit`` therefore makes a larger page. Read it in one snapshot.
    """
    now = counters.hub_sequence(connection)
    applied = checkpoints.head(connection, origin)[0] if origin else 0
    hlc = counters.clock_stamp(connection)
    if after >= now:
        return Feed([], now, False, applied, hlc)
    upto = _cut(connection, node, store, after, limit)
    rows: list[StateRow] = []
    for record in node.catalog.records.values():
        rows += _rows(connection, record, store, after, now if upto is None else upto)
    rows.sort(key=lambda row: row.hs)
    return Feed(rows, now if upto is None else upto, upto is not None, applied, hlc)


def piece_after(
    connection: Connection, node: Node, store: str, after: int, within: Within | None, limit: int, origin: str | None
) -> Feed:
    """Return a piece of the transaction next after ``after``, which no page holds: by type and id, behind ``within``.

    A row that moves on to a later place meanwhile is passed over here; it comes again there.
    """
    now = counters.hub_sequence(connection)
    applied = checkpoints.head(connection, origin)[0] if origin else 0
    hlc = counters.clock_stamp(connection)
    place = _next_place(connection, node, store, after)
    if place is None:
        return Feed([], now, False, applied, hlc)
    first = within[1:] if within is not None and within[0] == place else ("", "")
    rows: list[StateRow] = []
    for key in sorted(key for key in node.catalog.records if key >= first[0]):
        last = first[1] if key == first[0] else ""
        rows += _rows_at(connection, node.catalog.records[key], store, place, last, limit + 1 - len(rows))
        if len(rows) > limit:
            rows.pop()
            return Feed(rows, after, True, applied, hlc, (place, rows[-1].type, rows[-1].id))
    return Feed(rows, place, place < now, applied, hlc)


def rows_of(connection: Connection, node: Node, record: RecordType, ids: Collection[str], store: str) -> list[StateRow]:
    """Return some records of a type as they stand, of those that ``store`` holds."""
    names, found, table = leaving(record), list[StateRow](), node.table(record)
    for test, owner in held_by(record, store):
        rest = f' AND {test}"_life" > 0'
        picked = bulk.select(connection, table, (*_FIXED, *names), "id", ids, rest, *owner)
        for id_, store_, life, hs, at, by, m, x, *cells in picked:
            found.append(
                StateRow(record.key, id_, store_, life, hs, at, by, m or "", dict(zip(names, cells, strict=True)), x)
            )
    return found


def anything_after(connection: Connection, node: Node, store: str, after: int) -> bool:
    """Say whether ``store`` lacks something: a look at the end of an index for each type and owner."""
    for record in node.catalog.records.values():
        for test, owner in held_by(record, store):
            sql = f'SELECT 1 FROM {bulk.quoted(record.table)} WHERE {test}"_hs" > ? LIMIT 1'  # noqa: S608 - our names
            if bulk.run(connection, sql, *owner, after):
                return True
    return False


def leaving(record: RecordType) -> tuple[str, ...]:
    """Return the columns that a record's state is sent with: all but the fields that never leave a node."""
    return ("state", "number", *(name for name in record.stored if name not in record.sync.hide))


def _next_place(connection: Connection, node: Node, store: str, after: int) -> int | None:
    """Return the next place after ``after`` at which the store holds something."""
    places: list[int] = []
    for record in node.catalog.records.values():
        for test, owner in held_by(record, store):
            sql = f'SELECT min("_hs") FROM {bulk.quoted(record.table)} WHERE {test}"_hs" > ?'  # noqa: S608 - our names
            places += (hs for (hs,) in bulk.run(connection, sql, *owner, after) if hs is not None)
    return min(places, default=None)


def _rows_at(
    connection: Connection, record: RecordType, store: str, place: int, last: str, limit: int
) -> list[StateRow]:
    """Return up to ``limit`` rows of one type at one place of the order, by id after ``last``."""
    rest = f"AND id > ? ORDER BY id LIMIT {limit}"
    return sorted(_rows(connection, record, store, place - 1, place, rest, last), key=lambda row: row.id)[:limit]


def _cut(connection: Connection, node: Node, store: str, after: int, limit: int) -> int | None:
    """Return the place of the order where the page ends; None when everything fits. Reads only indexes."""
    places: list[int] = []
    for record in node.catalog.records.values():
        table = bulk.quoted(record.table)
        for test, values in held_by(record, store):
            sql = f'SELECT "_hs" FROM {table} WHERE {test}"_hs" > ? ORDER BY "_hs" LIMIT ?'  # noqa: S608 - our names
            places += (hs for (hs,) in bulk.run(connection, sql, *values, after, limit + 1))
    if len(places) <= limit:
        return None
    places.sort()
    last = places[limit]
    inside = [hs for hs in places[:limit] if hs < last]
    return inside[-1] if inside else last


def _rows(
    connection: Connection, record: RecordType, store: str, after: int, upto: int, rest: str = "", *more: str
) -> Iterator[StateRow]:
    names = leaving(record)
    columns = ", ".join(map(bulk.quoted, (*_FIXED, *names)))
    for test, owner in held_by(record, store):
        table = bulk.quoted(record.table)
        sql = f'SELECT {columns} FROM {table} WHERE {test}"_hs" > ? AND "_hs" <= ? {rest}'  # noqa: S608 - our names
        for id_, store_, life, hs, at, by, m, x, *cells in bulk.run(connection, sql, *owner, after, upto, *more):
            yield StateRow(record.key, id_, store_, life, hs, at, by, m or "", dict(zip(names, cells, strict=True)), x)


def held_by(record: RecordType, store: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the conditions, with their values, that together give what ``store`` holds of a type.

    One condition per owner, so that each is a walk along the index by owner and place.
    """
    if holds(record.sync.scope, _ANY_STORE, store):
        return [("", ())]
    owners = [owner for owner in dict.fromkeys((store, HEADQUARTERS)) if holds(record.sync.scope, owner, store)]
    held: list[tuple[str, tuple[str, ...]]] = [('"_store" = ? AND ', (owner,)) for owner in owners]
    if record.sync.also:
        others = "".join('"_store" <> ? AND ' for _ in owners)
        held.append((f"{bulk.quoted(record.sync.also)} = ? AND {others}", (store, *owners)))
    return held
