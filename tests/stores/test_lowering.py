"""A rule means the same as a closure, in SQLite, in PostgreSQL and, where Python has a say, in Python itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
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
from core.language.expressions.sqlable import sql_problem
from core.model.errors import Place, Text
from core.model.fields import FieldSpec
from core.model.kinds import INT, Kind, record_kind
from stores import rows
from stores.database import Database
from stores.lowering import aggregate, lower
from stores.tables import Tables

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)
STATES = ("held", "seated", "lapsed")
BOOKING, STAFF = "club.booking", "core.staff"
SETTINGS = Kind("map", parts=(("limit", INT), ("fee", Kind("decimal", digits=2)), ("tiers", Kind("list", item=Kind("text")))))
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

    def env_in(self, record: str, env: Env) -> Env:
        return env


@dataclass(repr=False)
class Club:
    """Bookings and the staff who made them, with stored and computed fields of every kind."""

    records: Mapping[str, RecordType]
    tables: Tables
    scope: NameScope
    computed: Mapping[tuple[str, str], Formula]

    def __repr__(self) -> str:
        return "the club"  # all of it would drown what a failing example has to say

    def condition(self, text: str) -> Formula:
        return compile_condition(text, None, self.scope)

    def env(self, found: list[Row], **names: object) -> Env:
        me = {"me": "s1", "today": date(2026, 3, 7), "store": "north", "period": CALENDAR.period("month", date(2026, 3, 7))}
        limits = {"settings": {"limit": 3, "fee": Decimal("2.50"), "tiers": ["held", "Li"]}}
        return Env(TableWorld(self, found), NOW, ZONE, me | limits | names)


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


def the_club(a_catalog: Callable[..., Any]) -> Club:
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
    return Club(records, Tables(a_catalog(*records.values())), scope_of(shapes), computed)


@pytest.fixture
def club(a_catalog: Callable[..., Any], database: Database) -> Club:
    made = the_club(a_catalog)
    with database.write() as connection:
        made.tables.metadata.create_all(connection)
    return made


def put(club: Club, database: Database, found: list[Row]) -> None:
    """Make the tables hold exactly these rows."""
    with database.write() as connection:
        for record, table in club.tables:
            connection.execute(delete(table))
            cells = [
                {"id": row.id, "_store": row.values["store"], **rows.to_cells(record, row.values)}
                for row in found
                if row.type == record.key
            ]
            if cells:
                connection.execute(insert(table), cells)


def ids_by_sql(club: Club, database: Database, condition: Formula, env: Env) -> list[str]:
    table = club.tables[BOOKING]
    where = lower(condition, env, table, database.dialect)
    with database.read() as connection:
        return list(connection.execute(select(table.c.id).where(where).order_by(table.c.id)).scalars())


def ids_by_closure(condition: Formula, env: Env, found: list[Row]) -> list[str]:
    return sorted(row.id for row in found if row.type == BOOKING and holds(condition, env.having(self=row)))


# --- random rules: each as we write it and as Python does


Rule = tuple[str, str]  # our text, Python's text


def pick(draw: st.DrawFn, *choices: Rule) -> Rule:
    return draw(st.sampled_from(choices))


def number(draw: st.DrawFn, depth: int) -> Rule:
    leaves = [
        ("self.count", "get(self,'count')"),
        ("self.amount", "get(self,'amount')"),
        ("self.rate", "get(self,'rate')"),
        ("self.host.rank", "get(self,'host','rank')"),
        ("self.double", "get(self,'count')*2"),
        ("self.host.bookings", "get(self,'host','bookings')"),
        ("self.host.taken", "get(self,'host','taken')"),
        ("settings.limit", "setting('limit')"),
        ("settings.fee", "setting('fee')"),
        ("size(self.tags)", "len(get(self,'tags') or [])"),
        ("size(self.name)", "len(get(self,'name') or '')"),
        ("3", "3"),
        ("-1", "-1"),
        ("2.5", "D('2.5')"),
        ("0.125", "D('0.125')"),
        ("year(self.night)", "year(get(self,'night'))"),
    ]
    if depth == 0:
        return pick(draw, *leaves)
    kind = draw(st.sampled_from(["leaf", "sum", "product", "minus", "abs", "best", "coalesce", "choose"]))
    one, other = (number(draw, depth - 1) for _ in range(2))
    match kind:
        case "sum":
            op = draw(st.sampled_from("+-"))
            return f"({one[0]} {op} {other[0]})", f"({one[1]} {op} {other[1]})"
        case "product":
            first, second = pick(draw, *leaves), pick(draw, *leaves)
            return f"{first[0]} * {second[0]}", f"({first[1]}) * ({second[1]})"
        case "minus":
            return f"-({one[0]})", f"-({one[1]})"
        case "abs":
            return f"abs({one[0]})", f"abs({one[1]})"
        case "best":
            name = draw(st.sampled_from(["min", "max"]))
            return f"{name}({one[0]}, {other[0]})", f"{name}({one[1]}, {other[1]})"
        case "coalesce":
            return f"coalesce({one[0]}, {other[0]})", f"coalesce({one[1]}, {other[1]})"
        case "choose":
            test = condition(draw, 0)
            return f"({one[0]} if {test[0]} else {other[0]})", f"({one[1]} if {test[1]} else {other[1]})"
    return pick(draw, *leaves)


def words(draw: st.DrawFn) -> Rule:
    return pick(
        draw,
        ("self.name", "get(self,'name')"),
        ("self.host.name", "get(self,'host','name')"),
        ("self.level", "level(self)"),
        ("self.tags[0]", "item(get(self,'tags'),0)"),
        ("self.tags[-1]", "item(get(self,'tags'),-1)"),
        ("(self.name + self.host.name)", "(get(self,'name') + get(self,'host','name'))"),
        ('"Li"', "'Li'"),
        ('"陈"', "'陈'"),
        ("null", "None"),
    )


def moment(draw: st.DrawFn) -> Rule:
    return pick(draw, ("self.made_at", "get(self,'made_at')"), ("now - 20m", "(now - minutes(20))"), ("now", "now"))


def day(draw: st.DrawFn) -> Rule:
    return pick(draw, ("self.night", "get(self,'night')"), ("today", "today"), ("today - 3d", "(today - days(3))"))


def condition(draw: st.DrawFn, depth: int) -> Rule:
    if depth > 0:
        kind = draw(st.sampled_from(["and", "or", "not", "choose", "leaf", "three"]))
        one, other = (condition(draw, depth - 1) for _ in range(2))
        if kind in ("and", "or"):
            return f"({one[0]} {kind} {other[0]})", f"({one[1]} {kind} {other[1]})"
        if kind == "three":
            third = condition(draw, 0)
            return f"({one[0]} and {other[0]} and {third[0]})", f"({one[1]} and {other[1]} and {third[1]})"
        if kind == "not":
            return f"not {one[0]}", f"(not {one[1]})"
        if kind == "choose":
            test = condition(draw, 0)
            return f"({one[0]} if {test[0]} else {other[0]})", f"({one[1]} if {test[1]} else {other[1]})"
    return comparison(draw)


def comparison(draw: st.DrawFn) -> Rule:
    kind = draw(st.sampled_from(["number", "chain", "text", "moment", "day", "plain", "plain", "days"]))
    op = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
    if kind == "number":
        one, other = number(draw, 2), number(draw, 1)
        return f"({one[0]} {op} {other[0]})", f"({one[1]} {op} {other[1]})"
    if kind == "chain":
        low, mid, high = (number(draw, 0) for _ in range(3))
        return f"({low[0]} < {mid[0]} {op} {high[0]})", f"({low[1]} < {mid[1]} {op} {high[1]})"
    if kind == "days":
        return "(days_between(self.night, today) > 2)", "((today - get(self,'night')).days > 2)"
    if kind in ("text", "moment", "day"):
        make = {"text": words, "moment": moment, "day": day}[kind]
        one, other = make(draw), make(draw)
        if "null" in (one[0], other[0]):
            op = draw(st.sampled_from(["==", "!="]))
        return f"({one[0]} {op} {other[0]})", f"({one[1]} {op} {other[1]})"
    return pick(draw, *PLAIN)


PLAIN: tuple[Rule, ...] = (
    ("self.paid", "get(self,'paid')"),
    ("self.late", "(get(self,'count') > setting('limit'))"),
    ("self.host.senior", "senior(self)"),
    ("has(self.night)", "has(get(self,'night'))"),
    ("has(self.name)", "has(get(self,'name'))"),
    ("has(self.tags)", "has(get(self,'tags'))"),
    ("has(self.host.name)", "has(get(self,'host','name'))"),
    ("has(self.count + 1)", "has(get(self,'count') + 1)"),
    ('self.state == "held"', "(get(self,'state') == 'held')"),
    ('self.state in ["held", "seated"]', "(get(self,'state') in ['held', 'seated'])"),
    ('self.state not in ["held"]', "(get(self,'state') not in ['held'])"),
    ("self.name in settings.tiers", "(get(self,'name') in setting('tiers'))"),
    ("self.count in [1, 2.0, null]", "(get(self,'count') in [1, D('2.0'), None])"),
    ("self.amount in [1, 2.505]", "(get(self,'amount') in [1, D('2.505')])"),
    ("self.rate not in [self.count, 1]", "(get(self,'rate') not in [get(self,'count'), 1])"),
    ('"vip" in self.tags', "('vip' in (get(self,'tags') or []))"),
    ('"vip" not in self.tags', "('vip' not in (get(self,'tags') or []))"),
    ("self.name in self.host.roles", "(get(self,'name') in (get(self,'host','roles') or []))"),
    ("self.host == me", "(ref(self) == me)"),
    ("self.host != me", "(ref(self) != me)"),
    ("self.host == self.host", "True"),
    ("self.night in period", "(month(get(self,'night')) == (2026, 3))"),
    ("self.night not in period", "(month(get(self,'night')) != (2026, 3))"),
    ("self.made_at in period", "(month(local(get(self,'made_at'))) == (2026, 3))"),
    ('contains(self.name, "i")', "('i' in (get(self,'name') or ''))"),
    ('startswith(self.name, "陈")', "(get(self,'name') or '').startswith('陈')"),
    ("weekday(self.night) == 7", "(weekday(get(self,'night')) == 7)"),
    ("self.paid == true", "(get(self,'paid') == True)"),
    ("coalesce(self.paid, true)", "coalesce(get(self,'paid'), True)"),
    ('self.store == "north"', "(get(self,'store') == 'north')"),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    return condition(draw, 2)


class Python:
    """What the names of the Python texts mean."""

    def __init__(self, env: Env, found: list[Row]) -> None:
        self.env = env
        self.staff = {row.id: row for row in found if row.type == STAFF}
        self.bookings = [row for row in found if row.type == BOOKING]

    def get(self, row: Row, name: str, then: str | None = None) -> Any:
        if then is None:
            return row.values[name]
        other = self.staff.get(str(row.values[name]))
        if other is None:
            return None
        if then not in ("bookings", "taken"):
            return other.values[then]
        mine = [b for b in self.bookings if b.values["host"] == other.id and b.values["state"] != "lapsed"]
        return len(mine) if then == "bookings" else sum(b.values["amount"] or 0 for b in mine)  # type: ignore[misc]

    def level(self, row: Row) -> Any:
        if row.values["amount"] >= 100:  # type: ignore[operator]
            return "high"
        return "busy" if row.values["count"] > 2 else row.values["name"]  # type: ignore[operator]

    def senior(self, row: Row) -> Any:
        other = self.staff.get(str(row.values["host"]))
        return None if other is None else other.values["rank"] > 1  # type: ignore[operator]

    def says(self, text: str, row: Row) -> bool:
        settings_: Any = self.env.names["settings"]
        names = {
            "self": row,
            "get": self.get,
            "level": self.level,
            "senior": self.senior,
            "ref": lambda row: row.values["host"],
            "setting": settings_.get,
            "D": Decimal,
            "has": lambda value: value not in (None, "", []),
            "item": lambda items, at: items[at] if items else None,
            "coalesce": lambda *values: next((value for value in values if value is not None), None),
            "year": lambda value: value and value.year,
            "weekday": lambda value: value and value.isoweekday(),
            "month": lambda value: (value.year + 0, value.month) if value else value < 0,
            "local": lambda value: value and value.astimezone(ZONE).date(),
            "now": NOW,
            "today": date(2026, 3, 7),
            "me": "s1",
            "minutes": lambda n: timedelta(minutes=n),
            "days": lambda n: timedelta(days=n),
        }
        try:
            return bool(eval(text, names))
        except TypeError:  # None is calculated with or ordered by: the rule fails, and the row is not meant
            return False


def or_empty(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


NAMES = st.sampled_from(["Li", "陈", "chen", "i", "Li Li", "vip"])
BOOKINGS = st.fixed_dictionaries(
    {
        "store": st.sampled_from(["north", "south"]),
        "state": st.sampled_from(STATES),
        "number": st.none(),
        "count": or_empty(st.integers(-3, 5)),
        "amount": or_empty(st.sampled_from([Decimal("0.00"), Decimal("2.50"), Decimal("99.99"), Decimal("100.00"), Decimal("-7.13")])),
        "rate": or_empty(st.sampled_from([Decimal("0.125"), Decimal("2.500"), Decimal("1.000"), Decimal("-0.001")])),
        "night": or_empty(st.dates(date(2026, 2, 26), date(2026, 4, 2))),
        "made_at": or_empty(st.sampled_from([NOW, NOW - timedelta(minutes=20), NOW + timedelta(milliseconds=1), datetime(2026, 2, 28, 16, tzinfo=UTC), datetime(2026, 3, 31, 15, 59, 59, 999000, tzinfo=UTC), datetime(2026, 3, 31, 16, tzinfo=UTC)])),
        "paid": or_empty(st.booleans()),
        "name": or_empty(NAMES),
        "tags": or_empty(st.lists(NAMES, min_size=1, max_size=3)),
        "host": or_empty(st.sampled_from(["s1", "s2", "gone"])),
    }
)  # fmt: skip
PEOPLE = st.fixed_dictionaries(
    {
        "store": st.just("north"),
        "state": st.none(),
        "number": st.none(),
        "name": or_empty(NAMES),
        "rank": or_empty(st.integers(0, 3)),
        "roles": or_empty(st.lists(NAMES, min_size=1, max_size=3)),
    }
)


@st.composite
def clubs(draw: st.DrawFn) -> list[Row]:
    people = [Row(STAFF, f"s{n + 1}", values) for n, values in enumerate(draw(st.lists(PEOPLE, min_size=2, max_size=2)))]
    made = [Row(BOOKING, f"b{n}", values) for n, values in enumerate(draw(st.lists(BOOKINGS, min_size=1, max_size=6)))]
    return people + made


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(found=clubs(), written=st.lists(rules(), min_size=4, max_size=4), limit=st.none() | st.integers(0, 4))
def test_a_rule_picks_the_same_rows_everywhere(
    club: Club, database: Database, found: list[Row], written: list[Rule], limit: int | None
) -> None:
    """Given any rows and any rule, then the closure, the database and Python itself agree on every row."""
    put(club, database, found)
    env = club.env(found)
    env.names["settings"] = {**env.names["settings"], "limit": limit}  # type: ignore[dict-item]
    python = Python(env, found)
    for ours, theirs in written:
        rule = club.condition(ours)
        assert sql_problem(rule, formula_of=lambda record, name: club.computed.get((record, name))) is None, ours
        meant = sorted(row.id for row in found if row.type == BOOKING and python.says(theirs, row))

        assert ids_by_closure(rule, env, found) == meant, ours
        assert ids_by_sql(club, database, rule, env) == meant, ours
