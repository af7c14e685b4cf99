"""A nightclub's booking desk in small: record types, settings, a calendar, and a way to try a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.language.calendar import BusinessCalendar
from core.language.definition import CalendarRules
from core.language.expressions import (
    PERIOD,
    STANDARD_NAMES,
    Env,
    Expression,
    NameScope,
    RecordShape,
    Row,
    compile_expression,
)
from core.language.expressions.memory import MemoryWorld
from core.model.duration import Duration
from core.model.errors import DefinitionError, Place, Problem
from core.model.kinds import ANY, BOOL, DATE, DATETIME, DURATION, INT, MONEY, TEXT, TIME, Kind, record_kind

ZONE = ZoneInfo("Asia/Shanghai")
PLACE = Place("club.yaml", 12, 20, "records.booking")
FOLLOW_UP = Kind("map", parts=(("stage", TEXT), ("opens", DURATION)))

BOOKING = RecordShape(
    "club.booking",
    {
        "state": Kind("text", options=("held", "seated", "lapsed")),
        "night": DATE,
        "booked_at": DATETIME,
        "guest_name": TEXT,
        "guest_phone": TEXT,
        "room": record_kind("club.room"),
        "booker": record_kind("core.staff"),
        "people": INT,
        "amount": MONEY,
        "vip": BOOL,
        "tags": Kind("list", item=TEXT),
        "notes": Kind("list"),
        "class": INT,
    },
    present=frozenset({"state"}),
)
SHAPES = {
    "booking": BOOKING,
    "room": RecordShape("club.room", {"name": TEXT, "floor": INT, "keeper": record_kind("core.staff")}),
    "staff": RecordShape("core.staff", {"name": TEXT, "roles": Kind("list", item=TEXT)}),
}
SETTINGS = (
    ("cutoff", TIME),
    ("late_hold", DURATION),
    ("fine", MONEY),
    ("limit", INT),
    ("cadence", Kind("map", parts=(("key", INT), ("general", INT)))),
    ("follow_ups", Kind("list", item=FOLLOW_UP)),
)


@pytest.fixture
def scope() -> NameScope:
    """What a rule of a booking may name."""
    names = {
        **STANDARD_NAMES,
        "self": record_kind("club.booking"),
        "settings": Kind("map", parts=SETTINGS),
        "ask": Kind("map", parts=(("name_at_door", TEXT), ("room", record_kind("club.room")))),
        "period": PERIOD,
        "item": ANY,
        "step": FOLLOW_UP,
        "index": INT,
    }
    known = {"ledger": frozenset({"credit", "fines"})}
    return NameScope(names, SHAPES, "self", frozenset({"settings.fine", "ask.room"}), known)


@pytest.fixture
def compiled(scope: NameScope) -> Callable[..., Expression]:
    return lambda text, **more: compile_expression(text, PLACE, scope, **more)


@pytest.fixture
def problems(scope: NameScope) -> Callable[..., list[Problem]]:
    """What is wrong with a rule; nothing, and the test fails."""

    def found(text: str, **more: Any) -> list[Problem]:
        with pytest.raises(DefinitionError) as caught:
            compile_expression(text, PLACE, scope, **more)
        return list(caught.value.problems)

    return found


@pytest.fixture
def problem(problems: Callable[..., list[Problem]]) -> Callable[..., Problem]:
    """The one thing that is wrong with a rule."""

    def one(text: str, **more: Any) -> Problem:
        (only,) = problems(text, **more)
        return only

    return one


@pytest.fixture
def env() -> Callable[..., Env]:
    """The surroundings of a rule: one booking with these fields, and whatever else is named."""

    def made(fields: Mapping[str, object] | None = None, **names: object) -> Env:
        empty = dict.fromkeys(BOOKING.fields)
        rows = [
            Row("club.booking", "b1", {"store": "north", "number": None, **empty, "state": "held", **(fields or {})}),
            Row("club.room", "v8", {"name": "V8", "floor": 2, "keeper": "wang"}),
            Row("club.room", "v9", {"name": "V9", "floor": None, "keeper": None}),
            Row("core.staff", "wang", {"name": "Wang", "roles": ["booker"]}),
            Row("core.staff", "li", {"name": "Li", "roles": None}),
        ]
        calendar = BusinessCalendar(CalendarRules(day_starts=time(8)), ZONE)
        known: dict[str, object] = {
            "self": rows[0],
            "me": "wang",
            "today": date(2026, 3, 7),
            "period": calendar.period("month", date(2026, 3, 7)),
            "store": "north",
            "ask": {"name_at_door": "Chen", "room": None},
            "settings": {
                "cutoff": time(20, 45),
                "late_hold": Duration(seconds=1200),
                "fine": Decimal("500.00"),
                "limit": 3,
                "cadence": {"key": 2, "general": 1},
                "follow_ups": [{"stage": "first", "opens": Duration(days=15)}],
            },
        }
        answers = {"balance": lambda args, _env: Decimal(len(args))}
        world = MemoryWorld(rows, calendar=calendar, answers=answers)
        return Env(world, datetime(2026, 3, 7, 12, 30, tzinfo=UTC), ZONE, known | names)

    return made


@pytest.fixture
def value(compiled: Callable[..., Expression], env: Callable[..., Env]) -> Callable[..., object]:
    """What a rule gives for a booking with these fields."""
    return lambda text, fields=None, **names: compiled(text)(env(fields, **names))
