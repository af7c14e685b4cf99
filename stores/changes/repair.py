"""Records that differ between a branch and headquarters although both have seen everything: put right, one by one.

It happens when somebody edits a database behind its node's back, when a disk lies, or when we have a bug. Nothing is
put right in silence: both versions are kept in a conflict record, where a person finds them and can choose the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from core.language.definition import SYSTEM, RecordType
from core.model.change import Entry
from core.model.scope import HEADQUARTERS
from core.model.stamps import RowStamps
from core.model.values import Cell, canonical_json
from stores.changes import apply, buckets, conflicts, evidence, feed, held, log, quarantine, refill
from stores.changes.commit import Deed, Edit
from stores.changes.feed import StateRow
from stores.changes.held import LIFE, Held
from stores.changes.making import make_on
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk, counters
from stores.storage.counters import Counters

DIFFERS = "differs"
MISSING = "missing"  # detail of a conflict: the record was not there at all


@dataclass(frozen=True, slots=True)
class Caller:
    """Who says that its records differ: the branch's log, its store, and up to where it holds the hub's order. What
    has changed at headquarters since comes by the feed."""

    origin: str
    store: str
    after: int


@dataclass(slots=True)
class Mended:
    """What headquarters makes of records that differ: the rows as they are to stand, those that are to go, and how
    many wait in quarantine and are left alone. ``incidents`` counts the conflict records written, ``touched`` are the
    records that changed here."""

    rows: list[StateRow] = field(default_factory=list)
    gone: list[Key] = field(default_factory=list)
    waiting: int = 0
    incidents: int = 0
    touched: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Incident:
    """Two versions of one field (or of a whole record, ``field`` None), of which ``mine`` stands at headquarters."""

    row: StateRow
    store: str  # whose it is to look at
    field: str | None
    mine: Cell
    theirs: Cell
    origin: str
    detail: str | None = None


def take_over(
    connection: Connection, node: Node, rows: Sequence[StateRow], gone: Sequence[Key], *, applied: int, hlc: int
) -> tuple[Key, ...]:
    """Write, at a branch, what headquarters has decided, whatever place the rows here claim to have; remove what is
    gone for good. Return the records touched."""
    known = [row for row in rows if row.type in node.catalog.records]
    for row in known:
        table = bulk.quoted(node.tables[row.type].name)
        bulk.run_only(connection, f'UPDATE {table} SET "_hs" = 0 WHERE id = ?', row.id)  # noqa: S608 - our names
    for type_, id_ in gone:
        if type_ in node.catalog.records:
            bulk.delete(connection, node.tables[type_].name, ("id",), id_)
    buckets.forget(connection)  # what was kept of them says nothing any more
    return apply.apply_rows(connection, node, known, applied=applied, hlc=hlc).touched


def mend(
    connection: Connection, node: Node, caller: Caller, offered: Sequence[StateRow], missing: Sequence[Key]
) -> Mended:
    """Decide about records that a branch holds otherwise than headquarters, in the caller's write transaction.

    ``offered`` are its versions, ``missing`` what it does not have at all. The log of headquarters decides first: a row
    here that contradicts it is put right by it. Otherwise headquarters' row stands, and a record that is gone here for
    good stays gone. What has a change in quarantine is left alone.
    """
    standing = counters.load(connection, node)
    by_type: dict[str, dict[str, StateRow | None]] = defaultdict(dict)
    for type_, id_ in missing:
        by_type[type_][id_] = None
    for row in offered:
        by_type[row.type][row.id] = row
    stuck = quarantine.waiting(connection, ((type_, id_) for type_, group in by_type.items() for id_ in group))
    bench = _Bench(connection, node, standing, caller)
    for type_, group in by_type.items():
        free = {id_: row for id_, row in group.items() if type_ in node.catalog.records and (type_, id_) not in stuck}
        bench.done.waiting += len(group) - len(free)
        if free:
            bench.work(node.catalog.records[type_], free)
    _record(connection, node, standing, bench.incidents)
    counters.save(connection, standing)
    bench.done.incidents = len(bench.incidents)
    return bench.done


@dataclass(slots=True)
class _Bench:
    """What headquarters works with while it puts records right."""

    connection: Connection
    node: Node
    standing: Counters
    caller: Caller
    done: Mended = field(default_factory=Mended)
    incidents: list[Incident] = field(default_factory=list)

    def work(self, record: RecordType, theirs: Mapping[str, StateRow | None]) -> None:
        """Decide about records of one type; None is a record that the branch does not have."""
        found = feed.rows_of(self.connection, self.node, record, theirs, self.caller.store)
        ours = {row.id: row for row in found}
        lines: dict[str, list[Entry]] = defaultdict(list)
        for line in log.of_records(self.connection, record.key, theirs):
            lines[line.pk].append(line)
        for id_, offered in theirs.items():
            here = ours.get(id_)
            base = here or self._believed(offered, lines[id_])
            if base is None:
                self._let_go(record.key, id_, offered, lines[id_])
            elif here is None or here.hs <= self.caller.after:
                self._decide(record, _proved(record, base, lines[id_]), here, offered)

    def _believed(self, offered: StateRow | None, lines: Sequence[Entry]) -> StateRow | None:
        """Return the branch's version of a record that is not here, if the log knows that it should be."""
        mine = offered is not None and offered.store in (self.caller.store, HEADQUARTERS)
        return offered if mine and _lives(lines) else None

    def _let_go(self, type_: str, id_: str, offered: StateRow | None, lines: Sequence[Entry]) -> None:
        self.done.gone.append((type_, id_))
        told = offered is not None and refill.is_shown(self.connection, self.node, id_)
        if offered is not None and not lines and not told:  # nobody has ever entered it
            owner, origin = self.caller.store, self.caller.origin
            self.incidents.append(Incident(offered, owner, None, None, _told(offered), origin))

    def _decide(self, record: RecordType, right: StateRow, here: StateRow | None, offered: StateRow | None) -> None:
        """Let ``right`` stand on both sides."""
        if right != here:
            right = replace(right, hs=self.standing.next_hs())
            _put(self.connection, self.node, record, right)
            self.done.touched.append((record.key, right.id))
            self.incidents += _differences(right, here, self.node.identity.origin, self.caller.store)
        self.incidents += _differences(right, offered, self.caller.origin, self.caller.store)
        if right != offered:
            self.done.rows.append(right)


def _proved(record: RecordType, row: StateRow, lines: Iterable[Entry]) -> StateRow:
    """Return the row with what the log says in the place of what contradicts it."""
    said = evidence.contradictions(record, {**row.cells, LIFE: row.life}, RowStamps.unpack(row.m), lines)
    if not said:
        return row
    life = said.pop(LIFE, row.life)
    assert isinstance(life, int)
    return replace(row, life=life, cells={**row.cells, **said})


def _differences(right: StateRow, other: StateRow | None, origin: str, sender: str) -> list[Incident]:
    """Return what ``other``, the version that ``origin`` had, says otherwise. Its place alone is nobody's business."""
    owner = sender if right.store == HEADQUARTERS else right.store
    if other is None:
        return [Incident(right, owner, None, None, None, origin, MISSING)]
    found = [
        Incident(other, owner, name, cell, other.cells.get(name), origin)
        for name, cell in right.cells.items()
        if cell != other.cells.get(name)
    ]
    if (right.life, right.store) != (other.life, other.store):
        found.append(Incident(other, owner, None, _told(right), _told(other), origin))
    return found


def _put(connection: Connection, node: Node, record: RecordType, row: StateRow) -> None:
    """Write a row that was put right. It has no line in the log: the log has said so all along."""
    kept = Held(row.id, row.store, fresh=False)
    kept.hs, kept.life, kept.at, kept.by, kept.packed = row.hs, row.life, row.at, row.by, row.m
    kept.cells = dict(row.cells)
    held.overwrite(connection, node.table(record), [kept])


def _lives(lines: Sequence[Entry]) -> bool:
    """Say whether the log knows the record, and not as a deleted one."""
    lives = [line.body[LIFE][1] for line in lines if LIFE in line.body]
    return bool(lines) and (not lives or max(int(life or 0) for life in lives) % 2 == 1)


def _record(connection: Connection, node: Node, standing: Counters, incidents: Sequence[Incident]) -> None:
    if not incidents:
        return
    type_ = node.catalog.records[conflicts.CONFLICT]
    edits = []
    for each in incidents:
        cells: dict[str, Cell] = {
            "kind": DIFFERS,
            "record_type": each.row.type,
            "record_id": each.row.id,
            "field": each.field,
            "mine": conflicts.text_of(each.mine),
            "theirs": conflicts.text_of(each.theirs),
            "theirs_by": each.row.by,
            "theirs_at": each.row.at,
            "theirs_origin": each.origin,
            "outcome": "current",
            "detail": each.detail,
            "state": "open",
        }
        edits.append(Edit(type_, node.new_id(), each.store, "create", cells))
    make_on(connection, node, standing, Deed(node.new_id(), conflicts.OPEN, SYSTEM, node.now()), type_, edits)


def _told(row: StateRow) -> str:
    return canonical_json({"life": row.life, **{name: cell for name, cell in row.cells.items() if cell is not None}})
