"""What headquarters itself had changed between a backup and its restoration: its branches' rows still show it.

What branches did comes back with their logs. What headquarters did stands in no log but its own, which is lost; the
rows it sent down carry its stamps. A branch offers them, and headquarters enters them again, as changes of today.

It believes them with care (docs/decisions/0018): about people, posts and settings nothing is entered unseen, and what
is entered stands in the conflicts, where one click takes it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection

from core.language.definition import SYSTEM, RecordType
from core.model.merge import FieldStamp
from core.model.scope import HEADQUARTERS
from core.model.stamps import RowStamps
from core.model.values import Cell, canonical_json
from stores.changes import conflicts, feed, log
from stores.changes.commit import Deed, Edit, EditKind, commit_on
from stores.changes.feed import StateRow, leaving
from stores.changes.held import LIFE
from stores.changes.merging import Unfit, check_column, shape_of
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk, counters
from stores.storage.counters import LEAP, Counters

REFILLED = "refilled"  # facts of a line: which branch's row it was entered from; and the clock stamp it had there
CORE = "core"
PASSED_OVER = frozenset(
    {"core.notice", "core.access", "core.conflict", "core.request"}
)  # they tell, and decide nothing
Stands = Literal["current", "incoming"]


@dataclass(slots=True)
class Refilled:
    """What was entered again, what was only shown, and the records that changed."""

    taken: int = 0
    shown: int = 0
    touched: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """Who offers: the branch's log and store; ``lost_after`` is the last place that the restored hub still knew."""

    origin: str
    store: str
    lost_after: int


def rows_above(
    connection: Connection, node: Node, place: int, after: Key, limit: int
) -> tuple[list[StateRow], Key | None]:
    """Return records of this node whose place is above ``place``, a page behind ``after`` by type and id, and where to
    go on (None: nowhere)."""
    for key in sorted(node.catalog.records):
        if key < after[0]:
            continue
        record, last = node.catalog.records[key], after[1] if key == after[0] else ""
        table = bulk.quoted(record.table)
        sql = f'SELECT id FROM {table} WHERE "_hs" > ? AND id > ? ORDER BY id LIMIT ?'  # noqa: S608 - our names
        ids = [id_ for (id_,) in bulk.run(connection, sql, place, last, limit)]
        if ids:
            return feed.rows_of(connection, node, record, ids, node.store), (key, ids[-1])
    return [], None


def take_back(connection: Connection, node: Node, source: Source, rows: Sequence[StateRow]) -> Refilled:
    """Enter again what these rows show of headquarters' own lost changes, in the caller's write transaction.

    Of each field only what headquarters wrote after ``lost_after``; what has been written here since stands, and the
    lost value is shown beside it. Offered twice, or by two branches, it is entered once, the later version last.
    """
    standing = counters.load(connection, node)
    work = _Work(connection, node, standing, source)
    groups: dict[str, list[StateRow]] = defaultdict(list)
    for row in rows:
        groups[row.type].append(row)
    for type_, group in groups.items():
        record = node.catalog.records.get(type_)
        if record is not None:
            work.take(record, group)
    counters.save(connection, standing)
    return work.done


@dataclass(slots=True)
class _Work:
    connection: Connection
    node: Node
    standing: Counters
    source: Source
    done: Refilled = field(default_factory=Refilled)

    def take(self, record: RecordType, rows: Sequence[StateRow]) -> None:
        ours = {
            row.id: row for row in feed.rows_of(self.connection, self.node, record, [r.id for r in rows], HEADQUARTERS)
        }
        known = self._entered(record, [row.id for row in rows])
        for row in rows:
            believed = row.store in (HEADQUARTERS, self.source.store) and record.key not in PASSED_OVER
            if believed and _reads(record, row):
                self._take_row(record, row, ours.get(row.id), known.get(row.id, 0))

    def _take_row(self, record: RecordType, row: StateRow, here: StateRow | None, entered: int) -> None:
        stamps = RowStamps.unpack(row.m)
        lost = {name: cell for name, cell in self._cells(record, row).items() if self._is_lost(stamps.of(name))}
        newest = max((stamps.of(name).hlc for name in lost), default=0)
        if not lost or newest <= entered or (here is None and not self._is_lost(stamps.base)):
            return
        if here is None:
            self._enter(
                record, row, "create", {n: c for n, c in lost.items() if c is not None and n != LIFE}, {}, newest
            )
            return
        current, now = self._cells(record, here), RowStamps.unpack(here.m)
        differ = {name: cell for name, cell in lost.items() if cell != current.get(name)}
        later = {name for name in differ if not entered and now.of(name).hs > self.source.lost_after + LEAP}
        for name in sorted(later):
            self._show(row, name, current.get(name), differ[name], "current")
        wanted = {name: cell for name, cell in differ.items() if name not in later}
        kind: EditKind = "update"
        if LIFE in wanted:
            alive = int(wanted.pop(LIFE) or 0) % 2 == 1
            kind = "undelete" if alive else "delete"
            if alive == (here.life % 2 == 1):
                kind = "update"
        if wanted or kind != "update":
            self._enter(record, row, kind, wanted, current, newest)

    def _enter(
        self, record: RecordType, row: StateRow, kind: EditKind, cells: Mapping[str, Cell],
        current: Mapping[str, Cell], hlc: int,
    ) -> None:  # fmt: skip
        """Enter what was lost, and show it; what core keeps is only shown: it decides who may do what."""
        if record.plugin == CORE:
            self._show(row, None, None, canonical_json({"kind": kind, **cells}), "current")
            return
        facts = {REFILLED: self.source.origin, "hlc": hlc}
        deed = Deed(self.node.new_id(), "", SYSTEM, self.node.now(), facts)
        commit_on(self.connection, self.node, self.standing, deed, [Edit(record, row.id, row.store, kind, cells)])
        self.done.taken += 1
        self.done.touched.append((record.key, row.id))
        if kind != "update":
            self._show(row, None, None, canonical_json({"kind": kind, **cells}), "incoming")
        for name, cell in cells.items() if kind == "update" else ():
            self._show(row, name, current.get(name), cell, "incoming")

    def _show(self, row: StateRow, name: str | None, mine: Cell, theirs: Cell, outcome: Stands) -> None:
        cells: dict[str, Cell] = {
            "kind": REFILLED,
            "record_type": row.type,
            "record_id": row.id,
            "field": name,
            "mine": conflicts.text_of(mine),
            "theirs": conflicts.text_of(theirs),
            "theirs_by": row.by,
            "theirs_at": row.at or None,
            "theirs_origin": self.source.origin,
            "outcome": outcome,
            "state": "open",
        }
        type_ = self.node.catalog.records[conflicts.CONFLICT]
        edit = Edit(type_, self.node.new_id(), self.source.store, "create", cells)
        deed = Deed(self.node.new_id(), conflicts.OPEN, SYSTEM, self.node.now())
        commit_on(self.connection, self.node, self.standing, deed, [edit])
        self.done.shown += 1

    def _cells(self, record: RecordType, row: StateRow) -> dict[str, Cell]:
        return {name: row.cells.get(name) for name in leaving(record)} | {LIFE: row.life}

    def _is_lost(self, stamp: FieldStamp) -> bool:
        """Say whether headquarters, under whatever incarnation, wrote it at a place that it has forgotten."""
        mine = stamp.origin.rpartition(".")[0] == self.node.identity.node
        return mine and self.source.lost_after < stamp.hs <= self.source.lost_after + LEAP

    def _entered(self, record: RecordType, ids: Sequence[str]) -> dict[str, int]:
        """Return, for records that were entered again already, the clock stamp of what was entered."""
        found: dict[str, int] = {}
        for line in log.of_records(self.connection, record.key, ids):
            if line.facts and REFILLED in line.facts:
                hlc = line.facts.get("hlc")
                found[line.pk] = max(found.get(line.pk, 0), hlc if isinstance(hlc, int) else 0)
        return found


def _reads(record: RecordType, row: StateRow) -> bool:
    """Say whether every cell of a row is one that its column may hold: it came over the network."""
    shape = shape_of(record)
    try:
        for name in leaving(record):
            check_column(shape, name, (row.cells.get(name),))
    except Unfit:
        return False
    return True
