"""What a database cannot work out is refused when the plugin is loaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions import Aggregate, Case, Cases, Expression, Literal
from core.language.expressions.sqlable import sql_problem
from core.model.kinds import TEXT


@pytest.mark.parametrize(
    "text",
    [
        "self.booker == me",
        'self.state in ["held", "seated"] and has(self.room)',
        "self.amount * 2 >= settings.fine + self.people",
        "self.booked_at < now - settings.late_hold",
        "self.night in period or self.booked_at in period",
        "year(self.night) == year(now)",
        "self.room.keeper == me",
        '"vip" in self.tags and self.tags[0] == "new"',
        'self.amount > balance("credit", me)',
        "self.booked_at > at(today, settings.cutoff)",
        "self.guest_name == lower(me.name)",
        "coalesce(self.people, 0) + size(self.tags) > 3",
        "not (self.vip if has(self.vip) else self.people > 3)",
        "min(self.people, self.class) == 1",
        "days_between(self.night, today) > 30",
        "overlap(self.tags, my_roles)",
        "has(self.notes)",
    ],
)
def test_what_a_database_can_do(compiled: Callable[[str], Expression], text: str) -> None:
    assert sql_problem(compiled(text)) is None


@pytest.mark.parametrize(
    ("text", "part", "column"),
    [
        ("self.vip and self.booked_at + 20m < now", "self.booked_at + 20m", 33),
        ("self.amount / 2 > 1", "self.amount / 2", 20),
        ("overlap(self.tags, self.tags)", "overlap(self.tags, self.tags)", 20),
        ('balance("credit", self.booker) > 3', 'balance("credit", self.booker)', 20),
        ("lower(self.guest_name) == me.name", "lower(self.guest_name)", 20),
        ("year(self.booked_at) == 2026", "year(self.booked_at)", 20),
        ("round(self.amount) == 2", "round(self.amount)", 20),
        ("now - self.booked_at > 20m", "now - self.booked_at", 20),
        ("self.tags[self.people] == null", "self.tags[self.people]", 20),
        ("self.notes[0] == 1", "self.notes[0]", 20),
        ('"a" in self.notes', "self.notes", 27),
        ("settings.cadence[self.guest_name] == 1", "settings.cadence[self.guest_name]", 20),
        ("blank(self, ['people']) == null", "blank(self, ['people'])", 20),
        ("overlap(self.tags, self.booker.roles)", "overlap(self.tags, self.booker.roles)", 20),
    ],
)
def test_what_it_cannot_is_told_at_its_column(
    compiled: Callable[[str], Expression], text: str, part: str, column: int
) -> None:
    problem = sql_problem(compiled(text))

    assert problem is not None
    assert problem.place is not None
    assert (problem.what.en, problem.place.column) == (f"the database cannot work out `{part}`", column)
    assert problem.what.zh


def test_a_computed_field_is_looked_into(compiled: Callable[[str], Expression]) -> None:
    plain, odd = compiled("self.people + 1"), compiled("lower(self.guest_name)")
    cases = Cases((Case(compiled("self.vip"), Literal("a", TEXT)), Case(None, odd)), TEXT)

    assert sql_problem(plain) is None
    assert sql_problem(odd) is not None
    assert sql_problem(cases) is not None
    assert sql_problem(Aggregate("count", "club.booking", "booking")) is None
    assert sql_problem(Aggregate("avg", "club.booking", "booking", "people")) is not None


def test_brackets_upon_brackets_would_grow_beyond_all_measure(compiled: Callable[[str], Expression]) -> None:
    text = "self.vip"
    for limit in range(11):
        text = f"(({text}) and self.people < {limit}) or self.people > {limit}"
    problem = sql_problem(compiled(text))

    assert problem is not None
    assert problem.fix is not None
