"""The business calendar: where its days begin and end, which of them are worked, and where a deadline falls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from core.language.working_days import HolidaySource, WorkingDays
from core.model.clock import naive
from core.model.duration import Duration
from core.model.errors import Text
from core.model.values import BadValue

if TYPE_CHECKING:
    from core.language.definition import CalendarRules

_DAY = timedelta(days=1)
_DAYS_MAX = 3_000  # without a single working day: the calendar is at fault, not the deadline
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week, month, quarter or year; both ends are in it (C-4)."""

    start: date
    end: date
    name: str

    def __contains__(self, day: date) -> bool:
        return self.start <= day <= self.end


@dataclass(frozen=True, slots=True)
class PathDay:
    """One day on the way to a deadline: whether it counts as a working day, and why."""

    day: date
    counted: bool
    why: Text


class BusinessCalendar:
    """The calendar of one business in one branch; immutable and shared by all threads.

    A business day may start late: with ``day_starts: "12:00"`` what happens at 01:30 still belongs to the
    night before (NC-46), and "24:00" of a day is the moment its business day ends.
    """

    def __init__(self, rules: CalendarRules, zone: tzinfo, sources: Mapping[str, HolidaySource] | None = None) -> None:
        """Take the rules and, beside the countries, the sources of holidays that plugins bring along.

        Raises ``BadValue`` if the rules name holidays that neither a country nor a source has.
        """
        self.rules = rules
        self.zone = zone
        self._working = WorkingDays(rules, sources or {})
        self._moment = lru_cache(maxsize=1024)(self._moment_of)  # the ends of a few days, of every deadline

    def business_date(self, moment: datetime) -> date:
        """Return the business day a moment belongs to."""
        if moment.tzinfo is None:
            raise naive()
        local = moment.astimezone(self.zone)
        return local.date() if local.time() >= self.rules.day_starts else local.date() - _DAY

    def at(self, day: date, clock: time) -> datetime:
        """Return the moment of a time of day on a business day; before ``day_starts`` it is past midnight.

        Raises ``BadValue`` at the ends of time, where some people park what never comes due.
        """
        return self._moment(day, clock)

    def _moment_of(self, day: date, clock: time) -> datetime:
        try:
            calendar_day = day if clock >= self.rules.day_starts else day + _DAY
            return datetime.combine(calendar_day, clock, tzinfo=self.zone).astimezone(UTC)
        except OverflowError:
            raise _too_far() from None

    def start_of(self, day: date) -> datetime:
        """Return the first moment of a business day."""
        return self.at(day, self.rules.day_starts)

    def end_of(self, day: date) -> datetime:
        """Return the moment that ends a business day: its 24:00. As a deadline it is itself in time (C-3)."""
        return self.start_of(_checked_sum(day, _DAY))

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return when the business is open on a business day, earliest first; a span may cross midnight."""
        return self._spans_like(day, day.weekday())

    def _spans_like(self, day: date, weekday: int) -> list[tuple[datetime, datetime]]:
        times = self.rules.open.get(_WEEKDAYS[weekday], self.rules.open.get("daily", ()))
        found = []
        for opens, closes in times:
            start, end = self.at(day, opens), self.at(day, closes)
            found.append((start, end if end > start else self.at(day + _DAY, closes)))
        return sorted(found)

    def closing(self, day: date) -> datetime:
        """Return when the business closes for the day; a day without opening hours lasts to its end."""
        return max((end for _, end in self.spans(day)), default=self.end_of(day))

    def is_workday(self, day: date) -> bool:
        """Return whether people work that day (C-5)."""
        return self._working.ruling(day)[0]

    def is_holiday(self, day: date) -> bool:
        """Return whether it is a public holiday or a day off by the business calendar; a plain weekend is neither."""
        return self._working.holiday(day)

    def why(self, day: date) -> Text:
        """Return why people work or do not work that day."""
        return self._working.ruling(day)[1]

    @overload
    def after(self, moment: datetime, duration: Duration, /) -> datetime: ...
    @overload
    def after(self, moment: date, duration: Duration, /) -> date: ...
    def after(self, moment: date, duration: Duration, /) -> date:
        """Return where a duration ends: a day for a day, a moment for a moment.

        Hours and minutes run from the exact moment (C-7). For the other units the day of the event is not
        counted and the end is 24:00 of the last day: the Nth working day (C-5), the same day number or
        the last day of a shorter month (C-6). It is not moved for holidays; months come first, then
        days, then working days, then hours from that 24:00. A moment at exactly 24:00 belongs to the next day,
        so chain deadlines by days, not by moments.

        Raises ``BadValue`` for hours after a day, or where the calendar has no such day.
        """
        if isinstance(moment, datetime):
            if duration.timed:
                if moment.tzinfo is None:
                    raise naive()
                return _checked_sum(moment, timedelta(seconds=duration.seconds))
            day = self._day_after(self.business_date(moment), duration)
            return self.end_of(day) + timedelta(seconds=duration.seconds)
        if duration.seconds:
            raise BadValue(
                Text(f"{duration} cannot be counted from a day", f"无法从日期起算 {duration}"),
                Text("count hours and minutes from a moment, or use days", "小时和分钟须从具体时刻起算，或改用天数"),
                code="bad-duration",
            )
        return self._day_after(moment, duration)

    def path_after(self, moment: date, duration: Duration) -> list[PathDay]:
        """Return the days a deadline in working days walks over, the counted and the skipped ones, in order."""
        day = self.business_date(moment) if isinstance(moment, datetime) else moment
        start = _months_and_days_later(day, duration)
        return list(self._walk(start, duration.workdays))

    def explain_after(self, moment: date, duration: Duration) -> list[PathDay]:
        """Return the days a deadline in working days skips, each with its reason."""
        return [step for step in self.path_after(moment, duration) if not step.counted]

    def after_open(self, moment: datetime, duration: Duration) -> datetime:
        """Return when ``duration`` of opening hours has passed: the clock stands while the business is closed."""
        assert duration.timed, "opening hours are counted in hours and minutes"
        return self._after_spans(moment, duration, self.spans, "the business never opens", "没有营业时间")

    def after_working(self, moment: datetime, duration: Duration) -> datetime:
        """Return when ``duration`` of working hours has passed: opening hours, on working days only.

        A make-up working day on which the business is otherwise closed has the hours of the first weekday that has
        any. Raises ``BadValue`` for days or months, or when nobody ever works.
        """
        if not duration.timed:
            raise BadValue(
                Text(
                    f"working hours are counted in hours and minutes, not {duration}",
                    f"工作时间按小时和分钟计，不能用 {duration}",
                ),
                Text("write e.g. 2h; for working days use after()", "请写成如 2h；按工作日计请用 after()"),
                code="bad-duration",
            )
        return self._after_spans(moment, duration, self._working_spans, "nobody ever works", "没有工作时间")

    def first_workday(self, day: date) -> date:
        """Return the first working day of the month of ``day``."""
        return self.nth_workday(day, 1)

    def last_workday(self, day: date) -> date:
        """Return the last working day of the month of ``day`` (KA-59)."""
        return self.nth_workday(day, -1)

    def nth_workday(self, day: date, n: int) -> date:
        """Return the nth working day of the month of ``day``; -1 is the last. ``BadValue`` if it has fewer."""
        month = self.period("month", day)
        working = [d for d in _days(month.start, month.end) if self.is_workday(d)]
        if n == 0 or abs(n) > len(working):
            raise _no_such_day(
                f"{day:%Y-%m} has {len(working)} working days", f"{day:%Y-%m} 有 {len(working)} 个工作日"
            )
        return working[n - 1 if n > 0 else n]

    def nth_day(self, day: date, n: int) -> date:
        """Return the nth day of the month of ``day``, or its last day when it has fewer; ``BadValue`` below 1."""
        if n < 1:
            raise _no_such_day(f"a month has no day {n}", f"每月没有第 {n} 天")
        return day.replace(day=min(n, self.period("month", day).end.day))

    def workdays(self, first: date, last: date) -> int:
        """Return how many working days come after ``first`` up to ``last``; negative if ``last`` is earlier."""
        if last < first:
            return -self.workdays(last, first)
        return sum(self.is_workday(day) for day in _days(first + _DAY, last))

    def period(self, name: str, day: date) -> Period:
        """Return the day, week (from Monday), month, quarter or year that ``day`` is in."""
        match name:
            case "day":
                return Period(day, day, name)
            case "week":
                monday = day - timedelta(days=day.weekday())
                return Period(monday, monday + timedelta(days=6), name)
            case "month":
                start, months = day.replace(day=1), 1
            case "quarter":
                start, months = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1), 3
            case _:
                assert name == "year", f"unknown period {name!r}"
                start, months = day.replace(month=1, day=1), 12
        return Period(start, months_later(start, months) - _DAY, name)

    def _working_spans(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_workday(day):
            return []
        likely = (self._spans_like(day, weekday) for weekday in (day.weekday(), *range(7)))
        return next((spans for spans in likely if spans), [])

    def _after_spans(
        self,
        moment: datetime,
        duration: Duration,
        spans: Callable[[date], list[tuple[datetime, datetime]]],
        en: str,
        zh: str,
    ) -> datetime:
        left, day = timedelta(seconds=duration.seconds), self.business_date(moment) - _DAY
        for _ in range(_DAYS_MAX):
            for start, end in spans(day):
                begin = max(start, moment.astimezone(UTC))
                if begin + left <= end:
                    return begin + left
                left -= max(end - begin, timedelta(0))
            day += _DAY
        raise _no_such_day(en, zh)

    def _day_after(self, day: date, duration: Duration) -> date:
        day = _months_and_days_later(day, duration)
        for step in self._walk(day, duration.workdays):
            day = step.day
        return day

    def _walk(self, day: date, workdays: int) -> Iterator[PathDay]:
        """Walk to the ``workdays``-th working day after ``day``, or before it if negative."""
        left, step, idle = abs(workdays), _DAY if workdays > 0 else -_DAY, 0
        while left:
            day = _checked_sum(day, step)
            counted, why = self._working.ruling(day)
            yield PathDay(day, counted, why)
            left, idle = (left - 1, 0) if counted else (left, idle + 1)
            if idle > _DAYS_MAX:
                raise _no_such_day("the calendar has no working days", "日历中没有工作日")


def months_later(day: date, months: int) -> date:
    """Return the same day number ``months`` later, or the last day of a shorter month (C-6)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year < date.max.year:
        raise _too_far()
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - _DAY).day
    return date(year, month + 1, min(day.day, last))


def _months_and_days_later(day: date, duration: Duration) -> date:
    return _checked_sum(months_later(day, duration.months), timedelta(days=duration.days))


@overload
def _checked_sum(moment: datetime, length: timedelta) -> datetime: ...
@overload
def _checked_sum(moment: date, length: timedelta) -> date: ...
def _checked_sum(moment: date, length: timedelta) -> date:
    try:
        return moment + length
    except OverflowError:
        raise _too_far() from None


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _too_far() -> BadValue:
    return _no_such_day("the date is too far away", "日期超出范围")


def _no_such_day(en: str, zh: str) -> BadValue:
    return BadValue(Text(en, zh), Text("check the date and the calendar", "请检查日期和日历设置"), code="no-such-day")
