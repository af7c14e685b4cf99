"""Moments: branch time in and out, UTC inside."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from core.model.fields import BadValue, FieldSpec

BOOKED = FieldSpec("datetime")
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_2045 = datetime(2026, 3, 7, 12, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        "2026-03-07 20:45",
        "2026-03-07T20:45:00",
        "2026/3/7 20:45",
        "2026-03-07T12:45:00Z",
        "2026-03-07T21:45+09:00",
        "2026-03-07 07:45 -0500",
    ],
)
def test_a_moment_is_read_in_branch_time_unless_it_says_otherwise(raw: str) -> None:
    value = BOOKED.parse(raw, SHANGHAI)

    assert value == AT_2045
    assert isinstance(value, datetime)
    assert value.utcoffset() == timedelta(0)


def test_the_page_shows_branch_time_and_the_cell_keeps_utc() -> None:
    assert BOOKED.json(AT_2045, SHANGHAI) == "2026-03-07T20:45:00+08:00"
    assert BOOKED.cell(AT_2045) == "2026-03-07T12:45:00.000Z"
    assert BOOKED.cell(AT_2045.astimezone(timezone(timedelta(hours=5)))) == "2026-03-07T12:45:00.000Z"


def test_a_datetime_that_does_not_say_where_it_is_is_refused() -> None:
    with pytest.raises(BadValue, match="no time zone"):
        BOOKED.parse(AT_2045.replace(tzinfo=None), SHANGHAI)


def test_what_is_kept_is_exact_to_the_millisecond() -> None:
    value = BOOKED.parse("2026-03-07 20:45:00.123999", SHANGHAI)

    assert value == AT_2045.replace(microsecond=123_000)
    assert BOOKED.json(value, SHANGHAI) == "2026-03-07T20:45:00.123+08:00"


@pytest.mark.parametrize(
    "raw", ["2026-03-07", "20:45", "2026-02-30 10:00", "2026-03-07 25:00", "yesterday", 1772887500, "0001-01-01 00:00"]
)
def test_anything_else_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="not a date and time"):
        BOOKED.parse(raw, SHANGHAI)


def test_an_hour_that_daylight_saving_skips_does_not_become_another() -> None:
    with pytest.raises(BadValue, match="skipped by daylight saving"):
        BOOKED.parse("2026-03-29 02:30", ZoneInfo("Europe/Berlin"))


def test_an_hour_that_comes_twice_is_the_first_of_the_two() -> None:
    assert BOOKED.parse("2026-10-25 02:30", ZoneInfo("Europe/Berlin")) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
