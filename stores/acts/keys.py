"""Keys that only one record may hold: unique fields, and exclusive keys while a condition holds.

Decided at the record's home, inside the write transaction, by an index; never by a database constraint,
because a merge must not fail: two homes that clash are shown in the conflict inbox.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from core.language.definition import Exclusive, RecordType
from core.language.expressions import Env, Row, holds
from core.model.errors import Problem, Text
from core.model.values import Cell
from stores import rows
from stores.storage import bulk
from stores.world import NodeWorld


def taken(world: NodeWorld, record: RecordType, draft: Row, old: Row | None = None) -> list[Problem]:
    """Return a problem for each unique field whose value another live record of this node already has.

    A value that the record had before (``old``) is not asked about: two homes may have clashed over it, and
    the record must stay usable until somebody has decided. The message tells nothing but that it is taken.
    """
    problems = []
    for name, field in record.stored.items():
        if not field.unique or (value := draft.values.get(name)) is None:
            continue
        if old is not None and old.values[name] == value:
            continue
        if _same(world, record, {name: value}, draft.id, " LIMIT 1"):
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
    for other in _same(world, record, key, draft.id, " AND _store = ?", world.store):
        if _key(exclusive, other, env) == key:  # this very action may have moved it away
            return other
    return None


def _key(exclusive: Exclusive, row: Row, env: Env) -> dict[str, object] | None:
    """Return the key a record holds; None while it does not run, or has no full key."""
    key = {name: row.values.get(name) for name in exclusive.key}
    if any(value is None for value in key.values()) or not holds(exclusive.running, env.having(self=row)):
        return None
    return key


def _asked(world: NodeWorld, record: RecordType, cells: Mapping[str, Cell]) -> Connection:
    """Return whom to ask for a key: what waits to be written need not be written first if it cannot hold it."""
    waiting = world.shared.waiting if world.shared else None
    return world.connection if waiting is None or waiting.may_hold(record.key, cells) else waiting.below


def _same(
    world: NodeWorld, record: RecordType, key: Mapping[str, object], but: str, rest: str = "", *more: str
) -> list[Row]:
    """Return the living records, but for one, whose fields hold ``key``, as this transaction has them."""
    cells = rows.to_cells(record, key)
    tests = "".join(f"{bulk.quoted(name)} = ? AND " for name in cells)
    sql = f"SELECT id FROM {bulk.quoted(record.table)} WHERE {tests}id <> ? AND (_life & 1) = 1{rest}"  # noqa: S608 - names of our own
    found = bulk.run(_asked(world, record, cells), sql, *cells.values(), but, *more)
    return [row for (id_,) in found if (row := world.row(record.key, id_)) is not None]
