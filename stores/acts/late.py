"""A request that reaches the home late: its fields meet what the home wrote meanwhile, or it no longer fits at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, select

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Row
from core.model.clock import COUNTER_BITS
from core.model.errors import Problem
from core.model.merge import NEVER, FieldStamp, FieldState, MergePolicy, merge_field
from core.model.stamps import RowStamps
from core.model.values import Cell
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts import effects
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.world import NodeWorld

CONFLICT = "core.conflict"


@dataclass(frozen=True, slots=True)
class Late:
    """Who asked, when, from which store, up to which hub sequence they had seen the record, and the request's stamp."""

    by: str
    at: datetime
    base_hs: int
    origin: str
    asked: FieldStamp = NEVER

    @property
    def stamp(self) -> FieldStamp:
        """The stamp by which the request ranks among writes that had not seen it."""
        return FieldStamp(0, int(self.at.timestamp() * 1000) << COUNTER_BITS, self.origin)

    def over(self, current: FieldStamp) -> FieldStamp:
        """The stamp by which it meets a value: what its own node had written before, who asked had in front of him."""
        if current.origin == self.asked.origin and current.hlc < self.asked.hlc:
            return self.asked
        return self.stamp


def settle_field(
    connection: Connection, node: Node, record: RecordType, row: Row, name: str, value: object, late: Late
) -> object:
    """Return what an asked field becomes; a conflict record shows both values when neither had seen the other."""
    spec = record.fields[name].spec
    policy = record.fields[name].merge
    new = None if value is None else spec.cell(value)
    current = state_of(connection, node, record, row, name)
    lossless = policy in {MergePolicy.UNION, MergePolicy.APPEND}
    old = None if lossless else current.cell
    merged = merge_field(policy, current, old, new, late.over(current.stamp), late.base_hs)
    if merged.conflict:
        _open(connection, node, _field_conflict(record, row, name, current, new, late, policy, merged.kept), row)
    return None if merged.cell is None else spec.value(merged.cell)


def open_refused(connection: Connection, node: Node, request: Row, problems: tuple[Problem, ...]) -> None:
    """Put a request that its home refused into the conflict inbox, with the reasons in both languages."""
    values: dict[str, object] = {
        "kind": "refused",
        "record_type": request.values["record_type"],
        "record_id": request.values["record_id"],
        "field": None,
        "theirs": request.values["action"],
        "theirs_by": request.values["actor"],
        "theirs_at": request.values["made_at"],
        "policy": "home",
        "outcome": "current",
        "detail": "\n".join(f"{p.what.zh} / {p.what.en}" for p in problems),
    }
    _open(connection, node, values, request)


def state_of(connection: Connection, node: Node, record: RecordType, row: Row, name: str) -> FieldState:
    """Return a field of a record as it stands here, with who wrote it."""
    table = node.table(record)
    cell, packed = connection.execute(select(table.c[name], table.c._m).where(table.c.id == row.id)).one()
    return FieldState(cast(Cell, cell), RowStamps.unpack(packed).of(name))


def _field_conflict(
    record: RecordType,
    row: Row,
    name: str,
    current: FieldState,
    new: Cell,
    late: Late,
    policy: MergePolicy,
    kept: str,
) -> dict[str, object]:
    return {
        "kind": "field",
        "record_type": record.key,
        "record_id": row.id,
        "field": name,
        "mine": None if current.cell is None else str(current.cell),
        "mine_origin": current.stamp.origin,
        "theirs": None if new is None else str(new),
        "theirs_by": late.by,
        "theirs_at": late.at,
        "theirs_origin": late.origin,
        "policy": str(policy),
        "outcome": kept,
    }


def _open(connection: Connection, node: Node, values: dict[str, object], about: Row) -> None:
    record = node.catalog.records[CONFLICT]
    world = NodeWorld(connection, node, "core", str(about.values["store"]))
    env = world.env(None, node.now(), SYSTEM_ACTOR)
    row = effects.new_row(world, record, values, env, node.new_id())
    deed = Deed(node.new_id(), f"{CONFLICT}.open", SYSTEM, node.now())
    commit(connection, node, deed, [Edit(record, row.id, world.store, "create", rows.to_cells(record, row.values))])
