"""The figures of a report: every count and total one question to the database, grouped by store and by row.

Stores whose settings agree are asked together, so a chain costs hardly more questions than one store. What comes back
is added up here: one cell per store and row, never one per record. A total over stores and an average over rows are
worked out from the same cells, so they always fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, and_, func, select

from core.language.calendar import Period
from core.language.expressions import Aggregate, EmptyValue, Env, Expression
from core.language.expressions.library import rule_error
from core.language.expressions.tree import Name, walk
from core.language.report import Figure, Report
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts.figures import inactive
from stores.lowering import Lowerer, lower_value, matching
from stores.lowering.terms import Term
from stores.lowering.words import WORDS
from stores.node import SETTING

if TYPE_CHECKING:
    from stores.world import NodeWorld

_HOW: Mapping[str, Callable[..., ColumnElement[Any]]] = {
    "count": func.count,
    "sum": func.sum,
    "avg": func.sum,  # divided by how many when all cells are together
    "min": func.min,
    "max": func.max,
}
Row: TypeAlias = object  # what a figure is grouped by: an id, an option, a day; None where it is empty


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one store and row, as the database gave it: a total, least or greatest, and of how many."""

    value: Any
    number: int

    def with_(self, other: Cell, how: str) -> Cell:
        """Return both together."""
        values = [each for each in (self.value, other.value) if each is not None]
        fold = {"min": min, "max": max}.get(how, sum)
        return Cell(fold(values) if values else None, self.number + other.number)


@dataclass
class Tally:
    """The figures of a report for one period and some stores. ``figure`` gives any of them for any part of it.

    ``blank`` are the figures that need a setting nobody has configured, per store: they have no value there (C-11).
    """

    report: Report
    period: Period
    world: NodeWorld
    actor: Actor
    stores: tuple[str, ...]
    cells: dict[str, dict[tuple[str, Row], Cell]] = field(default_factory=dict)
    scales: dict[str, Term] = field(default_factory=dict)
    blank: dict[str, set[str]] = field(default_factory=dict)
    special: frozenset[str] = frozenset()  # stores that have settings of their own

    def rows(self, figures: Iterable[str]) -> list[Row]:
        """Return the rows that occur in some figures, in no order."""
        grouped = [name for name in figures if self.report.figures[name].group is not None]
        return list({row for name in grouped for _, row in self.cells[name]})

    def occurs(self, name: str, row: Row) -> bool:
        """Say whether a row occurs in a figure, or in one that is counted by the same field: else it has none.

        Who has asked for rooms has 0 refused ones. Who never asks has none to be refused, and no figure.
        """
        field = self._field(name)
        alike = [each for each in self.cells if self._field(each) == field]
        return any((store, row) in self.cells[each] for each in alike for store in self.stores)

    def _field(self, name: str) -> str | None:
        group = self.report.figures[name].group
        return group.text if group is not None else None

    def line(
        self, stores: Iterable[str], row: Row = None, *, of_row: bool = False, figures: Iterable[str] | None = None
    ) -> dict[str, object]:
        """Return all figures for ``stores`` together, or some; with ``of_row`` those of one row. None: no value."""
        wanted = set(stores)
        found: dict[str, object] = {}
        for name in self.report.figures if figures is None else figures:
            figure = self.report.figures[name]
            found[name] = (
                self._counted(figure, wanted, row, of_row=of_row)
                if figure.query
                else self._value(figure, wanted, found)
            )
        return found

    def _counted(self, figure: Figure, stores: set[str], row: Row, *, of_row: bool) -> object:
        query = figure.query
        assert query is not None, f"{figure.name} is not counted"
        if (of_row and figure.group is None) or stores <= self.blank.get(figure.name, set()):
            return None
        cells = [
            cell
            for (store, key), cell in self.cells[figure.name].items()
            if store in stores and (not of_row or key == row)
        ]
        total = Cell(None, 0)
        for cell in cells:
            total = total.with_(cell, query.how)
        return self._said(query, self.scales.get(figure.name), total)

    def _said(self, query: Aggregate, term: Term | None, cell: Cell) -> object:
        """Return a cell as the value rules see: a count or sum of nothing is 0, an average of nothing is none."""
        if query.how == "count":
            return int(cell.value or 0)
        scale = term.scale if term is not None else 0
        if query.how == "sum":
            whole = int(cell.value or 0)
            return whole if query.kind.name == "int" else Decimal(whole).scaleb(-scale)
        if cell.value is None:
            return None
        if query.how == "avg":
            return Decimal(int(cell.value)).scaleb(-scale) / cell.number
        if query.kind.name in ("int", "decimal"):
            return int(cell.value) if query.kind.name == "int" else Decimal(int(cell.value)).scaleb(-scale)
        assert query.field is not None, "a least or greatest has a field"
        return self.world.field_of(query.record, query.field).spec.value(cell.value)

    def _value(self, figure: Figure, stores: set[str], known: Mapping[str, object]) -> object:
        """Work a figure out from those above it, under the settings of the one store, or of the chain."""
        assert figure.value is not None, f"{figure.name} is neither counted nor worked out"
        own = stores & self.special if len(stores) == 1 else ()
        world = replace(self.world, store=next(iter(own))) if own else self.world
        env = _env(world, self.period, self.actor).having(**known)
        if inactive(figure.value, env):
            return None
        try:
            return figure.value(env)
        except EmptyValue:  # nothing to divide by, or a figure that is not there
            return None


def tally(world: NodeWorld, report: Report, period: Period, stores: Sequence[str], actor: Actor) -> Tally:
    """Ask for all figures of ``report`` for the business days of ``period`` in ``stores``."""
    found = Tally(report, period, world, actor, tuple(stores), special=_with_settings(world))
    for figure in report.figures.values():
        if figure.query is None:
            continue
        found.cells[figure.name] = {}
        for env, together in _batches(world, figure, period, stores, actor):
            if figure.query.where is not None and inactive(figure.query.where, env):
                found.blank.setdefault(figure.name, set()).update(together)
                continue
            _ask(found, figure, env, together)
    return found


def period_of(world: NodeWorld, report: Report, day: date) -> Period:
    """Return the period of ``report`` that a business day is in."""
    return world.calendar().period(report.period, day)


def behind(
    world: NodeWorld, figure: Figure, period: Period, stores: Sequence[str], actor: Actor
) -> Iterator[tuple[Env, ColumnElement[bool]]]:
    """Yield, for stores that are asked together, the condition on the records a figure counts, and its surroundings."""
    query = figure.query
    assert query is not None, f"{figure.name} is not counted"
    table = world.table_of(query.record)
    for env, together in _batches(world, figure, period, stores, actor):
        if query.where is None or not inactive(query.where, env):
            yield env, and_(table.c._store.in_(together), matching(env.world, env, query, _dialect(world)))  # type: ignore[arg-type]


def in_row(figure: Figure, env: Env, world: NodeWorld, row: object) -> ColumnElement[bool]:
    """Return the condition that a record belongs to a row: ``row`` is a cell, None for records that have none."""
    assert figure.query is not None
    assert figure.group is not None, f"{figure.name} has no rows"
    key = lower_value(figure.group, env, world.table_of(figure.query.record), _dialect(world)).sql
    return key.is_(None) if row is None else key == row


def figure_now(world: NodeWorld, report: Report, name: str, row: Row, env: Env, *, of_row: bool) -> object:
    """Return one figure of this store for the period that ``env``'s business day is in: what a scenario asks for."""
    if name not in report.figures:
        raise rule_error(f"`{report.name}` has no figure `{name}`", f"报表 `{report.name}` 没有指标 `{name}`")
    today = env.names["today"]
    assert isinstance(today, date)
    wanted = {name} | report.figures[name].parts
    for each in wanted:
        world.node.looked_at(f"{world.plugin}.{report.name}", each)
    part = replace(report, figures={each: one for each, one in report.figures.items() if each in wanted})
    found = tally(world, part, period_of(world, report, today), [world.store], SYSTEM_ACTOR)
    return found.line([world.store], row, of_row=of_row)[name]


def _ask(found: Tally, figure: Figure, env: Env, stores: Sequence[str]) -> None:
    query, world = figure.query, found.world
    assert query is not None
    table, dialect = world.table_of(query.record), _dialect(world)
    lowerer = Lowerer(world, env, WORDS[dialect], {query.name: table})
    value = lowerer.aggregated_value(query, table)
    found.scales[figure.name] = value
    key = [] if figure.group is None else [lower_value(figure.group, env, table, dialect).sql.label("row")]
    question = (
        select(table.c._store, _HOW[query.how](value.sql), func.count(value.sql), *key)
        .where(table.c._store.in_(list(stores)), lowerer.matching(query, table))
        .group_by(table.c._store, *key)
    )
    for store, total, number, *row in world.connection.execute(question):
        found.cells[figure.name][store, row[0] if row else None] = Cell(total, number)


def _batches(
    world: NodeWorld, figure: Figure, period: Period, stores: Sequence[str], actor: Actor
) -> Iterator[tuple[Env, list[str]]]:
    """Yield the stores that can be asked together: those under the same settings, one by one where a rule names one."""
    alone, special = _names_store(figure), _with_settings(world)
    together: dict[object, list[str]] = {}
    for store in stores:
        together.setdefault(store if alone else store in special and _settings(world, store), []).append(store)
    for batch in together.values():
        yield _env(replace(world, store=batch[0]), period, actor), batch


def _with_settings(world: NodeWorld) -> frozenset[str]:
    """Return the stores that have set something themselves; all others are under the settings of the chain."""
    table = world.table_of(SETTING)
    query = select(table.c._store).where(table.c._life % 2 == 1).distinct()
    return frozenset(world.connection.execute(query).scalars())


def _settings(world: NodeWorld, store: str) -> tuple[tuple[str, str], ...]:
    settings = world.node.settings(world.connection, world.plugin, store)
    return tuple((name, repr(value)) for name, value in settings.items())


def _names_store(figure: Figure) -> bool:
    assert figure.query is not None
    parts = [part for part in (figure.query.where, figure.group) if isinstance(part, Expression)]
    return any(isinstance(node, Name) and node.name == "store" for part in parts for node in walk(part.tree))


def _env(world: NodeWorld, period: Period, actor: Actor) -> Env:
    return world.env(None, world.node.now(), actor, period=period)


def _dialect(world: NodeWorld) -> str:
    return world.node.database.dialect
