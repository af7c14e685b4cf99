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

from typing import cast

from sqlalchemy import ColumnElement, FromClause

from core.language.expressions import Env, Expression, Formula
from stores.lowering.aggregates import aggregate, aggregate_query, matching
from stores.lowering.lowerer import Lowerer
from stores.lowering.scene import SqlWorld
from stores.lowering.terms import Term
from stores.lowering.words import WORDS

__all__ = ["Lowerer", "SqlWorld", "aggregate", "aggregate_query", "lower", "lower_value", "matching"]


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


def _lowerer(formula: Formula, env: Env, source: FromClause, dialect: str, own: str | None) -> Lowerer:
    name = own or (formula.own if isinstance(formula, Expression) else None) or "self"
    return Lowerer(cast(SqlWorld, env.world), env, WORDS[dialect], {name: source})
