"""What may not be compared or calculated says so, and what to write instead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions import Expression
from core.model.errors import Problem
from core.model.kinds import BOOL, DATE, INT, TEXT, Kind


@pytest.mark.parametrize(
    ("text", "column", "en"),
    [
        ("self.guest_name == 3", 20, "`==` between text and a whole number has no meaning"),
        ("self.vip and self.booker == self.guest_name", 33, "`==` between a staff record and text has no meaning"),
        ("self.booker == self.room", 20, "`==` between a staff record and a room record has no meaning"),
        ("self.night == now", 20, "`==` between a date and a date with time has no meaning"),
        ("self.booked_at < today", 20, "`<` between a date with time and a date has no meaning"),
        ("self.vip > false", 20, "`>` between true or false and true or false has no meaning"),
        ("self.tags < self.tags", 20, "`<` between a list of text and a list of text has no meaning"),
        ("self.people < null", 20, "`<` between a whole number and nothing (null) has no meaning"),
        ('self.state < "held"', 20, "the options of a choice have no order"),
        ('"a" in self.guest_name', 20, "`in` between text and text has no meaning"),
        ("3 in self.tags", 20, "`in` between a whole number and a list of text has no meaning"),
        ("self.vip in period", 20, "`in` between true or false and a period has no meaning"),
        ("self.guest_name + 1 == null", 20, "`+` does not work on text and a whole number"),
        ("self.vip + 1 == 2", 20, "`+` does not work on true or false and a whole number"),
        ("self.night + 1 == today", 20, "`+` does not work on a date and a whole number"),
        ("null + 1 == 1", 20, "`+` does not work on nothing (null) and a whole number"),
        ("self.amount / 0 == 1", 34, "nothing can be divided by 0"),
        ("-self.guest_name == 1", 20, "`-` needs a number, not text"),
        ("self.night + 3mo == today", 33, "months and working days need the calendar"),
        ("now + 2bd == now", 26, "months and working days need the calendar"),
        ("self.night + 20m == today", 33, "a date moves by whole days only"),
    ],
)
def test_kinds_that_do_not_go_together(problem: Callable[[str], Problem], text: str, column: int, en: str) -> None:
    found = problem(text)

    assert found.place is not None
    assert (found.place.column, found.what.en) == (column, en)
    assert found.what.zh


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("self.night == now", "compare like with like: today_of(moment) is its business day, start_of(day) a moment"),
        ('"a" in self.guest_name', 'write contains(self.guest_name, "a")'),
        ("self.people < null", "write == null or has(…)"),
        ("self.guest_name + 1 == null", "turn the other side into text with text(…)"),
        ("self.night + 1 == today", "write the days as a duration: 3d, or self.days * 1d"),
        ("self.night + 3mo == today", "write after(self.night, …)"),
    ],
)
def test_the_way_out_is_spelt_out(problem: Callable[[str], Problem], text: str, fix: str) -> None:
    found = problem(text).fix

    assert found is not None
    assert found.en == fix


@pytest.mark.parametrize(
    ("text", "expect", "code"),
    [
        ("self.people", BOOL, "wrong-kind"),
        ("null", BOOL, "wrong-kind"),
        ("self.amount / 2", INT, "wrong-kind"),
        ("now", DATE, "wrong-kind"),
        ('"strategc"', Kind("text", options=("strategic", "key")), "unknown-option"),
        ('"key" if self.vip else "kye"', Kind("text", options=("strategic", "key")), "unknown-option"),
        ("self.state", Kind("text", options=("strategic", "key")), "wrong-kind"),
        ("self.tags", Kind("list", item=INT), "wrong-kind"),
    ],
)
def test_a_rule_must_give_what_its_place_needs(
    problem: Callable[..., Problem], text: str, expect: Kind, code: str
) -> None:
    assert problem(text, expect=expect).code == code


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("self.people", Kind("decimal", digits=2)),
        ("null", INT),
        ('"key"', TEXT),
        ('"key"', Kind("text", options=("strategic", "key"))),
        ("item.opens", INT),
        ("self.booker", Kind("record", record="core.staff")),
    ],
)
def test_what_fits_is_taken(compiled: Callable[..., Expression], text: str, expect: Kind) -> None:
    assert compiled(text, expect=expect)
