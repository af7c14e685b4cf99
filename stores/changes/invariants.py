"""Rules that two nodes may break together: looked at again after a merge, on the keys touched.

Each node kept the rule by what it knew. Where it is about two records, both stay; the one that arrived is flagged by a
conflict that names the other, and a person decides. Nothing is deleted and nothing is refused: both are facts. Rules
about one record are in ``broken``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from core.language.definition import Exclusive
from core.language.expressions import Formula, RuleError
from core.model.change import Entry
from core.model.values import Cell
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.changes.held import LIFE, Held
from stores.changes.merging import Dissent, DissentKind, Shape
from stores.node import Node
from stores.storage import bulk
from stores.storage.indexes import STORE, key_columns
from stores.world import NodeWorld


class Meeting(NamedTuple):
    """A line whose author did not know all that stood in the record, or that brought a value beyond its limits, and the
    record as the line found it."""

    entry: Entry
    before: Held


class Touched(NamedTuple):
    """A record as a merge left it, the line that touched it last, and whether its home had decided all of it.

    ``met`` are the lines that met something they did not know of.
    """

    held: Held
    entry: Entry
    mixed: bool
    met: tuple[Meeting, ...] = ()


def clashes(connection: Connection, node: Node, shape: Shape, touched: Sequence[Touched]) -> list[Dissent]:
    """Return the clashes that the touched records of one type, already written, have with others."""
    alive = [each for each in touched if each.held.alive]
    found = list(_same_value(connection, node, shape, alive))
    for exclusive in shape.record.exclusive.values():
        keyed = [each for each in alive if each.mixed and _moved(each.held, {*exclusive.key, "state"})]
        if keyed:
            found += _two_at_once(connection, node, shape, exclusive, keyed)
    return found


def _same_value(connection: Connection, node: Node, shape: Shape, touched: Sequence[Touched]) -> Iterator[Dissent]:
    for name, field in shape.record.fields.items():
        if not (field.stored and field.unique):
            continue
        moved = [each for each in touched if _moved(each.held, {name}) and each.held.cells.get(name) is not None]
        if not moved:
            continue
        owners = _owners(connection, node, shape, name, {each.held.cells[name] for each in moved})
        arrived = {each.held.id for each in moved}
        for each in moved:
            cell = each.held.cells[name]
            for other in owners[cell]:
                if other.id != each.held.id and (other.id not in arrived or other.id < each.held.id):
                    yield _clash("unique", each, name, cell, other)


def _owners(connection: Connection, node: Node, shape: Shape, name: str, cells: set[Cell]) -> dict[Cell, list[Held]]:
    table = node.tables[shape.record.key]
    rest = ' AND ("_life" & 1) = 1 ORDER BY id'
    found = bulk.select(connection, table, ("id", "_store", "_at", "_by", name), name, cells, rest)
    owners: dict[Cell, list[Held]] = defaultdict(list)
    for id_, store, at, by, cell in found:
        owner = Held(id_, store, fresh=False)
        owner.at, owner.by = at, by
        owners[cell].append(owner)
    return owners


def _two_at_once(
    connection: Connection, node: Node, shape: Shape, exclusive: Exclusive, touched: Sequence[Touched]
) -> Iterator[Dissent]:
    """Find records with the same key that run at the same time: within a store, when each store decides its own."""
    arrived = {each.held.id: each for each in touched}
    for group in _same_key(connection, node, shape, exclusive, arrived):
        if len(group) < 2 or not any(cells["id"] in arrived for cells in group):
            continue
        running = [cells for cells in group if _runs(connection, node, shape, exclusive.running, cells)]
        for place, cells in enumerate(running):
            each = arrived.get(str(cells["id"]))
            for other in running if each else ():
                if other is not cells and (other["id"] not in arrived or running.index(other) < place):
                    assert each is not None
                    yield _clash("exclusive", each, exclusive.name, None, _rival(other))


def _same_key(
    connection: Connection, node: Node, shape: Shape, exclusive: Exclusive, ids: Collection[str]
) -> Iterable[list[dict[str, Cell]]]:
    """Return the living records that share a key with one of ``ids``, grouped by the whole key."""
    table, names = node.tables[shape.record.key], key_columns(exclusive)
    first = next((name for name in names if name != STORE), STORE)  # a store alone would be half the table
    values = {row[0] for row in bulk.select(connection, table, (first,), "id", ids)} - {None}
    columns = bulk.columns_of(table)
    groups: dict[tuple[Cell, ...], list[dict[str, Cell]]] = defaultdict(list)
    for row in bulk.select(connection, table, columns, first, values, ' AND ("_life" & 1) = 1 ORDER BY id'):
        cells = dict(zip(columns, row, strict=True))
        key = tuple(cells[name] for name in names)
        if None not in key:
            groups[(cells["_store"] if shape.record.sync.home == "store" else None, *key)].append(cells)
    return groups.values()


def _rival(cells: Mapping[str, Cell]) -> Held:
    rival = Held(str(cells["id"]), str(cells["_store"]), fresh=False)
    rival.at, rival.by = str(cells["_at"]), str(cells["_by"])
    return rival


def _runs(connection: Connection, node: Node, shape: Shape, running: Formula, cells: dict[str, Cell]) -> bool:
    """Return whether the record counts for the rule; one for which that cannot be told does not."""
    row = rows.from_cells(shape.record, cells)
    world = NodeWorld(connection, node, shape.record.plugin, str(cells["_store"]))
    try:
        return bool(running(world.env(row, node.now(), SYSTEM_ACTOR)))
    except RuleError:
        return False


def _moved(record: Held, names: set[str]) -> bool:
    return record.fresh or LIFE in record.changed or not names.isdisjoint(record.changed)


def _clash(kind: DissentKind, each: Touched, field: str, cell: Cell, other: Held) -> Dissent:
    return Dissent(
        kind, each.entry.type, each.held.id, each.held.store, field, None, cell, None, cell, each.entry,
        policy=kind, outcome="both", detail=other.id, rival=other,
    )  # fmt: skip
