"""Keys that only one record may hold: unique fields, and exclusive keys while a condition holds.

Decided at the record's home, inside the write transaction, by an index; never by a database constraint,
because a merge must not fail: two homes that clash are shown in the conflict inbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table, select

from core.language.definition import Exclusive, RecordType
from core.language.expressions import Env, Row, holds
from core.model.errors import Problem, Text
from stores import rows
from stores.world import NodeWorld


def taken(world: NodeWorld, record: RecordType, draft: Row, old: Row | None = None) -> list[Problem]:
    """Return a problem for each unique field whose value another live record of this node already has.

    A value that the record had before (``old``) is not asked about: two homes may have clashed over it, and
    the record must stay usable until somebody has decided. The message tells nothing but that it is taken.
    """
    problems = []
    table = world.node.table(record)
    for name, field in record.fields.items():
        value = draft.values.get(name)
        if not field.unique or not field.stored or value is None or (old is not None and old.values[name] == value):
            continue
        if _first(world, table, record, {name: value}, draft.id) is not None:
            what = Text(f"{field.label.en} is already taken", f"{field.label.zh}已被占用")
            fix = Text("open the record that has it, or enter another", "请打开已有记录，或填写其他值")
            problems.append(Problem("unique", what, fix=fix, field=name))
    return problems


def clash(world: NodeWorld, record: RecordType, draft: Row, env: Env, old: Row | None = None) -> Exclusive | None:
    """Return the exclusive rule whose key another running record of the same store holds, or None.

    What the record held before (``old``) it may go on holding: see ``taken``.
    """
    for exclusive in record.exclusive.values():
        held = old is not None and _key(exclusive, old, env) == _key(exclusive, draft, env)
        if not held and _other_holder(world, record, exclusive, draft, env) is not None:
            return exclusive
    return None


def _other_holder(world: NodeWorld, record: RecordType, exclusive: Exclusive, draft: Row, env: Env) -> Row | None:
    key = _key(exclusive, draft, env)
    if key is None:
        return None
    table = world.node.table(record)
    query = select(table).where(
        *_same(table, record, key), table.c.id != draft.id, table.c._store == world.store, table.c._life % 2 == 1
    )
    for found in world.connection.execute(query).mappings():
        other = world.row(record.key, str(found["id"])) or rows.from_cells(record, dict(found))
        if _key(exclusive, other, env) == key:  # this very action may have moved it away
            return other
    return None


def _key(exclusive: Exclusive, row: Row, env: Env) -> dict[str, object] | None:
    """Return the key a record holds; None while it does not run, or has no full key."""
    key = {name: row.values.get(name) for name in exclusive.key}
    if any(value is None for value in key.values()) or not holds(exclusive.running, env.having(self=row)):
        return None
    return key


def _first(world: NodeWorld, table: Table, record: RecordType, key: Mapping[str, object], but: str) -> str | None:
    found = world.connection.execute(
        select(table.c.id).where(*_same(table, record, key), table.c.id != but, table.c._life % 2 == 1).limit(1)
    )
    return found.scalar()


def _same(table: Table, record: RecordType, key: Mapping[str, object]) -> list[ColumnElement[bool]]:
    return [table.c[name] == cell for name, cell in rows.to_cells(record, key).items()]
