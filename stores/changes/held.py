"""Records as this node holds them while changes are worked into them: read in bulk, changed in memory, written in bulk.

Who may change one, and how two changes become one, is decided in ``merging``; here is only the SQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table

from core.model.stamps import RowStamps
from core.model.values import Cell, canonical_json, read_aside
from stores.storage import bulk

LIFE = "_life"  # in a log line: the life counter, odd = alive; no field may be called so
_FIXED = ("id", "_store", "_hs", "_life", "_at", "_by", "_m", "_x")


class Held:
    """One record, with the cells that are of interest now. ``unknown`` are fields this node's plugin does not have."""

    __slots__ = ("_stamps", "at", "by", "cells", "changed", "fresh", "hs", "id", "life", "packed", "store", "unknown")

    def __init__(self, id_: str, store: str, *, fresh: bool) -> None:
        self.id = id_
        self.store = store
        self.fresh = fresh  # not in the table yet
        self.hs = 0
        self.life = 1
        self.at = ""
        self.by = ""
        self.packed = ""  # the stamps as the column holds them
        self.cells: dict[str, Cell] = {}
        self.unknown: dict[str, Cell] = {}
        self.changed: set[str] = set()
        self._stamps: RowStamps | None = None

    @property
    def alive(self) -> bool:
        """Whether the record is not deleted."""
        return self.life % 2 == 1

    @property
    def stamps(self) -> RowStamps:
        """Who wrote each field. Unpacked only when somebody asks: most changes need not look."""
        if self._stamps is None:
            self._stamps = RowStamps.unpack(self.packed, self.hs)
        return self._stamps

    @stamps.setter
    def stamps(self, stamps: RowStamps) -> None:
        self._stamps = stamps

    def copy(self) -> Held:
        """Return the same record, to be changed without touching this one."""
        twin = Held(self.id, self.store, fresh=self.fresh)
        twin.hs, twin.life, twin.at, twin.by, twin.packed = self.hs, self.life, self.at, self.by, self.packed
        twin.cells, twin.unknown, twin.changed = dict(self.cells), dict(self.unknown), set(self.changed)
        twin._stamps = self._stamps
        return twin

    def pack(self) -> str:
        """Return the stamps as the column holds them."""
        return self.packed if self._stamps is None else self._stamps.pack()


def load(connection: Connection, table: Table, ids: Collection[str], fields: Iterable[str]) -> dict[str, Held]:
    """Return the records that are there, by id, with these fields. One statement."""
    known = bulk.column_set(table)
    names = tuple(name for name in dict.fromkeys(fields) if name in known)
    columns = (*_FIXED, *names)
    if len(ids) == 1:
        found = bulk.by_key(connection, table.name, columns, ("id",), *ids)
    else:
        found = bulk.select(connection, table, columns, "id", ids)
    return {row[0]: _held(row, names) for row in found}


def write(connection: Connection, table: Table, records: Iterable[Held]) -> None:
    """Write records back: the new ones whole, of the others what has changed. A statement per set of fields."""
    fresh: list[Held] = []
    groups: dict[tuple[str, ...], list[Held]] = defaultdict(list)
    for held in records:
        if held.fresh:
            fresh.append(held)
        else:
            groups[tuple(sorted(held.changed))].append(held)
    _insert(connection, table, fresh)
    for names, group in groups.items():
        columns = (*names, "_hs", "_at", "_by", "_m")
        rows = [(*_values(held, names), held.hs, held.at, held.by, held.pack(), held.id) for held in group]
        bulk.update(connection, table, columns, rows)


def overwrite(connection: Connection, table: Table, records: Iterable[Held]) -> None:
    """Write whole records over what is there: the state that came down from headquarters.

    A column that headquarters did not send is left as it is: a field that never leaves this store, or one that
    only this node's newer plugin has.
    """
    groups: dict[tuple[str, ...], list[Held]] = defaultdict(list)
    for held in records:
        groups[tuple(held.cells)].append(held)
    for names, group in groups.items():
        rows = [(*_fixed(held), *held.cells.values()) for held in group]
        bulk.upsert(connection, table, (*_FIXED, *names), rows)


def _insert(connection: Connection, table: Table, records: Sequence[Held]) -> None:
    if not records:
        return
    names = _own(table)
    rows = [(*_fixed(held), *map(held.cells.get, names)) for held in records]
    bulk.insert(connection, table, (*_FIXED, *names), rows)


@lru_cache(maxsize=2048)
def _own(table: Table) -> tuple[str, ...]:
    return tuple(name for name in bulk.columns_of(table) if name not in _FIXED)


def _fixed(held: Held) -> tuple[Any, ...]:
    unknown = canonical_json(held.unknown) if held.unknown else None
    return (held.id, held.store, held.hs, held.life, held.at, held.by, held.pack(), unknown)


def _held(row: bulk.Values, names: tuple[str, ...]) -> Held:
    held = Held(row[0], row[1], fresh=False)
    held.hs, held.life, held.at, held.by, held.packed = row[2], row[3], row[4] or "", row[5] or "", row[6] or ""
    if row[7]:
        held.unknown = read_aside(row[7])
    held.cells = dict(zip(names, row[8:], strict=True))
    return held


def _values(held: Held, names: tuple[str, ...]) -> list[Any]:
    return [_column(held, name) for name in names]


def _column(held: Held, name: str) -> Any:
    if name == LIFE:
        return held.life
    if name == "_x":
        return canonical_json(held.unknown) if held.unknown else None
    return held.cells[name]
