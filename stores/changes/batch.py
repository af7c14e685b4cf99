"""Merge many transactions of another node at once: read the records they touch, work in memory, write in bulk.

A transaction is merged whole or not at all. One that fails goes to quarantine with the reason; later ones that touch
the same records wait behind it; all others go on.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError

from core.language.definition import SYSTEM, Field, RecordType
from core.model.change import Entry
from core.model.clock import STAMP_MAX
from core.model.errors import Problem, Text
from core.model.lines import Lines
from core.model.merge import FieldStamp
from core.model.stamps import RowStamps
from core.model.values import Cell
from stores.changes import broken, held, invariants, plain, quarantine
from stores.changes.compaction import ended
from stores.changes.held import LIFE, Held
from stores.changes.invariants import Meeting, Touched
from stores.changes.limits import exceeded
from stores.changes.merging import DECIDED, Dissent, FieldHook, Shape, Unfit, check_cells, merge, shape_of
from stores.changes.older import lift_all
from stores.changes.people import People
from stores.changes.permits import may_write
from stores.changes.quarantine import MERGE_FAILED, MISSING, NEW, WAITING, Key, Tried
from stores.node import Node
from stores.storage import bulk
from stores.storage.counters import Counters

report = logging.getLogger(__name__)

AHEAD_MS_MAX = 60_000  # a stamp further in the future than this is ranked as if it were only so far
_REFUSED = (DataError, IntegrityError, InterfaceError, OverflowError, UnicodeError)


@dataclass(slots=True)
class Tally:
    """What a merge did: records touched, two writes that could not both stand, lines that wait."""

    plain: list[Key] = field(default_factory=list)  # touched set-wise
    touched: dict[Key, Touched] = field(default_factory=dict)
    dissents: list[Dissent] = field(default_factory=list)
    waiting: list[Entry] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)  # code -> lines that wait for it
    merged: int = 0

    def add(self, other: Tally) -> None:
        """Take over what another merge did after this one."""
        self.plain += other.plain
        self.touched.update(other.touched)
        self.dissents += other.dissents
        self.waiting += other.waiting
        self.reasons += other.reasons
        self.merged += other.merged


def merge_transactions(
    connection: Connection, node: Node, standing: Counters, entries: Sequence[Entry], sender: str, tried: Tried = NEW
) -> Tally:
    """Merge log lines, in order and with whole transactions, into the records; return what happened.

    All of them in one savepoint. What a store creates is taken for new until a key says that it is not: then the same
    once more, looking first. Only when the database itself refuses something else are they taken one transaction a
    savepoint, to find the one at fault: that is slow, and nearly never needed.
    """
    before = standing.hs
    for looking in (False, True) if isinstance(entries, Lines) else (True,):
        try:
            with bulk.savepoint(connection):
                return Batch(connection, node, standing, sender, tried, looking=looking).run(entries)
        except _REFUSED:
            standing.hs = before
    tally = Tally()
    for group in _transactions(entries):
        tally.add(_merge_alone(connection, node, standing, group, sender, tried))
    return tally


def _transactions(entries: Iterable[Entry]) -> list[list[Entry]]:
    return [list(group) for _, group in groupby(entries, key=lambda entry: (entry.origin, entry.tx))]


def _merge_alone(
    connection: Connection, node: Node, standing: Counters, group: list[Entry], sender: str, tried: Tried
) -> Tally:
    before = standing.hs
    try:
        with bulk.savepoint(connection):
            return Batch(connection, node, standing, sender, tried).run(group)
    except _REFUSED as error:
        standing.hs = before
        problem = _failed(error)
        quarantine.keep(connection, node, group, sender, problem, tried)
        return Tally(waiting=list(group), reasons=Counter({problem.code: len(group)}))


class Batch:
    """The records some transactions touch, and how far the merge of them has got."""

    def __init__(
        self,
        connection: Connection,
        node: Node,
        standing: Counters,
        sender: str,
        tried: Tried,
        *,
        looking: bool = True,
    ) -> None:
        """Without ``looking``, what is created set-wise is not looked up first; a key refuses what is there already."""
        self.connection = connection
        self.node = node
        self.standing = standing
        self.sender = sender
        self.tried = tried
        self.looking = looking
        self.records: dict[Key, Held] = {}
        self.shapes: dict[str, Shape] = {}
        self.waiting: set[Key] = set()
        self.tally = Tally()
        self.people = People(connection, node, self.tally.touched)
        self.latest = node.clock.rank(STAMP_MAX, AHEAD_MS_MAX)  # a stamp may rank no higher, whatever it claims
        self.newest = 0

    def run(self, entries: Sequence[Entry]) -> Tally:
        """Merge whole transactions and write the records. The log is the caller's.

        The n-th transaction takes the n-th place from here in the hub's order; one that is put aside leaves it empty.
        """
        start = self.standing.hs
        groups = (
            self._merge_plain(entries, start) if isinstance(entries, Lines) else list(enumerate(_transactions(entries)))
        )
        lifted = [(place, lift_all(self.node.catalog, group)) for place, group in groups]
        self._load([entry for _, group in lifted for entry in group])
        for place, group in lifted:
            self._merge(group, start + 1 + place)
        self.node.clock.observe(self.newest)
        self._write()
        return self.tally

    def _merge_plain(self, lines: Lines, start: int) -> list[tuple[int, list[Entry]]]:
        """Merge plain transactions at once; return the others with their places."""
        self.people.meet(set(lines.columns["actor"]) - {SYSTEM})
        keys = zip(lines.columns["type"], lines.columns["pk"], strict=True)
        waiting = quarantine.waiting(self.connection, keys)
        terms = plain.Terms(self.sender, start, self.latest, self.looking)
        found = plain.merge_plain(self.connection, self.node, lines, self.people, waiting, terms)
        self.tally.plain += found.keys
        self.tally.merged += len(found.keys)
        self.newest, self.standing.hs = found.newest, max(start, found.hs)
        rest: dict[int, list[Entry]] = {}
        for place, done in enumerate(found.done):
            if not done:
                rest.setdefault(found.number[place], []).append(lines[place])
        return list(rest.items())

    def _load(self, entries: Sequence[Entry]) -> None:
        ids: dict[str, set[str]] = defaultdict(set)
        names: dict[str, set[str]] = defaultdict(set)
        for entry in entries:
            ids[entry.type].add(entry.pk)
            names[entry.type].update(entry.body)
        hook = merge_hook(self.node)
        for key, pks in ids.items():
            record = self.node.catalog.records.get(key)
            if record is not None:
                self.shapes[key] = shape_of(record, hook)
                fields = names[key] - {LIFE} | set(DECIDED)
                found = held.load(self.connection, self.node.tables[key], pks, sorted(fields))
                self.records.update(((key, pk), record_) for pk, record_ in found.items())
        self.people.meet({entry.actor for entry in entries} - {SYSTEM})
        if self.tried.times > 1:
            self.waiting = quarantine.waiting_before(self.connection, entries)
        else:
            self.waiting = quarantine.waiting(self.connection, ((entry.type, entry.pk) for entry in entries))

    def _merge(self, group: Sequence[Entry], hs: int) -> None:
        """Work out what a transaction makes of the records it touches; they change only when all of it fits."""
        first = group[0]
        stamp = FieldStamp(hs, min(first.hlc, self.latest), first.origin)
        staged: dict[Key, Touched] = {}
        dissents: list[Dissent] = []
        unknown: list[Entry] = []
        try:
            for entry in group:
                shape = self.shapes.get(entry.type)
                if shape is None:
                    unknown.append(entry)
                    continue
                key = (entry.type, entry.pk)
                before = staged.get(key) or self.tally.touched.get(key)
                staged[key] = self._step(entry, shape, key, before, stamp, dissents)
        except Unfit as unfit:
            self._keep(group, self._known_better(unfit.problem, entry))
            return
        except Exception as error:  # noqa: BLE001 - whatever a line or a hook does, its neighbours' work goes on
            report.exception("transaction %s of %s cannot be merged", first.tx, first.origin)
            self._keep(group, _failed(error))
            return
        if staged:
            self.standing.hs, self.newest = max(self.standing.hs, hs), max(self.newest, stamp.hlc)
            self.tally.touched.update(staged)
        self.tally.dissents += dissents
        self.tally.merged += len(group) - len(unknown)
        for entry in unknown:
            self._keep([entry], quarantine.unknown_type(self.node.catalog, entry.type))

    def _step(
        self,
        entry: Entry,
        shape: Shape,
        key: Key,
        before: Touched | None,
        stamp: FieldStamp,
        dissents: list[Dissent],
    ) -> Touched:
        """Return what one line makes of its record; add to ``dissents`` what could not both stand."""
        current = before.held if before else self.records.get(key)
        if key in self.waiting and not self._is_awaited(entry, current):
            raise Unfit(WAITING)
        check_cells(shape, entry)
        home = may_write(shape.record, current, entry, self.sender, self.people)
        mixed, met = not home or (before is not None and before.mixed), before.met if before else ()
        if current is None:
            record = _created(shape, entry, stamp)
        else:
            if current.hs > entry.base_hs:
                mixed, met = True, (*met, Meeting(entry, current))
            record = current.copy()
            dissents += merge(record, entry, shape, stamp, is_home=home)
        if exceeded(shape, entry) and not (met and met[-1].entry is entry):
            met = (*met, Meeting(entry, current or Held(entry.pk, entry.store, fresh=True)))
        record.hs = stamp.hs
        if entry.at >= record.at:
            record.at, record.by = entry.at, entry.actor
        return Touched(record, entry, mixed, met)

    def _is_awaited(self, entry: Entry, current: Held | None) -> bool:
        """Say whether a line brings the very record that those in quarantine wait for."""
        creates = current is None and entry.kind == "create"
        return creates and quarantine.only_missing(self.connection, entry.type, entry.pk)

    def _known_better(self, problem: Problem, entry: Entry) -> Problem:
        """Say that the record of the line at fault is gone for good, where nobody need wait for it to arrive."""
        missing = problem.code == MISSING and (entry.type, entry.pk) not in self.records
        return GONE if missing and ended(self.connection, entry.type, entry.pk) else problem

    def _keep(self, group: Sequence[Entry], problem: Problem) -> None:
        quarantine.keep(self.connection, self.node, group, self.sender, problem, self.tried)
        self.waiting.update((entry.type, entry.pk) for entry in group)
        self.tally.waiting += group
        self.tally.reasons[problem.code] += len(group)

    def _write(self) -> None:
        by_type: dict[str, list[Touched]] = defaultdict(list)
        for (type_, _), touched in self.tally.touched.items():
            by_type[type_].append(touched)
        for type_, group in by_type.items():
            held.write(self.connection, self.node.tables[type_], (each.held for each in group))
        for type_, group in by_type.items():
            shape = self.shapes[type_]
            self.tally.dissents += invariants.clashes(self.connection, self.node, shape, group)
            self.tally.dissents += broken.rules_broken(self.connection, self.node, shape, group)


def merge_hook(node: Node) -> FieldHook:
    """Return how plugins are asked to merge a field; one that fails counts as no answer, and ``latest`` decides."""

    def ask(record: RecordType, field_: Field, base: Cell, ours: Cell, theirs: Cell) -> Cell:
        answer: Cell = node.host.ask("merge_field", record=record, field=field_, base=base, ours=ours, theirs=theirs)
        return answer

    return ask


def _created(shape: Shape, entry: Entry, stamp: FieldStamp) -> Held:
    record = Held(entry.pk, entry.store, fresh=True)
    record.packed = RowStamps(stamp).pack()
    known = shape.policies
    record.cells = {name: new for name, (_, new) in entry.body.items() if name in known}
    if len(record.cells) < len(entry.body):
        record.unknown = {name: new for name, (_, new) in entry.body.items() if name not in known}
    return record


GONE = Problem(
    "record-gone",
    Text("the record was deleted, and even its tombstone is gone", "该记录已删除，其墓碑也已清除"),
    fix=Text("enter it anew if it is still needed; discard this change", "如仍需要请重新录入，并放弃此更改"),
)


def _failed(error: BaseException) -> Problem:
    said = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    what = Text(f"the change could not be merged: {said}", f"更改无法合并：{said}")
    return Problem(MERGE_FAILED, what, fix=Text("it is tried again; see the log", "将自动重试，详见日志"))
