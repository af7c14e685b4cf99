"""Keys that only one record may hold: unique fields, and exclusive keys while a condition holds.

Decided at the record's home, inside the write transaction, by an index; never by a database constraint,
because a merge must not fail: two homes that clash are shown in the conflict inbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table, select

from core.language.definition import Exclusive, RecordType
from core.language.expressions import Env, Row, holds
from core.model.errors import ActionRefused, Problem, Text
from stores import rows
from stores.messages import filled
from stores.world import NodeWorld


def check_unique(world: NodeWorld, record: RecordType, draft: Row) -> None:
    """Refuse a value that another live record of this node already has in a unique field."""
    problems = []
    table = world.node.table(record)
    for name, field in record.fields.items():
        value = draft.values.get(name)
        if not field.unique or not field.stored or value is None:
            continue
        holder = _first(world, table, record, {name: value}, draft.id)
        if holder is not None:
            what = Text(f"{field.label.en} is already taken", f"{field.label.zh}已被占用")
            fix = Text("open the record that has it, or enter another", "请打开已有记录，或填写其他值")
            problems.append(Problem("unique", what, fix=fix, field=name))
    if problems:
        raise ActionRefused(tuple(problems))


def check_exclusive(world: NodeWorld, record: RecordType, draft: Row, env: Env) -> None:
    """Refuse a draft whose key another running record of the same store holds."""
    for exclusive in record.exclusive.values():
        if _other_holder(world, record, exclusive, draft, env) is not None:
            message = filled(exclusive.message, exclusive.fills, env)
            raise ActionRefused((Problem(exclusive.name, message, field=exclusive.key[-1]),))


def _other_holder(world: NodeWorld, record: RecordType, exclusive: Exclusive, draft: Row, env: Env) -> Row | None:
    key = {name: draft.values.get(name) for name in exclusive.key}
    if any(value is None for value in key.values()) or not holds(exclusive.running, env.having(self=draft)):
        return None
    table = world.node.table(record)
    query = select(table).where(
        *_same(table, record, key), table.c.id != draft.id, table.c._store == world.store, table.c._life % 2 == 1
    )
    for found in world.connection.execute(query).mappings():
        other = rows.from_cells(record, dict(found))
        if holds(exclusive.running, env.having(self=other)):
            return other
    return None


def _first(world: NodeWorld, table: Table, record: RecordType, key: Mapping[str, object], but: str) -> str | None:
    found = world.connection.execute(
        select(table.c.id).where(*_same(table, record, key), table.c.id != but, table.c._life % 2 == 1).limit(1)
    )
    return found.scalar()


def _same(table: Table, record: RecordType, key: Mapping[str, object]) -> list[ColumnElement[bool]]:
    return [table.c[name] == cell for name, cell in rows.to_cells(record, key).items()]
