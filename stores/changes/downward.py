"""Put down, at a branch, what headquarters holds: whole records, with what was done here since replayed over them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.change import Entry
from core.model.merge import FieldStamp
from core.model.scope import is_home
from core.model.stamps import RowStamps
from core.model.values import read_aside
from stores.changes import held, log, older, quarantine
from stores.changes.batch import merge_hook
from stores.changes.feed import StateRow
from stores.changes.held import Held
from stores.changes.merging import DECIDED, Shape, replay, shape_of
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk, checkpoints, upgrades

Versions = Mapping[str, str]  # plugin -> version
NO_VERSIONS: Versions = {}


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What a branch made of a page: records touched, rows parked that its plugins cannot read yet, older rows passed
    over, changes of its own replayed, and the highest clock stamp that arrived."""

    touched: tuple[Key, ...]
    parked: int = 0
    stale: int = 0
    replayed: int = 0
    hlc: int = 0


def put_down(
    connection: Connection, node: Node, rows: Sequence[StateRow], applied: int | None, versions: Versions = NO_VERSIONS
) -> ApplyReport:
    """Write rows from headquarters over what is here, in the caller's write transaction.

    A row that headquarters has not yet merged our latest changes into is its state with those replayed over it.
    ``applied`` is how much of our log the rows contain; None: as much as is acknowledged. ``versions`` are those of
    headquarters' plugins: what an older one names and writes otherwise is read as ours. What only a newer one can
    mean waits until the plugin is updated here; the desk goes on with the record as it was.
    """
    groups: dict[str, list[StateRow]] = defaultdict(list)
    for row in rows:
        groups[row.type].append(row)
    unknown = [row for type_, group in groups.items() if type_ not in node.catalog.records for row in group]
    if unknown:
        quarantine.park(connection, node, unknown, versions, quarantine.unknown_type)
    touched: list[Key] = []
    stale, replayed, parked = 0, 0, len(unknown)
    pending = _pending_origins(connection, node, applied)
    for type_, group in groups.items():
        record = node.catalog.records.get(type_)
        if record is None:
            continue
        shape = shape_of(record, merge_hook(node))
        current = _not_older(connection, node, type_, group)
        stale += len(group) - len(current)
        ours = log.kept_back(connection, type_, [row.id for row in current])
        version = versions.get(record.plugin)
        records = [_record(node, shape, row, version, ours.get(row.id, set())) for row in current]
        if ahead := {each.id for each in records if _is_ahead(record, each)}:
            late = [row for row in current if row.id in ahead]
            quarantine.park(connection, node, late, versions, quarantine.unknown_state)
            records = [each for each in records if each.id not in ahead]
            parked += len(late)
        replayed += _replay(connection, node, shape, records, pending)
        held.overwrite(connection, node.tables[type_], records)
        for name, cell in older.fills(node.catalog, type_, version).items():
            upgrades.fill(connection, record.table, name, cell, [each.id for each in records])
        touched += ((type_, each.id) for each in records)
    return ApplyReport(tuple(touched), parked, stale, replayed, _highest_stamp(rows))


def _not_older(connection: Connection, node: Node, type_: str, rows: Sequence[StateRow]) -> list[StateRow]:
    """Leave out rows older than what is here: a page may be delivered again after a later one.

    What is here beyond the checkpoint is of another epoch: headquarters was restored, and what it says now counts.
    """
    position = checkpoints.pulled(connection)
    found = bulk.select(connection, node.tables[type_], ("id", "_hs"), "id", [row.id for row in rows])
    here: dict[str, int] = dict(found)
    newest: dict[str, StateRow] = {}
    for row in rows:
        older = row.hs < here.get(row.id, 0) <= position
        if not older and (row.id not in newest or row.hs >= newest[row.id].hs):
            newest[row.id] = row
    return list(newest.values())


def _record(node: Node, shape: Shape, row: StateRow, version: str | None, ours: Collection[str]) -> Held:
    """Return the row as a record of this node's plugin version: each field where it belongs here.

    ``ours`` are fields that never left this node: headquarters knows nothing of them and must not empty them.
    """
    record = Held(row.id, row.store, fresh=False)
    record.hs, record.life, record.at, record.by = row.hs, row.life, row.at, row.by
    record.packed = older.lift_stamps(node.catalog, row.type, version, row.m)
    hidden = shape.record.sync.hide.union(ours)
    cells = older.lift_cells(node.catalog, row.type, version, row.cells)
    if row.x:
        cells |= read_aside(row.x)
    for name, cell in cells.items():
        if name not in shape.policies:
            record.unknown[name] = cell
        elif name not in hidden:
            record.cells[name] = cell
    return record


def _is_ahead(record: RecordType, held: Held) -> bool:
    """Say whether a record is in a state that only a newer version has: nobody here could go on from it."""
    state = held.cells.get("state")
    return state is not None and state not in record.states


def _pending_origins(connection: Connection, node: Node, applied: int | None) -> dict[str, int]:
    """Return the logs written here that headquarters has not merged all of, with how far it has."""
    own = node.identity.origin
    pending = {}
    for origin, (seq, _) in checkpoints.heads(connection).items():
        done = applied if applied is not None and origin == own else checkpoints.acked(connection, origin)
        if seq > done:
            pending[origin] = done
    return pending


def _replay(
    connection: Connection, node: Node, shape: Shape, records: Sequence[Held], pending: Mapping[str, int]
) -> int:
    by_id = {record.id: record for record in records}
    count = 0
    for origin, done in pending.items():
        for line in log.of_records(connection, shape.record.key, by_id, origin, done):
            _replay_line(node, shape, by_id[line.pk], older.lift(node.catalog, line))
            count += 1
    return count


def _replay_line(node: Node, shape: Shape, record: Held, line: Entry) -> None:
    for name in line.body:
        if name in shape.policies and name not in DECIDED:
            record.cells.setdefault(name, None)
    home = is_home(shape.record.sync.home, record.store, node.store)
    replay(record, line, shape, FieldStamp(0, line.hlc, line.origin), is_home=home)
    if line.at >= record.at:
        record.at, record.by = line.at, line.actor


def _highest_stamp(rows: Sequence[StateRow]) -> int:
    """Return the highest clock stamp in the rows' packed stamps: what arrived must rank below what comes next."""
    return max((RowStamps.unpack(row.m).newest for row in rows), default=0)
