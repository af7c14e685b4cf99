"""Deadlines with the numbers of the rule books: where they fall, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.language.calendar import BusinessCalendar, Period, months_later
from core.language.definition import CalendarRules
from core.model.duration import Duration
from core.model.values import BadValue

SHANGHAI = ZoneInfo("Asia/Shanghai")
OFFICE = BusinessCalendar(CalendarRules(holidays="cn"), SHANGHAI)
PLAIN = BusinessCalendar(CalendarRules(), SHANGHAI)
NIGHT_OPEN = {"daily": ((time(19), time(5)),)}
CLUB = BusinessCalendar(CalendarRules(day_starts=time(12), open=NIGHT_OPEN), SHANGHAI)
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2027, 12, 31))


def local(text: str) -> datetime:
    """A moment in branch time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def after(start: str, duration: str, calendar: BusinessCalendar = OFFICE) -> str:
    """Where a duration from a day ends, as text."""
    return calendar.after(date.fromisoformat(start), Duration.parse(duration)).isoformat()


# --- key accounts ---------------------------------------------------------------------------------------------------


def test_ka_s1_a_plan_at_2340_on_the_last_working_day_is_in_time_and_at_0010_late() -> None:
    deadline = OFFICE.end_of(OFFICE.last_workday(date(2026, 5, 4)))

    assert local("2026-05-29 23:40") <= deadline == local("2026-05-30 00:00")
    assert local("2026-05-30 00:10") > deadline


def test_ka_s2_a_saturday_without_make_up_work_is_not_the_last_working_day() -> None:
    assert OFFICE.last_workday(date(2026, 1, 31)) == date(2026, 1, 30)


@pytest.mark.parametrize("rules", [CalendarRules(holidays="cn"), CalendarRules(work=frozenset({date(2026, 2, 28)}))])
def test_ka_s3_a_make_up_saturday_is_the_last_working_day(rules: CalendarRules) -> None:
    calendar = BusinessCalendar(rules, SHANGHAI)

    assert calendar.last_workday(date(2026, 2, 1)) == date(2026, 2, 28)
    assert local("2026-02-28 16:00") <= calendar.end_of(date(2026, 2, 28))


def test_ka_s7_monday_is_the_third_working_day_after_wednesday() -> None:
    assert OFFICE.workdays(date(2026, 6, 3), date(2026, 6, 8)) == 3
    assert OFFICE.workdays(date(2026, 6, 8), date(2026, 6, 3)) == -3
    assert after("2026-06-03", "2bd") == "2026-06-05"


# --- home renovation ------------------------------------------------------------------------------------------------


def test_hr_s9_the_next_patrol_is_five_days_after_the_last() -> None:
    assert after("2026-03-06", "5d") == "2026-03-11"
    assert after("2026-03-13", "5d") == "2026-03-18"
    due = PLAIN.end_of(date(2026, 3, 11))
    assert local("2026-03-11 23:59") <= due < local("2026-03-12 08:00"), "overdue on 12 March"


def test_hr_s15_call_1_falls_between_15_days_after_the_start_and_15_before_the_end() -> None:
    assert after("2026-03-02", "15d") == "2026-03-17"
    assert after("2026-05-31", "-15d") == "2026-05-16"
    assert local("2026-05-16 23:59") <= PLAIN.end_of(date(2026, 5, 16)) < local("2026-05-17 09:00")


def test_hr_s16_with_no_window_left_call_1_is_at_half_time_rounded_down() -> None:
    start, end = date(2026, 3, 2), date(2026, 3, 25)

    assert after("2026-03-02", "15d") > after("2026-03-25", "-15d"), "the window is empty"
    assert OFFICE.after(start, Duration(days=(end - start).days // 2)) == date(2026, 3, 13)


def test_hr_s17_visits_and_warranty_count_by_the_calendar() -> None:
    accepted, moved_in = "2026-05-31", "2026-06-20"

    assert after(accepted, "1mo") == "2026-06-30"
    assert (after(accepted, "15d"), after(accepted, "30d")) == ("2026-06-15", "2026-06-30")
    assert (after(moved_in, "3mo"), after(moved_in, "6mo")) == ("2026-09-20", "2026-12-20")
    assert after(accepted, "3y") == "2029-05-31"


def test_hr_s18_the_31st_becomes_the_last_day_of_a_shorter_month() -> None:
    assert after("2026-08-31", "6mo") == "2027-02-28"
    assert after("2023-08-31", "6mo") == "2024-02-29"


def test_hr_s19_48_hours_and_half_an_hour_run_from_the_exact_moment() -> None:
    reported = local("2026-06-10 16:20")

    assert OFFICE.after(reported, Duration.parse("48h")) == local("2026-06-12 16:20")
    assert OFFICE.after(reported, Duration.parse("30m")) == local("2026-06-10 16:50")


# --- customer tiers and service centres -----------------------------------------------------------------------------


def test_ct_s1_two_working_days_over_the_tomb_sweeping_holiday() -> None:
    reported = local("2026-04-02 10:00")

    due = OFFICE.after(reported, Duration.parse("2bd"))

    assert due == local("2026-04-08 00:00"), "7 April 24:00"
    assert after("2026-04-07", "1w") == "2026-04-14"


def test_ct_s1_the_path_says_which_days_were_skipped_and_why() -> None:
    skipped = OFFICE.explain_after(local("2026-04-02 10:00"), Duration.parse("2bd"))

    assert [(step.day.day, step.why.zh) for step in skipped] == [(4, "周末"), (5, "清明节"), (6, "清明节（补假）")]
    assert [step.why.en for step in skipped] == ["weekend", "Tomb-Sweeping Day", "Tomb-Sweeping Day (observed)"]
    assert [step.day.day for step in OFFICE.path_after(date(2026, 4, 2), Duration(workdays=2)) if step.counted] == [
        3,
        7,
    ]


def test_a_make_up_saturday_on_the_path_is_counted_and_says_so() -> None:
    path = OFFICE.path_after(date(2026, 2, 13), Duration.parse("1bd"))

    assert [(step.day, step.counted, step.why.zh) for step in path] == [(date(2026, 2, 14), True, "调休上班")]


def test_ct_s11_the_second_working_day_of_june() -> None:
    assert OFFICE.nth_workday(date(2026, 6, 15), 2) == date(2026, 6, 2)
    assert OFFICE.first_workday(date(2026, 5, 31)) == date(2026, 5, 6), "after Labour Day"


def test_sc_s4_ten_working_days_end_on_19_june_or_after_the_holiday_on_22_june() -> None:
    assert after("2026-06-05", "10bd", PLAIN) == "2026-06-19"
    assert after("2026-06-05", "10bd", OFFICE) == "2026-06-22"


def test_sc_s6_a_warranty_of_six_months_from_31_august_ends_on_28_february() -> None:
    assert after("2025-08-31", "6mo") == "2026-02-28"


def test_sc_s14_the_clock_of_a_lead_stands_while_the_shop_is_closed() -> None:
    shop = BusinessCalendar(CalendarRules(open={"daily": ((time(9), time(18)),)}), SHANGHAI)

    assert shop.after_open(local("2026-06-06 20:10"), Duration.parse("30m")) == local("2026-06-07 09:30")
    assert shop.after_open(local("2026-06-06 17:50"), Duration.parse("30m")) == local("2026-06-07 09:20")
    assert shop.after_open(local("2026-06-06 10:00"), Duration.parse("30m")) == local("2026-06-06 10:30")


def test_two_working_hours_wait_for_lunch_the_night_and_the_holiday() -> None:
    hours = ((time(8, 30), time(12)), (time(13), time(17, 30)))
    office = BusinessCalendar(
        CalendarRules(open=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), hours), holidays="cn"), SHANGHAI
    )
    two = Duration.parse("2h")

    assert office.after_working(local("2026-06-03 09:00"), two) == local("2026-06-03 11:00")
    assert office.after_working(local("2026-06-03 11:00"), two) == local("2026-06-03 14:00"), "lunch does not count"
    assert office.after_working(local("2026-04-03 17:00"), two) == local("2026-04-07 10:00"), "nor does a long weekend"
    assert office.after_working(local("2026-02-14 09:00"), two) == local("2026-02-14 11:00"), "a make-up Saturday"
    assert office.after_working(local("2026-06-06 09:00"), two) == local("2026-06-08 10:30"), "a free Saturday"


def test_working_hours_of_nobody_do_not_hang_the_node() -> None:
    with pytest.raises(BadValue, match="nobody ever works"):
        BusinessCalendar(CalendarRules(), SHANGHAI).after_working(local("2026-06-03 09:00"), Duration.parse("2h"))
    with pytest.raises(BadValue, match="hours and minutes"):
        OFFICE.after_working(local("2026-06-03 09:00"), Duration.parse("1bd"))


def test_the_25th_of_a_month_and_the_31st_of_a_short_one() -> None:
    assert OFFICE.nth_day(date(2026, 6, 3), 25) == date(2026, 6, 25)
    assert OFFICE.nth_day(date(2026, 6, 3), 31) == date(2026, 6, 30)
    with pytest.raises(BadValue, match="no day 0"):
        OFFICE.nth_day(date(2026, 6, 3), 0)


def test_after_midnight_a_night_shop_still_counts_the_night_before() -> None:
    assert CLUB.after_open(local("2026-03-08 04:50"), Duration.parse("30m")) == local("2026-03-08 19:20")


# --- conventions ----------------------------------------------------------------------------------------------------


def test_c_5_the_day_of_the_event_is_not_counted_be_it_worked_or_not() -> None:
    assert after("2026-06-05", "1bd") == "2026-06-08"
    assert after("2026-06-06", "1bd") == "2026-06-08", "from a Saturday"
    assert after("2026-06-08", "-1bd") == "2026-06-05"


def test_c_6_days_end_at_2400_and_are_not_moved_for_holidays() -> None:
    assert OFFICE.after(local("2026-04-03 15:00"), Duration.parse("2d")) == local("2026-04-06 00:00")
    assert after("2026-04-03", "2d") == "2026-04-05", "a Sunday and a holiday"


def test_c_6_and_c_7_a_day_and_24_hours_are_two_deadlines() -> None:
    asked = local("2026-06-10 16:20")

    assert OFFICE.after(asked, Duration.parse("24h")) == local("2026-06-11 16:20")
    assert OFFICE.after(asked, Duration.parse("1d")) == local("2026-06-12 00:00")


def test_mixed_durations_take_months_then_days_then_working_days_then_hours() -> None:
    assert after("2026-01-31", "1mo1d1bd") == "2026-03-02"
    assert OFFICE.after(local("2026-06-10 16:20"), Duration.parse("1d2h")) == local("2026-06-12 02:00")


def test_hours_cannot_be_counted_from_a_day() -> None:
    with pytest.raises(BadValue, match="cannot be counted from a day"):
        OFFICE.after(date(2026, 6, 10), Duration.parse("2h"))


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = datetime.fromisoformat("2026-06-10 16:20")
    for duration in ("2h", "1d"):
        with pytest.raises(BadValue, match="no time zone"):
            OFFICE.after(naive, Duration.parse(duration))


@given(days, st.integers(-12, 12))
def test_a_month_later_is_the_same_day_number_or_the_last_day(day: date, months: int) -> None:
    later = months_later(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + timedelta(days=1)).day == 1)


@settings(max_examples=50)
@given(days, st.integers(1, 15))
def test_working_days_counted_forth_are_counted_back(day: date, count: int) -> None:
    end = OFFICE.after(day, Duration(workdays=count))

    assert OFFICE.is_workday(end)
    assert OFFICE.workdays(day, end) == count
    assert OFFICE.after(end, Duration(workdays=-count)) <= day or not OFFICE.is_workday(day)


# --- the business day -----------------------------------------------------------------------------------------------


def test_nc_46_the_clubs_day_runs_from_noon_to_1159() -> None:
    night = date(2026, 3, 7)

    assert {CLUB.business_date(local(t)) for t in ("2026-03-07 12:00", "2026-03-08 01:30", "2026-03-08 11:59:59")} == {
        night
    }
    assert CLUB.business_date(local("2026-03-08 12:00")) == date(2026, 3, 8)
    assert CLUB.start_of(night) == local("2026-03-07 12:00")
    assert CLUB.end_of(night) == local("2026-03-08 12:00") == CLUB.start_of(date(2026, 3, 8))


def test_a_time_before_the_day_starts_belongs_to_the_night() -> None:
    night = date(2026, 3, 7)

    assert CLUB.at(night, time(21)) == local("2026-03-07 21:00")
    assert CLUB.at(night, time(1, 30)) == local("2026-03-08 01:30")
    assert CLUB.closing(night) == local("2026-03-08 05:00")


def test_three_days_after_0130_count_from_the_night_it_belongs_to() -> None:
    assert CLUB.after(local("2026-03-08 01:30"), Duration.parse("3d")) == CLUB.end_of(date(2026, 3, 10))


def test_closing_is_the_last_of_several_spans_and_a_weekday_may_have_its_own() -> None:
    opens = {"daily": ((time(9), time(12)), (time(14), time(18))), "sat": ((time(10), time(0)),), "sun": ()}
    shop = BusinessCalendar(CalendarRules(open=opens), SHANGHAI)

    assert shop.closing(date(2026, 3, 6)) == local("2026-03-06 18:00")
    assert shop.closing(date(2026, 3, 7)) == local("2026-03-08 00:00")
    assert shop.closing(date(2026, 3, 8)) == local("2026-03-09 00:00"), "closed all day: the day's end"
    assert shop.spans(date(2026, 3, 8)) == []
    assert PLAIN.closing(date(2026, 3, 6)) == local("2026-03-07 00:00")


def test_open_round_the_clock_closes_at_the_same_time_next_day() -> None:
    shop = BusinessCalendar(CalendarRules(open={"daily": ((time(8), time(8)),)}), SHANGHAI)

    assert shop.closing(date(2026, 3, 6)) == local("2026-03-07 08:00")


@given(days, st.times())
def test_every_time_of_a_business_day_lies_in_it(day: date, clock: time) -> None:
    for calendar in (PLAIN, CLUB):
        moment = calendar.at(day, clock)

        assert calendar.business_date(moment) == day
        assert calendar.start_of(day) <= moment < calendar.end_of(day)
        assert moment.tzinfo is UTC


def test_periods_include_both_ends_and_weeks_start_on_monday() -> None:
    day = date(2026, 2, 11)

    assert PLAIN.period("day", day) == Period(day, day, "day")
    assert PLAIN.period("week", day) == Period(date(2026, 2, 9), date(2026, 2, 15), "week")
    assert PLAIN.period("month", day) == Period(date(2026, 2, 1), date(2026, 2, 28), "month")
    assert PLAIN.period("quarter", day) == Period(date(2026, 1, 1), date(2026, 3, 31), "quarter")
    assert PLAIN.period("quarter", date(2026, 12, 31)) == Period(date(2026, 10, 1), date(2026, 12, 31), "quarter")
    assert PLAIN.period("year", day) == Period(date(2026, 1, 1), date(2026, 12, 31), "year")
    assert day in PLAIN.period("month", day)
    assert date(2026, 3, 1) not in PLAIN.period("month", day)


# --- calendars that say no ------------------------------------------------------------------------------------------


def test_a_month_with_fewer_working_days_says_how_many_it_has() -> None:
    with pytest.raises(BadValue, match="has 21 working days"):
        OFFICE.nth_workday(date(2026, 6, 1), 22)


def test_a_calendar_without_working_days_does_not_hang_the_node() -> None:
    never = BusinessCalendar(CalendarRules(holidays="never"), SHANGHAI, {"never": _every_day})

    with pytest.raises(BadValue, match="no working days"):
        never.after(date(2026, 6, 5), Duration(workdays=1))
    with pytest.raises(BadValue, match="never opens"):
        never.after_open(local("2026-06-05 10:00"), Duration.parse("30m"))


def _every_day(year: int) -> dict[date, str]:
    return {
        date(year, 1, 1) + timedelta(days=n): "歇业"
        for n in range(366)
        if (date(year, 1, 1) + timedelta(days=n)).year == year
    }


def test_a_date_past_all_calendars_is_refused() -> None:
    for duration in ("999y", "300000d"):
        with pytest.raises(BadValue, match="too far away"):
            OFFICE.after(date(9900, 1, 1), Duration.parse(duration))
    with pytest.raises(BadValue, match="too far away"):
        OFFICE.after(datetime(9999, 12, 31, 12, tzinfo=UTC), Duration.parse("24h"))


def test_a_deadline_parked_at_the_end_of_time_is_refused_and_not_a_crash() -> None:
    for day in (date.min, date.max):
        with pytest.raises(BadValue, match="too far away"):
            OFFICE.at(day, time(0)) if day == date.min else OFFICE.end_of(day)


def test_a_holiday_is_more_than_a_weekend() -> None:
    # Given National Day (a Thursday), a plain Saturday, and the Saturday after it that is worked
    national_day, saturday, made_up = date(2026, 10, 1), date(2026, 6, 27), date(2026, 10, 10)

    assert OFFICE.is_holiday(national_day)
    assert not OFFICE.is_holiday(saturday)
    assert not OFFICE.is_holiday(made_up)
