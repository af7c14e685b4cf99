"""Aggregates asked on their own: a count, a sum, an average, an extreme, or the one record that matches."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Connection, Select, func, select

from core.language.expressions import Aggregate, Env
from core.model.clock import from_iso
from stores.lowering.lowerer import Lowerer
from stores.lowering.prepared import Memories, Scribe, answers, find, keep, memory_of
from stores.lowering.scene import SqlWorld
from stores.lowering.terms import Term
from stores.lowering.words import WORDS

if TYPE_CHECKING:
    from stores.node import Node


def aggregate_query(connection: Connection, node: Node, query: Aggregate, env: Env) -> object:
    """Return a count, sum, average, extreme or single record, worked out by the node's database.

    What has been asked before is not worded again (``prepared``). Databases in memory are a rehearsal's, which notes
    the fields that are read while a question is worded; PostgreSQL has a round trip to pay for anyway.
    """
    if node.database.dialect != "sqlite" or node.database.in_memory:
        return aggregate(connection, query, env, node.database.dialect)
    return aggregate_again(connection, query, env, node.questions)


def aggregate_again(connection: Connection, query: Aggregate, env: Env, memories: Memories) -> object:
    """Return what ``aggregate`` does on SQLite, remembering how it was said."""
    memory = memory_of(memories, query)
    if memory is None:
        return aggregate(connection, query, env, "sqlite")
    if (found := find(memory, env)) is not None:
        plan, parameters = found
        return _told(cast(SqlWorld, env.world), query, plan.term, answers(connection, plan, parameters))
    plain, term = _said(query, env, "sqlite")
    told = _told(cast(SqlWorld, env.world), query, term, connection.execute(plain).all())
    keep(connection, memory, lambda scribe: _said(query, env, "sqlite", scribe)[0], plain, term)
    return told


def matching(world: SqlWorld, env: Env, query: Aggregate, dialect: str) -> ColumnElement[bool]:
    """Return SQL that is true for the records that ``query`` would count."""
    table = world.table_of(query.record)
    return Lowerer(world, env, WORDS[dialect], {query.name: table}).matching(query, table)


def aggregate(connection: Connection, query: Aggregate, env: Env, dialect: str) -> object:
    """Return what ``query`` yields: a value as rules see it, None when it is empty."""
    said, term = _said(query, env, dialect)
    return _told(cast(SqlWorld, env.world), query, term, connection.execute(said).all())


def _said(query: Aggregate, env: Env, dialect: str, scribe: Scribe | None = None) -> tuple[Select[Any], Term]:
    """Return the question, and the term whose kind and scale its answer has."""
    world = cast(SqlWorld, env.world)
    table = world.table_of(query.record)
    lowerer = Lowerer(world, env, WORDS[dialect], {query.name: table}, scribe)
    matching = lowerer.matching(query, table)
    value = lowerer.aggregated_value(query, table)
    if query.how == "avg":
        return select(func.sum(value.sql), func.count(value.sql)).where(matching), value
    if query.how == "one":
        return select(value.sql).where(matching).limit(2), value
    result = lowerer.aggregated(query, table)
    return select(result.sql).select_from(table).where(matching), result


def _told(world: SqlWorld, query: Aggregate, term: Term, found: Sequence[Sequence[Any]]) -> object:
    """Return what the rows of an answer say."""
    if query.how == "avg":
        total, number = found[0]
        return _figure(total, term.scale) / number if number else None
    if query.how == "one":
        return _value(world, query, term, found[0][0]) if len(found) == 1 else None
    cell = found[0][0]
    return int(cell or 0) if query.how == "count" else _value(world, query, term, cell)


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
