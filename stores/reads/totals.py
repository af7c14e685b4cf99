"""Figures over the records a person may see: how many, and the sum, average or extreme of a field, also by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, func, select

from core.language.definition import RecordType
from core.language.expressions import Formula
from core.model.errors import NodeError
from stores.actor import Actor
from stores.node import Node
from stores.reads.filters import Columns, Filter
from stores.reads.reading import Reading

GROUPS_MAX = 40
_HOW: Mapping[str, Callable[[ColumnElement[Any]], ColumnElement[Any]]] = {
    "sum": func.sum,
    "avg": func.avg,
    "min": func.min,
    "max": func.max,
}
Total = tuple[str | None, object]  # the group's cell (None without groups), the figure as JSON


def totals(
    node: Node,
    actor: Actor,
    record: RecordType,
    how: str,
    field: str | None = None,
    *,
    by: str | None = None,
    only: Formula | None = None,
    where: Sequence[Filter] = (),
) -> list[Total]:
    """Return a figure over the records the actor may see, or one per value of ``by``, the largest group first.

    Raises Forbidden when he sees the field, or the one it is grouped by, only masked: a sum would tell.
    """
    with node.database.read() as connection:
        reading = Reading(connection, node, actor)
        reading.check_role(record)
        columns = Columns(node.table(record), reading.sight_of(record), node.zone)
        figure = func.count() if how == "count" else _figure(columns, how, field)
        group = columns.column(by)[0] if by else None
        wanted = [columns.table.c._life % 2 == 1, *reading.within(record), *reading.conditions(record)]
        wanted += [columns.condition(each) for each in where]
        if only is not None:
            wanted.append(reading.lowered(record, only))
        if group is None:
            cell = connection.execute(select(figure).select_from(columns.table).where(*wanted)).scalar()
            return [(None, _said(columns, how, field, cell))]
        query = select(group, figure).where(*wanted).group_by(group).order_by(figure.desc()).limit(GROUPS_MAX)
        return [(found, _said(columns, how, field, cell)) for found, cell in connection.execute(query)]


def _figure(columns: Columns, how: str, field: str | None) -> ColumnElement[Any]:
    if field is None or how not in _HOW:
        raise NodeError.of("bad-figure", f"`{how}` needs a field", f"`{how}` 需要字段")
    return _HOW[how](columns.column(field)[0])


def _said(columns: Columns, how: str, field: str | None, cell: Any) -> object:
    """Return a figure as JSON: money and decimals are whole numbers in the database, and texts outside it."""
    if how == "count":
        return int(cell or 0)
    if cell is None or field is None:
        return None
    spec = columns.column(field)[1]
    if spec.type in {"money", "decimal"}:
        digits = 2 if spec.type == "money" else spec.digits or 0
        return str((Decimal(str(cell)) / 10**digits).quantize(Decimal(1).scaleb(-digits)))
    if how == "avg":
        return str(round(Decimal(str(cell)), 1))
    return spec.json(spec.value(int(cell) if spec.type == "int" else cell), columns.zone)
