"""Bookings and staff in memory and in tables, so that a rule can be asked of both."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import FromClause, delete, insert, select

from core.language.calendar import BusinessCalendar
from core.language.definition import CalendarRules, Field, RecordType
from core.language.expressions import (
    PERIOD,
    STANDARD_NAMES,
    Aggregate,
    Case,
    Cases,
    Env,
    Formula,
    Literal,
    NameScope,
    RecordShape,
    Row,
    compile_condition,
    compile_expression,
    holds,
)
from core.language.expressions.memory import MemoryWorld
from core.model.errors import Place, Text
from core.model.fields import FieldSpec
from core.model.kinds import INT, Kind, record_kind
from stores import rows
from stores.lowering import lower
from stores.storage.database import Database
from stores.storage.tables import Tables

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)
STATES = ("held", "seated", "lapsed")
BOOKING, STAFF = "club.booking", "core.staff"
SETTINGS = Kind(
    "map", parts=(("limit", INT), ("fee", Kind("decimal", digits=2)), ("tiers", Kind("list", item=Kind("text"))))
)
CALENDAR = BusinessCalendar(CalendarRules(), ZONE)
_NOWHERE = Place("plugin.yaml", 1, 1)


class TableWorld(MemoryWorld):
    """The rows in memory, and the tables that hold the same rows."""

    def __init__(self, club: Club, found: list[Row]) -> None:
        super().__init__(found, club.computed, CALENDAR)
        self.club = club

    def table_of(self, record: str) -> FromClause:
        return self.club.tables[record]

    def field_of(self, record: str, name: str) -> Field:
        return self.club.records[record].fields[name]

    def env_in(self, record: str, env: Env, owner: str | None = None) -> Env:
        return env

    def counts_apart(self, record: str, subject: str) -> bool:
        return False


@dataclass(repr=False)
class Club:
    """Bookings and the staff who made them, with stored and computed fields of every kind."""

    records: Mapping[str, RecordType]
    tables: Tables
    scope: NameScope
    computed: Mapping[tuple[str, str], Formula]
    database: Database

    def __repr__(self) -> str:
        return "the club"  # all of it would drown what a failing example has to say

    def condition(self, text: str) -> Formula:
        return compile_condition(text, None, self.scope)

    def env(self, found: list[Row], **names: object) -> Env:
        me = {
            "me": "s1",
            "today": date(2026, 3, 7),
            "store": "north",
            "period": CALENDAR.period("month", date(2026, 3, 7)),
        }
        limits = {"settings": {"limit": 3, "fee": Decimal("2.50"), "tiers": ["held", "Li"]}}
        return Env(TableWorld(self, found), NOW, ZONE, me | limits | names)

    def booking(self, id: str, **values: object) -> Row:
        """A booking; what is not given is empty."""
        empty = dict.fromkeys(stored_names(BOOKING))
        return Row(BOOKING, id, {"store": "north", "state": "held", "number": None, **empty, **values})

    def staff(self, id: str, **values: object) -> Row:
        empty = dict.fromkeys(stored_names(STAFF))
        return Row(STAFF, id, {"store": "north", "state": None, "number": None, **empty, **values})

    def count(self, how: Any, field: str | None = None, where: str | None = None, kind: Kind = INT) -> Aggregate:
        """An aggregate over bookings; in its ``where`` they are called ``booking``."""
        names = {**self.scope.names, "booking": record_kind(BOOKING)}
        scope = NameScope(names, self.scope.records, "booking")
        condition = compile_condition(where, None, scope) if where else None
        return Aggregate(how, BOOKING, "booking", field, condition, kind)

    def put(self, found: list[Row], dead: Collection[str] = ()) -> None:
        """Make the tables hold exactly these rows; ``dead`` are the ids of those that are tombstones."""
        with self.database.write() as connection:
            for record, table in self.tables:
                connection.execute(delete(table))
                cells = [
                    {
                        "id": row.id,
                        "_store": row.values["store"],
                        "_life": 2 if row.id in dead else 1,
                        **rows.to_cells(record, row.values),
                    }
                    for row in found
                    if row.type == record.key
                ]
                if cells:
                    connection.execute(insert(table), cells)

    def by_sql(self, condition: Formula, env: Env) -> list[str]:
        """The ids of the bookings that the database picks."""
        table = self.tables[BOOKING]
        where = lower(condition, env, table, self.database.dialect)
        with self.database.read() as connection:
            return list(connection.execute(select(table.c.id).where(where).order_by(table.c.id)).scalars())

    def by_closure(self, condition: Formula, env: Env, found: list[Row]) -> list[str]:
        """The ids of the bookings that the closure picks."""
        return sorted(row.id for row in found if row.type == BOOKING and holds(condition, env.having(self=row)))

    def picks(self, text: str, found: list[Row], **names: object) -> list[str]:
        """What a rule picks, once the closure and the database have been seen to agree on it."""
        self.put(found)
        env, condition = self.env(found, **names), self.condition(text)
        picked = self.by_closure(condition, env, found)
        assert self.by_sql(condition, env) == picked
        return picked


def stored_names(key: str) -> list[str]:
    booking, staff = stored_fields()
    return [field.name for field in (booking if key == BOOKING else staff)]


def a_field(name: str, type_: str, value: Formula | None = None, **spec: Any) -> Field:
    return Field(name, FieldSpec(type_, **spec), Text(name, name), _NOWHERE, value=value)


def stored_fields() -> tuple[list[Field], list[Field]]:
    booking = [
        a_field("count", "int"),
        a_field("amount", "money"),
        a_field("rate", "decimal", digits=3),
        a_field("night", "date"),
        a_field("made_at", "datetime"),
        a_field("paid", "bool"),
        a_field("name", "text"),
        a_field("tags", "list", item=FieldSpec("text")),
        a_field("host", "ref", to=STAFF),
    ]
    staff = [a_field("name", "text"), a_field("rank", "int"), a_field("roles", "list", item=FieldSpec("text"))]
    return booking, staff


def shape_of(record: RecordType) -> RecordShape:
    kinds = {name: field.value.kind if field.value else field.spec.static for name, field in record.fields.items()}
    state = {"state": Kind("text", options=STATES)} if record.states else {}
    return RecordShape(record.key, {**kinds, **state}, frozenset(n for n, f in record.fields.items() if f.value))


def a_record(key: str, fields: list[Field]) -> RecordType:
    plugin, name = key.split(".")
    states = {state: Text(state, state) for state in STATES} if key == BOOKING else {}
    return RecordType(plugin, name, Text(name, name), _NOWHERE, {field.name: field for field in fields}, states)


def computed_fields(shapes: Mapping[str, RecordShape]) -> dict[tuple[str, str], Formula]:
    """Fields that are worked out: plainly, by cases, by counting, and one that fails on an empty count."""

    def formula(key: str, text: str) -> Formula:
        return compile_expression(text, None, scope_of(shapes, self_=key))

    inner = NameScope({**scope_of(shapes, self_=STAFF).names, "booking": record_kind(BOOKING)}, shapes, "booking")
    mine = compile_condition('booking.host == self and booking.state != "lapsed"', None, inner)
    return {
        (BOOKING, "double"): formula(BOOKING, "self.count * 2"),
        (BOOKING, "late"): formula(BOOKING, "self.count > settings.limit"),
        (BOOKING, "level"): Cases(
            (
                Case(formula(BOOKING, "self.amount >= 100"), Literal("high", Kind("text"))),  # type: ignore[arg-type]
                Case(formula(BOOKING, "self.count > 2"), Literal("busy", Kind("text"))),  # type: ignore[arg-type]
                Case(None, formula(BOOKING, "self.name")),
            ),
            Kind("text"),
        ),
        (STAFF, "bookings"): Aggregate("count", BOOKING, "booking", None, mine),
        (STAFF, "taken"): Aggregate("sum", BOOKING, "booking", "amount", mine, Kind("decimal", digits=2)),
        (STAFF, "senior"): formula(STAFF, "self.rank > 1"),
    }


def scope_of(shapes: Mapping[str, RecordShape], self_: str = BOOKING) -> NameScope:
    names = {**STANDARD_NAMES, "self": record_kind(self_), "settings": SETTINGS, "period": PERIOD}
    return NameScope(names, shapes, "self")


def the_club(a_catalog: Callable[..., Any], database: Database) -> Club:
    booking, staff = stored_fields()
    records = {BOOKING: a_record(BOOKING, booking), STAFF: a_record(STAFF, staff)}
    shapes = {key: shape_of(record) for key, record in records.items()}
    staff_kinds = {"bookings": INT, "taken": Kind("decimal", digits=2), "senior": Kind("bool")}
    booking_kinds = {"double": INT, "late": Kind("bool"), "level": Kind("text")}
    for key, more in ((BOOKING, booking_kinds), (STAFF, staff_kinds)):
        shapes[key] = RecordShape(key, {**shapes[key].fields, **more}, frozenset(more))
    computed = computed_fields(shapes)
    types = {"int": "int", "bool": "bool", "text": "text", "decimal": "money"}
    for (key, name), formula in computed.items():
        field = a_field(name, types[shapes[key].fields[name].name], formula)
        records[key] = a_record(key, [*records[key].fields.values(), field])
    return Club(records, Tables(a_catalog(*records.values())), scope_of(shapes), computed, database)


@pytest.fixture
def club(a_catalog: Callable[..., Any], database: Database) -> Club:
    """The club, with its tables made in an empty database of each kind."""
    made = the_club(a_catalog, database)
    with database.write() as connection:
        made.tables.metadata.create_all(connection)
    return made
