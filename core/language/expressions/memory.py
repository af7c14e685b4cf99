"""A world of rows in memory: what the questions of a rule mean, in plain Python.

The database answers the same questions by SQL; the tests hold the two together. It also serves whoever
wants to try a rule without a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from core.language.expressions.env import Calendar, EmptyValue, Env, Row
from core.language.expressions.formula import Aggregate, Formula, holds

Answer = Callable[[list[object], Env], object]


class MemoryWorld:
    """Rows, the formulas of computed fields, a calendar, and answers to functions that ask the world."""

    def __init__(
        self,
        rows: Iterable[Row] = (),
        computed: Mapping[tuple[str, str], Formula] | None = None,
        calendar: Calendar | None = None,
        answers: Mapping[str, Answer] | None = None,
    ) -> None:
        self.rows = {(row.type, row.id): row for row in rows}
        self._computed = computed or {}
        self._calendar = calendar
        self._answers = answers or {}

    def row(self, record: str, record_id: str, /) -> Row | None:
        """Return one record, or None."""
        return self.rows.get((record, record_id))

    def field(self, row: Row, name: str, env: Env, /) -> object:
        """Return a stored field, or work a computed one out with the row as ``self``."""
        formula = self._computed.get((row.type, name))
        if formula is not None:
            return formula(env.having(self=row))
        return row.id if name == "id" else row.values.get(name)

    def aggregate(self, query: Aggregate, env: Env, /) -> object:
        """Go through the rows one by one."""
        return aggregate_rows(query, [row for (record, _), row in self.rows.items() if record == query.record], env)

    def calendar(self) -> Calendar:
        """Return the calendar it was given."""
        assert self._calendar is not None, "this world has no calendar"
        return self._calendar

    def call(self, name: str, args: list[object], env: Env, /) -> object:
        """Give the answer it was given."""
        return self._answers[name](args, env)


def aggregate_rows(query: Aggregate, rows: Iterable[Row], env: Env) -> object:
    """Return what ``query`` yields over these rows. A row whose field is empty or fails is left out of it."""
    found: list[Any] = []
    for row in rows:
        around = env.having(**{query.name: row})
        if holds(query.where, around):
            found.append(_value_of(query, row, around))
    if query.how == "one":
        return found[0] if len(found) == 1 else None
    return _summarised(query.how, [value for value in found if value is not None])


def _value_of(query: Aggregate, row: Row, env: Env) -> object:
    if query.field is None:
        return row.id
    try:
        return env.world.field(row, query.field, env)
    except EmptyValue:
        return None


def _summarised(how: str, values: list[Any]) -> object:
    match how:
        case "count":
            return len(values)
        case "sum":
            return sum(values)
        case "avg":
            return Decimal(sum(values)) / len(values) if values else None
        case "min":
            return min(values, default=None)
        case _:
            return max(values, default=None)
