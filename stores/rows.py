"""A row of a record table as the values that rules see, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.language.expressions import Row
from core.model.clock import from_iso, iso
from core.model.errors import NotFound, Problem, Text
from stores.node import Node
from stores.storage import bulk

HIDDEN = ("_hs", "_life")  # what the kernel, but no rule, looks at


def load(connection: Connection, node: Node, record: RecordType, id: str) -> Row | None:
    """Return the record ``id`` as values, also a deleted one, or None. One lookup by primary key."""
    columns = bulk.columns_of(node.table(record))
    found = bulk.by_key(connection, record.table, columns, ("id",), id)
    return from_cells(record, dict(zip(columns, found[0], strict=True))) if found else None


def load_all(connection: Connection, node: Node, record: RecordType, ids: Collection[str]) -> dict[str, Row]:
    """Return those of the records ``ids`` that are here, also deleted ones, by id. One statement."""
    if len(ids) == 1:
        return {id: row for id in ids if (row := load(connection, node, record, id)) is not None}
    columns = bulk.columns_of(node.table(record))
    found = bulk.select(connection, node.table(record), columns, "id", ids)
    loaded = (from_cells(record, dict(zip(columns, row, strict=True))) for row in found)
    return {row.id: row for row in loaded}


def get(connection: Connection, node: Node, record: RecordType, id: str) -> Row:
    """Return the record ``id`` or raise NotFound."""
    row = load(connection, node, record, id)
    if row is None:
        raise missing(record, id)
    return row


def alive(row: Row) -> bool:
    """Say whether a record is not deleted; one that is only about to be written is not."""
    return cast(int, row.values.get("_life", 1)) % 2 == 1


def missing(record: RecordType, id: str) -> NotFound:
    """Return the error for a record that is not there, or that the person may not know about."""
    return NotFound(
        (
            Problem(
                "no-such-record",
                Text(f"there is no {record.label.en} `{id}` here", f"这里没有{record.label.zh} `{id}`"),
                fix=Text("open it again from the list", "请从列表重新打开"),
            ),
        )
    )


def from_cells(record: RecordType, cells: Mapping[str, Any]) -> Row:
    """Return a database row as values; ``store``, ``state``, ``number`` and ``written_at`` are names like any field."""
    values = {name: field.spec.value(cells[name]) for name, field in record.stored.items()}
    values["store"] = cells["_store"]
    values["state"] = cells["state"]
    values["number"] = cells["number"]
    values["written_at"] = from_iso(cells["_at"]) if cells["_at"] else None
    for name in HIDDEN:
        values[name] = cells[name]
    return Row(record.key, str(cells["id"]), values)


def made(row: Row, at: datetime) -> Row:
    """Return a record just made, whose values fit their fields, as it would be loaded."""
    return Row(row.type, row.id, {**row.values, "written_at": from_iso(iso(at)), "_hs": 0, "_life": 1})


def to_cells(record: RecordType, values: Mapping[str, object]) -> dict[str, int | str | None]:
    """Return values as cells; names that are not stored fields, state or number are left out."""
    cells: dict[str, int | str | None] = {}
    stored = record.stored
    for name, value in values.items():
        if name in stored:
            cells[name] = stored[name].spec.cell(value)
        elif name in {"state", "number"}:
            cells[name] = None if value is None else str(value)
    return cells
