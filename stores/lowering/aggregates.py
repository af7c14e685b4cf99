"""Aggregates asked on their own: a count, a sum, an average, an extreme, or the one record that matches."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Connection, func, select

from core.language.expressions import Aggregate, Env
from core.model.clock import from_iso
from stores.lowering.lowerer import Lowerer
from stores.lowering.scene import SqlWorld
from stores.lowering.terms import Term
from stores.lowering.words import WORDS

if TYPE_CHECKING:
    from stores.node import Node


def aggregate_query(connection: Connection, node: Node, query: Aggregate, env: Env) -> object:
    """Return a count, sum, average, extreme or single record, worked out by the node's database."""
    return aggregate(connection, query, env, node.database.dialect)


def matching(world: SqlWorld, env: Env, query: Aggregate, dialect: str) -> ColumnElement[bool]:
    """Return SQL that is true for the records that ``query`` would count."""
    table = world.table_of(query.record)
    return Lowerer(world, env, WORDS[dialect], {query.name: table}).matching(query, table)


def aggregate(connection: Connection, query: Aggregate, env: Env, dialect: str) -> object:
    """Return what ``query`` yields: a value as rules see it, None when it is empty."""
    world = cast(SqlWorld, env.world)
    table = world.table_of(query.record)
    lowerer = Lowerer(world, env, WORDS[dialect], {query.name: table})
    matching = lowerer.matching(query, table)
    value = lowerer.aggregated_value(query, table)
    if query.how == "avg":
        total, number = connection.execute(select(func.sum(value.sql), func.count(value.sql)).where(matching)).one()
        return _figure(total, value.scale) / number if number else None
    if query.how == "one":
        found = connection.execute(select(value.sql).where(matching).limit(2)).scalars().all()
        return _value(world, query, value, found[0]) if len(found) == 1 else None
    result = lowerer.aggregated(query, table)
    cell = connection.execute(select(result.sql).select_from(table).where(matching)).scalar()
    return int(cell or 0) if query.how == "count" else _value(world, query, result, cell)


def _value(world: SqlWorld, query: Aggregate, term: Term, cell: Any) -> object:
    """Return a cell as the value rules see. PostgreSQL sums whole numbers into a Decimal, hence ``int``."""
    if cell is None or query.field is None:
        return cell
    if term.kind.name == "int":
        return int(cell)
    if term.kind.name == "decimal":
        return _figure(cell, term.scale)
    if query.field == "written_at":
        return from_iso(str(cell))
    plain = query.field in ("id", "store", "state", "number")
    return cell if plain else world.field_of(query.record, query.field).spec.value(cell)


def _figure(cell: Any, scale: int) -> Decimal:
    return Decimal(int(cell)).scaleb(-scale)
