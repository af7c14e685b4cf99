"""Public holidays and make-up working days of a country, from the ``holidays`` library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import holidays

from core.model.errors import Text
from core.model.values import BadValue

WEEKEND = frozenset({5, 6})  # Saturday and Sunday, as date.weekday() counts


@dataclass(frozen=True, slots=True)
class PublicDays:
    """One year of a country: its holidays by name, the weekend days people work, and which days a weekend has."""

    off: Mapping[date, Text] = field(default_factory=dict)
    work: frozenset[date] = frozenset()
    weekend: frozenset[int] = WEEKEND


def known_country(country: str) -> bool:
    """Return whether there are holidays for ``country``, a two-letter code such as ``cn``."""
    return country.upper() in holidays.list_supported_countries()


def check_country(country: str) -> None:
    """Raise ``BadValue`` for a country without a list of holidays."""
    if not known_country(country):
        raise BadValue(
            Text(f"no public holidays are known for `{country}`", f"没有“{country}”的法定节假日资料"),
            Text("write a two-letter country code, for example cn", "请填写两位国家代码，例如 cn"),
            code="unknown-country",
        )


@lru_cache(maxsize=256)
def public_days(country: str, year: int) -> PublicDays:
    """Return the public holidays of a year.

    China announces each year's make-up working days late in the year before. Until an update of the
    library brings them, that year has its statutory holidays only; a plugin's ``work`` and ``off``
    fill the gap.
    """
    english = holidays.country_holidays(country.upper(), years=year, language="en_US")
    chinese = holidays.country_holidays(country.upper(), years=year, language="zh_CN")
    names = {day: Text(name, chinese.get(day) or name) for day, name in english.items() if day.year == year}
    work = frozenset(day for day in getattr(english, "weekend_workdays", ()) if day.year == year)
    return PublicDays(names, work, frozenset(english.weekend))
