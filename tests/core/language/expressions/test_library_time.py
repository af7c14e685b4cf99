"""Functions on time go by the business's own calendar."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from core.language.expressions import RuleError

Value = Callable[..., object]


def local(text: str) -> datetime:
    """A moment of the branch: eight hours ahead of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at(self.night, settings.cutoff)", local("2026-03-07 20:45")),
        ('at(self.night, time("01:30"))', local("2026-03-08 01:30")),
        ("start_of(self.night)", local("2026-03-07 08:00")),
        ("end_of(self.night)", local("2026-03-08 08:00")),
        ("today_of(self.booked_at)", date(2026, 3, 6)),
        ("date(self.booked_at)", date(2026, 3, 7)),
        ("time(self.booked_at)", time(7, 59)),
        ('date("2026-04-01")', date(2026, 4, 1)),
        ('datetime("2026-03-07 20:45")', local("2026-03-07 20:45")),
        ("year(self.night)", 2026),
        ("month(self.night)", 3),
        ("day(self.booked_at)", 7),
        ("weekday(self.night)", 6),
        ("after(self.night, 1mo)", date(2026, 4, 7)),
        ("after(self.booked_at, 20m)", local("2026-03-07 08:19")),
        ("last_workday(self.night)", date(2026, 3, 31)),
        ("first_workday(self.night)", date(2026, 3, 2)),
        ("nth_workday(self.night, 2)", date(2026, 3, 3)),
        ("nth_day(self.night, 25)", date(2026, 3, 25)),
        ("workdays(self.night, self.night + 7d)", 5),
        ("is_workday(self.night)", False),
        ("is_holiday(self.night)", False),  # a Saturday
        ("days_between(self.night, today)", 0),
        ("days_between(self.booked_at, today)", 1),
        ("minutes_between(self.booked_at, now)", 751),
        ('period_of("quarter", self.night).end', date(2026, 3, 31)),
        ('in_period(self.night, period_of("week", today))', True),
        ("self.booked_at in period", True),
        ('balance("credit", me)', Decimal(2)),
    ],
)
def test_what_they_give(value: Value, text: str, expected: object) -> None:
    # Given a business day that starts at eight, and a booking made a minute before
    assert value(text, {"night": date(2026, 3, 7), "booked_at": local("2026-03-07 07:59")}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "after(self.night, 20m)",
        "nth_workday(self.night, 99)",
        "nth_day(self.night, 0)",
        "after_working(self.booked_at, 1d)",
        'period_of("fortnight", today)',
        'datetime("soon")',
        "time(item)",
    ],
)
def test_what_the_calendar_does_not_have_is_told(value: Value, text: str) -> None:
    with pytest.raises(RuleError) as caught:
        value(text, {"night": date(2026, 3, 7)}, item="noon")

    assert caught.value.problems[0].what.zh


def test_the_last_moment_of_a_month_of_nights_is_the_next_morning(value: Value) -> None:
    assert value("self.booked_at in period", {"booked_at": local("2026-04-01 07:59")}) is True
    assert value("self.booked_at in period", {"booked_at": local("2026-04-01 08:00")}) is False
