"""Which days are worked, and whose word counts."""

from datetime import date

import pytest

from core.language.definition import CalendarRules
from core.language.working_days import WorkingDays
from core.model.values import BadValue

DRAGON_BOAT, SATURDAY = date(2026, 6, 19), date(2026, 6, 20)


def test_without_a_country_only_weekends_are_off() -> None:
    working = WorkingDays(CalendarRules(), {})

    assert [working.ruling(day)[0] for day in (DRAGON_BOAT, SATURDAY)] == [True, False]


def test_the_plugins_own_days_come_before_the_countrys() -> None:
    rules = CalendarRules(holidays="cn", work=frozenset({DRAGON_BOAT, SATURDAY}), off=frozenset({date(2026, 6, 22)}))
    working = WorkingDays(rules, {})

    assert working.ruling(DRAGON_BOAT) == (True, working.ruling(SATURDAY)[1])
    assert working.ruling(date(2026, 6, 22))[1].zh == "企业日历规定的休息日"


def test_a_plugins_source_of_holidays_is_asked_once_a_year() -> None:
    asked = []

    def mall(year: int) -> dict[date, str]:
        asked.append(year)
        return {date(year, 6, 18): "商场盘点"}

    working = WorkingDays(CalendarRules(holidays="mall"), {"mall": mall})

    assert working.ruling(date(2026, 6, 18))[1].zh == "商场盘点"
    assert working.ruling(DRAGON_BOAT)[0]
    assert asked == [2026]


def test_holidays_nobody_knows_are_refused_when_the_calendar_is_made() -> None:
    with pytest.raises(BadValue, match="no public holidays are known for `atlantis`"):
        WorkingDays(CalendarRules(holidays="atlantis"), {})
