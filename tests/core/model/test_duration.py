"""Durations: how the rule books write them, and what may be compared."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.duration import Duration
from core.model.values import BadValue

parts = st.integers(-400, 400)
durations = st.builds(Duration, months=parts, days=parts, workdays=parts, seconds=st.integers(-200_000, 200_000))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("20m", Duration(seconds=1200)),
        ("1h30m", Duration(seconds=5400)),
        ("48h", Duration(seconds=172_800)),
        ("15d", Duration(days=15)),
        ("2w", Duration(days=14)),
        ("3mo", Duration(months=3)),
        ("1y", Duration(months=12)),
        ("2bd", Duration(workdays=2)),
        ("5s", Duration(seconds=5)),
        ("-15d", Duration(days=-15)),
        ("-1h30m", Duration(seconds=-5400)),
        ("3mo-15d+2h", Duration(months=3, days=-15, seconds=7200)),
        (" 1 h 30 m ", Duration(seconds=5400)),
    ],
)
def test_the_rule_books_durations_are_read(text: str, duration: Duration) -> None:
    assert Duration.parse(text) == duration


@given(durations)
def test_what_is_written_out_reads_back_the_same(duration: Duration) -> None:
    assert Duration.parse(str(duration)) == duration


@pytest.mark.parametrize("text", ["", "20", "m", "20 minutes", "1.5h", "h20", "20m!", "--1d", "1d2", "20M"])
def test_anything_else_is_refused_with_the_units_to_use(text: str) -> None:
    with pytest.raises(BadValue, match="20m, 48h") as refused:
        Duration.parse(text)

    assert "工作日" in (refused.value.fix.zh if refused.value.fix else "")


def test_a_duration_no_calendar_reaches_is_refused() -> None:
    with pytest.raises(BadValue, match="thousand years"):
        Duration.parse("999999999y")


def test_a_day_is_not_24_hours() -> None:
    assert Duration.parse("1d") != Duration.parse("24h")
    assert Duration.parse("24h").timed
    assert not Duration.parse("1d").timed


def test_only_days_and_hours_have_a_length_without_a_calendar() -> None:
    assert Duration.parse("1d2h").timedelta == timedelta(hours=26)
    assert not Duration.parse("1mo").exact
    assert not Duration.parse("1bd").exact


@pytest.mark.parametrize(
    ("text", "en", "zh"),
    [
        ("1h30m", "1 hour 30 minutes", "1 小时 30 分钟"),
        ("15mo", "1 year 3 months", "1 年 3 个月"),
        ("2bd", "2 working days", "2 个工作日"),
        ("-45s", "−45 seconds", "−45 秒"),
        ("0s", "0 minutes", "0 分钟"),
    ],
)
def test_people_read_a_duration_in_words(text: str, en: str, zh: str) -> None:
    assert (Duration.parse(text).words.en, Duration.parse(text).words.zh) == (en, zh)


@given(durations, durations)
def test_adding_and_taking_away_again_changes_nothing(one: Duration, other: Duration) -> None:
    assert one + other - other == one
    assert one * 2 == one + one == 2 * one
    assert (one + -one) == Duration()
    assert not Duration()


def test_limits_of_a_setting_compare_where_the_calendar_has_no_say() -> None:
    assert Duration.parse("10m") < Duration.parse("45m") <= Duration.parse("2700s")
    assert Duration.parse("6mo") > Duration.parse("3mo") >= Duration.parse("3mo")


def test_a_month_and_thirty_days_have_no_order() -> None:
    with pytest.raises(BadValue, match="cannot be compared"):
        _ = Duration.parse("1mo") < Duration.parse("30d")


@pytest.mark.parametrize("other", [5, "20m", timedelta(minutes=20), None])
def test_only_a_duration_is_added_to_a_duration_or_taken_from_it(other: object) -> None:
    with pytest.raises(TypeError):
        _ = Duration.parse("20m") + other  # type: ignore[operator]
    with pytest.raises(TypeError):
        _ = Duration.parse("20m") - other  # type: ignore[operator]


@pytest.mark.parametrize("times", [1.5, "2", Duration(seconds=2)])
def test_a_duration_is_taken_a_whole_number_of_times(times: object) -> None:
    with pytest.raises(TypeError):
        _ = Duration.parse("1mo") * times  # type: ignore[operator]
