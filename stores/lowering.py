"""Conditions and aggregates as SQL: the door to the one place that knows how an expression is said to a database.

SQLite and PostgreSQL must give exactly the rows the closure would. What makes that hard is emptiness: in a
rule, ordering by an empty value fails and the whole ``where`` is then false, while SQL goes on with NULL.
So a condition does not become one SQL condition but, at each step, the one wanted there: *is it surely true*
or *is it surely false*. Either is never TRUE in SQL when the rule fails, and no NOT ever stands before
something that may be NULL.

Parts that read no column are worked out first and become bound parameters. References are followed by
correlated scalar subqueries, whether or not the record they point to is deleted; aggregates count live records.
A known figure with more than six decimals is rounded to six before a column is multiplied by or added to it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import ColumnElement, Connection, FromClause, func, select

from core.language.expressions import Aggregate, Env, Expression, Formula
from stores.lowerer import Lowerer, SqlWorld
from stores.terms import Term
from stores.words import WORDS

if TYPE_CHECKING:
    from stores.node import Node

__all__ = ["SqlWorld", "aggregate", "aggregate_query", "lower", "lower_value"]


def lower(
    condition: Formula, env: Env, source: FromClause, dialect: str, own: str | None = None
) -> ColumnElement[bool]:
    """Return SQL that is TRUE for exactly the rows of ``source`` for which the condition holds, never NULL-true.

    ``own`` is the name whose columns are read: an expression knows its own, otherwise it is ``self``. ``env``
    has every other name; its world must be a ``SqlWorld``. Raises RuleError when a part that reads no column fails.
    """
    return _lowerer(condition, env, source, dialect, own).formula_sure(condition, wanted=True)


def lower_value(formula: Formula, env: Env, source: FromClause, dialect: str, own: str | None = None) -> Term:
    """Return a formula's value per row, as SQL with its scale: to sort or sum by a computed field."""
    return _lowerer(formula, env, source, dialect, own).formula_term(formula)


def aggregate_query(connection: Connection, node: Node, query: Aggregate, env: Env) -> object:
    """Return a count, sum, average, extreme or single record, worked out by the node's database."""
    return aggregate(connection, query, env, node.database.dialect)


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


def _lowerer(formula: Formula, env: Env, source: FromClause, dialect: str, own: str | None) -> Lowerer:
    name = own or (formula.own if isinstance(formula, Expression) else None) or "self"
    return Lowerer(cast(SqlWorld, env.world), env, WORDS[dialect], {name: source})


def _value(world: SqlWorld, query: Aggregate, term: Term, cell: Any) -> object:
    """Return a cell as the value rules see. PostgreSQL sums whole numbers into a Decimal, hence ``int``."""
    if cell is None or query.field is None:
        return cell
    if term.kind.name == "int":
        return int(cell)
    if term.kind.name == "decimal":
        return _figure(cell, term.scale)
    return (
        cell
        if query.field in ("id", "store", "state", "number")
        else world.field_of(query.record, query.field).spec.value(cell)
    )


def _figure(cell: Any, scale: int) -> Decimal:
    return Decimal(int(cell)).scaleb(-scale)
