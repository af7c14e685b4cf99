"""What headquarters itself had changed between a backup and its restoration: its branches' rows still show it.

What branches did comes back with their logs. What headquarters did stands in no log but its own, which is lost; the
rows it sent down carry its stamps. A branch offers them, and headquarters enters them again, as changes of today.

It believes them with care (docs/decisions/0018): about people, posts and settings nothing is entered unseen, and what
is entered stands in the conflicts, where one click takes it back.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection

from core.language.definition import SYSTEM, RecordType
from core.model.merge import FieldStamp, FieldState, MergePolicy, merge_field
from core.model.scope import HEADQUARTERS
from core.model.stamps import RowStamps
from core.model.values import Cell, canonical_json
from stores.changes import conflicts, feed
from stores.changes.batch import AHEAD_MS_MAX
from stores.changes.commit import Deed, Edit, EditKind, commit_on
from stores.changes.evidence import AGAIN
from stores.changes.feed import StateRow, leaving
from stores.changes.held import LIFE
from stores.changes.merging import Unfit, check_column, shape_of
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk, counters
from stores.storage.counters import Counters
from stores.storage.system import LOG

REFILLED = "refilled"  # facts of a line: which branch's row it was entered from; and the kind of its conflict
CORE = "core"
PASSED_OVER = frozenset({"core.notice", "core.access", "core.conflict"})  # they tell, and decide nothing
REQUEST = "core.request"
Stands = Literal["current", "incoming"]
Told = tuple[str, str | None, str | None]  # record, field, the value that was lost
Line = tuple[str, str, int]  # record, log or field, and clock stamp


@dataclass(slots=True)
class Refilled:
    """What was entered again, what was only shown, and the records that changed."""

    taken: int = 0
    shown: int = 0
    touched: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """Who offers: its log and store. ``gaps`` are the places the hub has forgotten, from after one up to another."""

    origin: str
    store: str
    gaps: Sequence[tuple[int, int]]

    def is_forgotten(self, place: int) -> bool:
        """Say whether the hub has forgotten what it gave this place to."""
        return any(after < place <= begun for after, begun in self.gaps)


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

    Of each field only what headquarters wrote at a place forgotten; what has been written here since stands, and the
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


def is_shown(connection: Connection, node: Node, id_: str) -> bool:
    """Say whether a whole record that headquarters has lost stands in the conflicts since it was restored."""
    table = node.tables[conflicts.CONFLICT]
    sql = f"SELECT 1 FROM {bulk.quoted(table.name)} WHERE record_id = ? AND kind = ? AND field IS NULL LIMIT 1"  # noqa: S608 - our names
    return bool(bulk.run(connection, sql, id_, REFILLED))


@dataclass(slots=True)
class _Work:
    connection: Connection
    node: Node
    standing: Counters
    source: Source
    done: Refilled = field(default_factory=Refilled)
    told: set[Told] = field(default_factory=set)
    held: set[Line] = field(default_factory=set)
    again: set[Line] = field(default_factory=set)

    def take(self, record: RecordType, rows: Sequence[StateRow]) -> None:
        ids = [row.id for row in rows]
        ours = {row.id: row for row in feed.rows_of(self.connection, self.node, record, ids, HEADQUARTERS)}
        self.told = self._told(ids)
        self.held, self.again = self._held(record, ids)
        for row in rows:
            believed = row.store in (HEADQUARTERS, self.source.store) and record.key not in PASSED_OVER
            if believed and _reads(record, row):
                self._take_row(record, row, ours.get(row.id))

    def _take_row(self, record: RecordType, row: StateRow, here: StateRow | None) -> None:
        stamps = RowStamps.unpack(row.m)
        lost = {
            name: cell
            for name, cell in self._cells(record, row).items()
            if self._is_lost(row, stamps.of(name))
            and (row.id, name, self._ranked(stamps.of(name)).hlc) not in self.again
        }
        if here is None and self._is_lost(row, stamps.base):
            known = {name: cell for name, cell in lost.items() if cell is not None and name != LIFE}
            self._enter(record, row, "create", known, {}, stamps)
        elif here is not None and record.key != REQUEST:  # a request is brought back by its asker's log
            self._take_fields(record, row, here, lost, stamps)

    def _take_fields(
        self, record: RecordType, row: StateRow, here: StateRow, lost: Mapping[str, Cell], stamps: RowStamps
    ) -> None:
        """Enter again the lost fields that nobody has entered since, nor another branch's row shows as they were later.

        A sum is only shown: what branches had added to it comes back with their logs, and would count twice. To notes
        and lists what they lack is added, for others have added to them meanwhile; only a list from which somebody may
        since have taken something away is left as it is.
        """
        current, now = self._cells(record, here), RowStamps.unpack(here.m, here.hs)
        wanted: dict[str, Cell] = {}
        for name in sorted(lost):
            held, stamp = now.of(name), self._ranked(stamps.of(name))
            later = held.hlc >= stamp.hlc  # who wrote after the lost value has heard of its stamp; places are new
            policy, cell = _policy(record, name), lost[name]
            adds = policy is MergePolicy.APPEND or (policy is MergePolicy.UNION and not later)
            if adds:
                cell = merge_field(policy, FieldState(current.get(name), held), None, cell, stamp, 0).cell
            if cell == current.get(name) or (later and not adds and self._is_gone(row.id, held)):
                continue  # as it is, or as it was later: another branch has offered it
            if policy is MergePolicy.SUM or (later and not adds):
                self._show(row, name, current.get(name), cell, "current")
            else:
                wanted[name] = cell
        kind: EditKind = "update"
        if LIFE in wanted:
            alive = int(wanted.pop(LIFE) or 0) % 2 == 1
            if alive != (here.life % 2 == 1):
                kind = "undelete" if alive else "delete"
        if wanted or kind != "update":
            self._enter(record, row, kind, wanted, current, stamps)

    def _enter(
        self, record: RecordType, row: StateRow, kind: EditKind, cells: Mapping[str, Cell],
        current: Mapping[str, Cell], stamps: RowStamps,
    ) -> None:  # fmt: skip
        """Enter what was lost, and show it; what core keeps is only shown: it decides who may do what.

        But a request: what its home did about it, in the name of who had asked, would wait in quarantine for ever.
        """
        if record.plugin == CORE and record.key != REQUEST:
            self._show(row, None, None, canonical_json({"kind": kind, **cells}), "current")
            return
        written = {
            name: self._ranked(stamps.of(name)) for name in (*cells, LIFE) if self._is_lost(row, stamps.of(name))
        }
        first = {name: stamp.hlc for name, stamp in written.items()}
        facts = {REFILLED: self.source.origin, AGAIN: first}
        whole = {"": self._ranked(stamps.base)} if kind == "create" else {}
        deed = Deed(self.node.new_id(), "", SYSTEM, self.node.now(), facts)
        edit = Edit(record, row.id, row.store, kind, cells, written | whole)
        commit_on(self.connection, self.node, self.standing, deed, [edit])
        self.done.taken += 1
        self.done.touched.append((record.key, row.id))
        if kind != "update":
            self._show(row, None, None, canonical_json({"kind": kind, **cells}), "incoming")
        for name, cell in cells.items() if kind == "update" else ():
            self._show(row, name, current.get(name), cell, "incoming")

    def _show(self, row: StateRow, name: str | None, mine: Cell, theirs: Cell, outcome: Stands) -> None:
        told = (row.id, name, conflicts.text_of(theirs))
        if told in self.told:
            return
        self.told.add(told)
        cells: dict[str, Cell] = {
            "kind": REFILLED,
            "record_type": row.type,
            "record_id": row.id,
            "field": name,
            "mine": conflicts.text_of(mine),
            "theirs": told[2],
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

    def _ranked(self, stamp: FieldStamp) -> FieldStamp:
        """Return the stamp a lost value had and has again: who wrote after it has seen it. None is of the future."""
        return stamp._replace(hlc=self.node.clock.rank(stamp.hlc, AHEAD_MS_MAX))

    def _is_lost(self, row: StateRow, stamp: FieldStamp) -> bool:
        """Say whether headquarters, under whatever incarnation, wrote it and has forgotten it; or, in a record of its
        own, the branch, whose disk has lost the line as well."""
        author = stamp.origin.rpartition(".")[0]
        own = row.store == self.source.store and author == self.source.origin.rpartition(".")[0]
        return (own or author == self.node.identity.node) and self._is_gone(row.id, stamp)

    def _is_gone(self, id_: str, stamp: FieldStamp) -> bool:
        """Say whether the line that wrote it is in no log here, and stood at a place that may have been forgotten."""
        return self.source.is_forgotten(stamp.hs) and (id_, stamp.origin, stamp.hlc) not in self.held

    def _held(self, record: RecordType, ids: Sequence[str]) -> tuple[set[Line], set[Line]]:
        """Return which lines about these records are in the logs here: what they wrote is not lost.

        And of what has been entered again the record, the field and the stamp it had: it stands, or whoever has
        replaced it since knew of it.
        """
        columns = ("pk", "origin", "hlc", "facts")
        rows = bulk.select(self.connection, LOG, columns, "pk", ids, " AND type = ?", record.key)
        entered = [(pk, json.loads(facts)) for pk, _, _, facts in rows if facts and f'"{REFILLED}":' in facts]
        again = {(pk, name, hlc) for pk, facts in entered for name, hlc in facts.get(AGAIN, {}).items()}
        return {(pk, origin, hlc) for pk, origin, hlc, _ in rows}, again

    def _told(self, ids: Sequence[str]) -> set[Told]:
        """Return what conflict records tell already of these records: every branch offers what all of them hold."""
        table, columns = self.node.tables[conflicts.CONFLICT], ("record_id", "field", "theirs")
        return set(bulk.select(self.connection, table, columns, "record_id", ids, " AND kind = ?", REFILLED))


def _policy(record: RecordType, name: str) -> MergePolicy:
    """Return how a field merges; state, number and the life counter are their home's."""
    field_ = record.fields.get(name)
    return MergePolicy.HOME if field_ is None else field_.merge


def _reads(record: RecordType, row: StateRow) -> bool:
    """Say whether every cell of a row is one that its column may hold: it came over the network."""
    shape = shape_of(record)
    try:
        for name in leaving(record):
            check_column(shape, name, (row.cells.get(name),))
    except Unfit:
        return False
    return True
