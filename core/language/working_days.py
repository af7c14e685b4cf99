"""Which days are worked, and why or why not (C-5): the plugin's own days, then the country's, then the week's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from core.language.public_days import PublicDays, check_country, public_days
from core.model.errors import Text

if TYPE_CHECKING:
    from core.language.definition import CalendarRules

HolidaySource = Callable[[int], Mapping[date, str]]  # year -> its days off and their names


class WorkingDays:
    """The working days of one business. Each year is looked up once."""

    def __init__(self, rules: CalendarRules, sources: Mapping[str, HolidaySource]) -> None:
        """Raises ``BadValue`` if the rules name holidays that neither a country nor a source has."""
        self._off, self._work, self._country = rules.off, rules.work, rules.holidays
        self._source = sources.get(rules.holidays or "")
        self._years: dict[int, PublicDays] = {}
        if rules.holidays and self._source is None:
            check_country(rules.holidays)

    def ruling(self, day: date) -> tuple[bool, Text]:
        """Return whether a day is worked and why."""
        if day in self._off:
            return False, Text("day off by the business calendar", "企业日历规定的休息日")
        if day in self._work:
            return True, Text("working day by the business calendar", "企业日历规定的上班日")
        public = self._year(day.year)
        if day in public.work:
            return True, Text("make-up working day", "调休上班")
        if day in public.off:
            return False, public.off[day]
        if day.weekday() in public.weekend:
            return False, Text("weekend", "周末")
        return True, Text("working day", "工作日")

    def holiday(self, day: date) -> bool:
        """Return whether a day is a public holiday or a day off by the business calendar; a weekend is neither."""
        return day not in self._work and (day in self._off or day in self._year(day.year).off)

    def _year(self, year: int) -> PublicDays:
        """Return the public days of a year. Two threads may both look them up; they find the same."""
        if year not in self._years:
            self._years[year] = self._looked_up(year)
        return self._years[year]

    def _looked_up(self, year: int) -> PublicDays:
        if self._source is not None:
            return PublicDays({day: Text(name, name) for day, name in self._source(year).items()})
        return public_days(self._country, year) if self._country else PublicDays()
