"""Timers that look at other records are moved when those change: which records look at which, and the way back.

A site that is patrolled every five days looks at its patrols; a call that is due before completion looks at the
site. Nobody writes that down: it follows from ``while`` and ``due`` and the computed fields they read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import Connection

from core.host.catalog import Catalog
from core.language.definition import RecordType
from core.language.expressions import Aggregate, Cases, Expression, Formula
from core.language.expressions.tree import Compare, FieldOf, Logic, Name, Node, walk
from core.model.kinds import TEXT
from stores.node import Node as Branch
from stores.storage import bulk


@dataclass(frozen=True, slots=True)
class Step:
    """One step from a record to another: along a reference of its own, or (``back``) to those that refer to it.

    With ``same`` it leads to the records whose text ``field`` says the same as ``same`` of the record before,
    ``(record, field)``: two accounts with one company code.
    """

    record: str  # whose reference it is, qualified
    field: str
    back: bool
    same: tuple[str, str] | None = None


Path = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """The timers of ``record`` look at a record at the end of ``path``."""

    record: str
    path: Path


def followers(
    connection: Connection, node: Branch, groups: Mapping[str, Collection[str]]
) -> dict[str, dict[str, None]]:
    """Return the records, by type, whose timers look at one of ``groups`` (ids by type).

    A reference is followed as it stands now. Where an aggregate goes through a whole table and no equation ties it
    to the record of the timer, nothing is followed: the timer is looked at when its own record is written.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    known = node.of_catalog(links)
    for touched, ids in groups.items():
        for link in known.get(touched, ()):
            found[link.record].update(dict.fromkeys(_walk_back(connection, node, link.path, ids)))
    return found


def _walk_back(connection: Connection, node: Branch, path: Path, ids: Collection[str]) -> Collection[str]:
    for step in reversed(path):
        table = node.table(node.catalog.records[step.record])
        wanted, key = (step.field, "id") if step.back else ("id", step.field)
        found = bulk.select(connection, table, (wanted,), key, ids, f" AND {bulk.quoted(wanted)} IS NOT NULL")
        ids = list(dict.fromkeys(str(id) for (id,) in found))
        if step.same is not None:
            record, field = step.same
            there = bulk.select(connection, node.table(node.catalog.records[record]), ("id",), field, ids)
            ids = list(dict.fromkeys(str(id) for (id,) in there))
    return ids


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A catalog, known by its revision: what runs is the same, whichever object says so."""

    revision: str
    catalog: Catalog = field(compare=False)


def links(catalog: Catalog) -> Mapping[str, tuple[Link, ...]]:
    """Return who looks at a record type through timers; worked out once per catalog."""
    return _links_of(_Snapshot(catalog.revision, catalog))


def periods(catalog: Catalog) -> Mapping[str, tuple[RecordType, ...]]:
    """Return which record types have one opened for each record of a type, period by period."""
    found: dict[str, tuple[RecordType, ...]] = {}
    for record in catalog.records.values():
        if record.every is not None:
            found[record.every.subject] = (*found.get(record.every.subject, ()), record)
    return found


@lru_cache(maxsize=8)
def _links_of(snapshot: _Snapshot) -> Mapping[str, tuple[Link, ...]]:
    found: dict[str, dict[Link, None]] = defaultdict(dict)
    for record in snapshot.catalog.records.values():
        search = _Search(snapshot.catalog)
        for timer in record.timers.values():
            search.read(timer.running, {"self": ()})
            search.read(timer.due, {"self": ()})
        for path, touched in search.found:
            if path:
                found[touched][Link(record.key, path)] = None
    return {touched: tuple(each) for touched, each in found.items()}


class _Search:
    """Goes through the formulas of one record's timers and notes every way that leads to another record."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.found: dict[tuple[Path, str], None] = {}  # way, and the type at its end
        self._read: set[tuple[Path, str, str]] = set()

    def read(self, formula: Formula | None, ways: Mapping[str, Path]) -> None:
        """Note what ``formula`` looks at; ``ways`` leads from the timer's record to each name in it."""
        match formula:
            case Expression():
                for node in walk(formula.tree):
                    if isinstance(node, FieldOf) and (way := _way(node.base, ways)) is not None:
                        self._field(way, node.record, node.name)
            case Cases():
                for row in formula.rows:
                    self.read(row.when, ways)
                    self.read(row.is_, ways)
            case Aggregate():
                self._aggregate(formula, ways)
            case _:
                pass

    def _field(self, way: Path, record: str, name: str) -> None:
        self.found[way, record] = None
        declared = self.catalog.records[record].fields.get(name)
        if declared is not None and declared.value is not None and (way, record, name) not in self._read:
            self._read.add((way, record, name))
            self.read(declared.value, {"self": way})

    def _aggregate(self, query: Aggregate, ways: Mapping[str, Path]) -> None:
        way = next(_ties(query, ways), None)
        if way is None:
            return
        self.found[way, query.record] = None
        self.read(query.where, {**ways, query.name: way})
        if query.field is not None:
            self._field(way, query.record, query.field)


def _ties(query: Aggregate, ways: Mapping[str, Path]) -> Iterator[Path]:
    """Yield the ways to the records an aggregate goes through: ``patrol.project == self`` leads back by ``project``.

    ``account.code == self.code`` leads to those of the same code. Only texts tie like that: half the table may share
    a day or a kind, and a write would look at it all.
    """
    for part in _conditions(query.where.tree) if query.where else ():
        if isinstance(part, Compare) and [op for op, _ in part.rest] == ["=="]:
            sides = (part.first, part.rest[0][1])
            for own, other in (sides, sides[::-1]):
                way = _way(other, ways)
                if way is not None and isinstance(own, FieldOf) and _is_own(own, query):
                    yield (*way, Step(query.record, own.name, back=True))
                elif isinstance(own, FieldOf) and _is_own(own, query) and (twin := _twin(own, other, ways)) is not None:
                    yield twin


def _twin(own: FieldOf, other: Node, ways: Mapping[str, Path]) -> Path | None:
    if not isinstance(other, FieldOf) or other.computed or {own.kind, other.kind} != {TEXT}:
        return None
    way = _way(other.base, ways)
    return None if way is None else (*way, Step(own.record, own.name, back=True, same=(other.record, other.name)))


def _is_own(node: FieldOf, query: Aggregate) -> bool:
    return isinstance(node.base, Name) and node.base.name == query.name and not node.computed


def _conditions(tree: Node) -> Iterator[Node]:
    """Yield what must hold: the parts of an ``and``, or the whole."""
    if isinstance(tree, Logic) and tree.op == "and":
        for part in tree.parts:
            yield from _conditions(part)
    else:
        yield tree


def _way(node: Node, ways: Mapping[str, Path]) -> Path | None:
    """Return the way to the record an expression names: a name, or references of one."""
    if isinstance(node, Name):
        return ways.get(node.name)
    if isinstance(node, FieldOf) and not node.computed and node.kind.name == "record":
        base = _way(node.base, ways)
        return None if base is None else (*base, Step(node.record, node.name, back=False))
    return None
