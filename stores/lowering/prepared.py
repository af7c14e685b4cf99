"""Aggregates that are asked again and again: said to SQLite once, and from then on only with other values.

Saying a rule in SQL costs ten times what the database takes to answer. What it comes to depends on the rule and on the
figures that are known beforehand, and of those mostly on their sort alone: ``visit.customer == self`` is the same
question whoever ``self`` is. So a question is kept by the sorts of its figures, and by the figures themselves where
the wording may depend on them: an empty one, a list, a price that is brought to the column's scale.

Which parameter is which figure is found by saying the question with stand-ins that nobody else uses. A question is kept
only if, with the real figures put in, it is word for word what was asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any, cast

from sqlalchemy import Connection, Select

from core.language.expressions import Aggregate, Env
from core.language.expressions.run import Run, identity
from core.language.expressions.tree import Node
from core.model.clock import iso
from core.model.values import INT_MAX
from stores.lowering.scene import Known, SqlWorld, evaluated
from stores.lowering.terms import DECIMALS_MAX, Term
from stores.storage import bulk

report = logging.getLogger(__name__)

PLANS_MAX = 32  # of one aggregate: a wording for each period it was asked for, say
MISSES_MAX = 64  # an aggregate that has been worded so often, and seldom the same again, is not worth remembering
AGGREGATES_MAX = 4_096

Path = tuple[tuple[str, str | None], ...]  # into computed fields: record type and owner of each
Figure = tuple[object, object]  # the shape of a known figure and, unless the shape says it all, its cell


@dataclass(frozen=True, slots=True)
class Input:
    """A part that is worked out before the database is asked, known by its identity, and in whose surroundings."""

    path: Path
    part: int
    run: Run = field(compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """A question in words: its parameters are constants, or the n-th figure times a power of ten."""

    sql: str
    parameters: tuple[tuple[int | None, object], ...]
    term: Term

    def filled(self, figures: list[Figure]) -> list[Any]:
        """Return the parameters with the figures in their places."""
        return [_filled(figures[n][1], how) if n is not None else how for n, how in self.parameters]


@dataclass(slots=True)
class Memory:
    """What is known of one aggregate: by the inputs it was worded with, the plan for each shape of them."""

    query: Aggregate  # kept alive: it is known by its identity
    plans: dict[tuple[Input, ...], dict[tuple[object, ...], Plan]] = field(default_factory=dict)
    asked: int = 0
    worded: int = 0

    @property
    def useless(self) -> bool:
        """Whether it is worded anew too often to be worth it."""
        return self.worded > MISSES_MAX and self.worded * 2 > self.asked


Memories = dict[int, Memory]
_PUTTING = Lock()  # several threads ask at once; looking needs no turn


def memory_of(memories: Memories, query: Aggregate) -> Memory | None:
    """Return what is known of an aggregate; None when it is asked for the first time, or not worth remembering."""
    known = memories.get(id(query))
    if known is not None and known.query is query:
        known.asked += 1
        return None if known.useless else known
    if len(memories) >= AGGREGATES_MAX:
        memories.clear()
    memories[id(query)] = Memory(query)
    return None


def find(memory: Memory, env: Env) -> tuple[Plan, list[Any]] | None:
    """Return the plan for an aggregate with its parameters, or None when it has to be worded."""
    for inputs, plans in list(memory.plans.items()):
        try:
            figures = list(_figures(inputs, env))
            plan = plans.get(tuple(shape for shape, _ in figures))
        except Exception:  # noqa: BLE001, S112 - a rule that fails, fails where it is worded, and says so there
            continue
        if plan is not None:
            return plan, plan.filled(figures)
    return None


def keep(connection: Connection, memory: Memory, word: Word, plain: Select[Any], term: Term) -> None:
    """Remember a question that was asked in ``plain`` words, if worded with stand-ins it comes to the same.

    Whatever goes wrong with a stand-in, the answer has been given: the question is not remembered, and that is all.
    """
    memory.worded += 1
    scribe = Scribe()
    try:
        sql, stand_ins = _compiled(connection, word(scribe))
        plan = Plan(sql, tuple(map(_parameter(scribe.figures), stand_ins)), term)
        if scribe.plain and (sql, plan.filled(scribe.figures)) == _compiled(connection, plain):
            _put(memory, scribe, plan)
    except Exception as error:  # noqa: BLE001 - see above
        report.debug("`%s` cannot be worded with stand-ins: %s", memory.query.text, type(error).__name__)


def _put(memory: Memory, scribe: Scribe, plan: Plan) -> None:
    with _PUTTING:
        plans = memory.plans.setdefault(tuple(scribe.inputs), {})
        plans[tuple(shape for shape, _ in scribe.figures)] = plan
        if len(plans) > PLANS_MAX:
            del plans[next(iter(plans))]
        if len(memory.plans) > PLANS_MAX:
            del memory.plans[next(iter(memory.plans))]


def answers(connection: Connection, plan: Plan, parameters: list[Any]) -> list[bulk.Values]:
    """Ask the database."""
    return bulk.run(connection, plan.sql, *parameters)


@dataclass(slots=True)
class Scribe:
    """Writes down what is worked out while a question is worded, and puts stand-ins in the place of figures."""

    inputs: list[Input] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    path: Path = ()
    plain: bool = True  # every figure could be told apart
    _outer: Scribe | None = None

    def inside(self, record: str, owner: str | None) -> Scribe:
        """Return the scribe of a computed field's formula."""
        return Scribe(self.inputs, self.figures, (*self.path, (record, owner)), _outer=self)

    def noted(self, node: Node, run: Run, known: Known) -> Known:
        """Return what the wording is to go on with."""
        try:
            shape, cell = figure = _figure(known)
            hash(shape)
        except TypeError:
            self._spoil()
            return known
        number = len(self.figures)
        self.inputs.append(Input(self.path, id(node), run))
        self.figures.append(figure)
        return known if cell is None else Known(_stand_in(cast(type, shape), number))

    def _spoil(self) -> None:
        self.plain = False
        if self._outer is not None:
            self._outer._spoil()


Word = Callable[[Scribe], Select[Any]]  # says a question, with stand-ins


def _figures(inputs: tuple[Input, ...], env: Env) -> Iterator[Figure]:
    surroundings: dict[Path, Env] = {(): env}
    for each in inputs:
        if each.path not in surroundings:
            surroundings[each.path] = _inside(each.path, env)
        yield _figure(evaluated(each.run, surroundings[each.path]))


def _inside(path: Path, env: Env) -> Env:
    world = cast(SqlWorld, env.world)
    for record, owner in path:
        env = world.env_in(record, env, owner)
    return env


def _figure(known: Known) -> Figure:
    """Return the shape of what is known: its sort where the wording depends on no more, and then its cell beside it."""
    if known.failed:
        return ("failed", None)
    value = identity(known.value)
    match value:
        case datetime():
            return (datetime, iso(value))
        case date():
            return (date, value.isoformat())
        case str():
            return (str, str(value))
        case int() if type(value) is int and abs(value) * 10**DECIMALS_MAX <= INT_MAX:
            return (int, value)
        case list():
            return ((list, *((type(each), str(each), each) for each in value)), None)
    return ((type(value), str(value), value), None)


def _stand_in(sort: type, number: int) -> object:
    if sort is datetime:
        return datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=number)
    if sort is date:
        return date(1, 1, 1) + timedelta(days=number)
    return _NUMBER + 2 * number if sort is int else f"\u27e6{number}\u27e7 stands in"


_NUMBER = 1_000_000_007


def _parameter(figures: list[Figure]) -> Any:
    """Return a function that tells a stand-in from a constant."""
    places: dict[object, tuple[int, object]] = {}
    for n, (shape, cell) in enumerate(figures):
        if cell is not None:
            stand_in = _stand_in(cast(type, shape), n)
            if isinstance(stand_in, int):
                places |= {stand_in * 10**power: (n, 10**power) for power in range(DECIMALS_MAX + 1)}
            else:
                places[_figure(Known(stand_in))[1]] = (n, None)
    return lambda parameter: places.get(parameter, (None, parameter))


def _filled(cell: object, power: object) -> object:
    return cell if power is None else cast(int, cell) * cast(int, power)


def _compiled(connection: Connection, said: Select[Any]) -> tuple[str, list[Any]]:
    compiled = said.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), [compiled.params[name] for name in compiled.positiontup or ()]
