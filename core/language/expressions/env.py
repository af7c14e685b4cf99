"""What a rule can see when it runs: names, the moment, and the node's records and calendar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from core.model.duration import Duration
from core.model.errors import NodeError

if TYPE_CHECKING:
    from core.language.expressions.formula import Aggregate


class RuleError(NodeError):
    """A rule could not be worked out: the values it met do not fit what it does with them."""


class EmptyValue(RuleError):
    """A rule needs a value that is empty: a check then fails, a timer is not armed, a ``where`` is false."""


@dataclass(slots=True)
class Row:
    """One record as rules see it. ``values`` has the stored fields and ``state``, ``number`` and ``store``."""

    type: str  # qualified: plugin.record
    id: str
    values: dict[str, object] = field(default_factory=dict)


class Records(list[Row]):
    """Records of one type, by position and by name: ``plan[0]``, ``staff.wang`` (scenarios use it)."""

    def __init__(self, rows: Iterable[Row] = (), named: Mapping[str, Row] | None = None) -> None:
        super().__init__(rows)
        self.named: Mapping[str, Row] = named or {}


class Span(Protocol):
    """A named stretch of whole days, both ends included: ``period`` in a rule."""

    @property
    def start(self) -> date:
        """First day."""

    @property
    def end(self) -> date:
        """Last day, included."""

    @property
    def name(self) -> str:
        """day, week, month, quarter or year."""


class Calendar(Protocol):
    """What rules ask of the business calendar; ``core.language.calendar.BusinessCalendar`` answers."""

    def business_date(self, moment: datetime, /) -> date:
        """Return the business day ``moment`` belongs to."""

    def at(self, day: date, clock: time, /) -> datetime:
        """Return the instant of a wall-clock time of a business day."""

    def start_of(self, day: date, /) -> datetime:
        """Return the instant a business day starts."""

    def end_of(self, day: date, /) -> datetime:
        """Return the instant a business day ends."""

    def closing(self, day: date, /) -> datetime:
        """Return the instant the business closes."""

    def after(self, moment: date, span: Duration, /) -> date:
        """Return where ``span`` ends: a date for a date, an instant for an instant."""

    def after_working(self, moment: datetime, span: Duration, /) -> datetime:
        """Return where ``span`` of working hours ends."""

    def nth_day(self, day: date, n: int, /) -> date:
        """Return the nth day of the month of ``day``, or its last."""

    def is_workday(self, day: date, /) -> bool:
        """Return whether people work that day."""

    def last_workday(self, day: date, /) -> date:
        """Return the last working day of the month of ``day``."""

    def first_workday(self, day: date, /) -> date:
        """Return the first working day of the month of ``day``."""

    def nth_workday(self, day: date, n: int, /) -> date:
        """Return the nth working day of the month of ``day``."""

    def workdays(self, first: date, last: date, /) -> int:
        """Return how many working days lie between two days."""

    def period(self, name: str, day: date, /) -> Span:
        """Return the day, week, month, quarter or year that ``day`` is in."""


class World(Protocol):
    """What rules may ask of a node. ``stores.world`` answers from the database; tests use a fake."""

    def row(self, record: str, record_id: str, /) -> Row | None:
        """Return one record, or None when this node does not have it."""

    def field(self, row: Row, name: str, env: Env, /) -> object:
        """Return a field of ``row``, stored or computed."""

    def aggregate(self, query: Aggregate, env: Env, /) -> object:
        """Return the count, sum, … ``query`` asks for."""

    def calendar(self) -> Calendar:
        """Return the business's calendar."""

    def call(self, name: str, args: list[object], env: Env, /) -> object:
        """Answer a function that needs the node's records: ``balance``, ``on_duty``, …"""


@dataclass(slots=True)
class Env:
    """The surroundings of one evaluation.

    ``names`` holds everything but ``now``: self/old (Row), ask, me (staff id or None), today, period,
    settings, store, item, index and, in a ``where``, the iterated record under its local name.
    """

    world: World
    now: datetime  # aware, UTC; the action's moment, taken once
    zone: ZoneInfo
    names: dict[str, object] = field(default_factory=dict)

    def having(self, /, **names: object) -> Env:
        """Return the same surroundings with more names."""
        return Env(self.world, self.now, self.zone, {**self.names, **names})
