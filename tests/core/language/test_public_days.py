"""The country's holidays and make-up working days."""

from datetime import date

import pytest

from core.language.public_days import check_country, known_country, public_days
from core.model.values import BadValue


def test_chinas_make_up_days_of_2026_are_working_days() -> None:
    worked = public_days("cn", 2026).work

    assert worked == {date(2026, m, d) for m, d in ((1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10))}


def test_a_holiday_has_its_name_in_both_languages() -> None:
    name = public_days("cn", 2026).off[date(2026, 6, 19)]

    assert (name.zh, name.en) == ("端午节", "Dragon Boat Festival")


def test_a_year_not_announced_yet_has_its_statutory_holidays() -> None:
    assert date(2035, 10, 1) in public_days("cn", 2035).off
    assert public_days("cn", 2035).work == frozenset()


def test_a_country_is_known_by_its_two_letters() -> None:
    assert known_country("cn")
    assert known_country("JP")
    with pytest.raises(BadValue, match="two-letter"):
        check_country("China")
