"""A rule means the same as a closure, in SQLite, in PostgreSQL and, where Python has a say, in Python itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.language.expressions import Env, Row
from core.language.expressions.memory import aggregate_rows
from core.language.expressions.sqlable import sql_problem
from stores.lowering import aggregate

BOOKING, STAFF = "club.booking", "core.staff"
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)
STATES = ("held", "seated", "lapsed")

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
    ("overlap(self.tags, settings.tiers)", "bool(set(get(self,'tags') or []) & set(setting('tiers') or []))"),
    ("overlap(settings.tiers, self.tags)", "bool(set(get(self,'tags') or []) & set(setting('tiers') or []))"),
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
    people = [
        Row(STAFF, f"s{n + 1}", values) for n, values in enumerate(draw(st.lists(PEOPLE, min_size=2, max_size=2)))
    ]
    made = [Row(BOOKING, f"b{n}", values) for n, values in enumerate(draw(st.lists(BOOKINGS, min_size=1, max_size=6)))]
    return people + made


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(found=clubs(), written=st.lists(rules(), min_size=4, max_size=4), limit=st.none() | st.integers(0, 4))
def test_a_rule_picks_the_same_rows_everywhere(
    club: Any, found: list[Row], written: list[Rule], limit: int | None
) -> None:
    """Given any rows and any rule, then the closure, the database and Python itself agree on every row."""
    club.put(found)
    env = club.env(found)
    env.names["settings"] = {**env.names["settings"], "limit": limit}
    python = Python(env, found)
    for ours, theirs in written:
        rule = club.condition(ours)
        assert sql_problem(rule, formula_of=lambda record, name: club.computed.get((record, name))) is None, ours
        meant = sorted(row.id for row in found if row.type == BOOKING and python.says(theirs, row))

        assert club.by_closure(rule, env, found) == meant, ours
        assert club.by_sql(rule, env) == meant, ours


AGGREGATES = st.sampled_from(
    [("count", None), ("count", "name"), ("sum", "count"), ("sum", "amount"), ("avg", "rate"), ("avg", "count"), ("min", "night"),
     ("max", "made_at"), ("min", "name"), ("max", "amount"), ("min", "paid"), ("one", None), ("one", "tags"), ("one", "level"),
     ("sum", "double"), ("max", "double"), ("one", "host")]
)  # fmt: skip


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    found=clubs(),
    wanted=AGGREGATES,
    about=st.sampled_from(["", "booking.host == self.host", "booking.count >= self.count"]),
)
def test_an_aggregate_gives_the_same_value_everywhere(
    club: Any, found: list[Row], wanted: tuple[Any, str | None], about: str
) -> None:
    """Given any rows, then the database gives what adding up row by row in Python gives."""
    club.put(found)
    query = club.count(*wanted, about or None)
    env = club.env(found).having(self=found[-1])
    with club.database.read() as connection:
        assert aggregate(connection, query, env, club.database.dialect) == aggregate_rows(
            query, found_bookings(found), env
        )


def found_bookings(found: list[Row]) -> list[Row]:
    return [row for row in found if row.type == BOOKING]
