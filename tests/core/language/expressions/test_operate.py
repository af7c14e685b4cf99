"""Dates, moments and durations: what may be added to what."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from core.language.expressions import EmptyValue, RuleError
from core.language.expressions.operate import ARITHMETIC
from core.model.duration import Duration

NIGHT = date(2026, 3, 7)
AT = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "op", "right", "result"),
    [
        (NIGHT, "+", Duration(days=25), date(2026, 4, 1)),
        (Duration(days=25), "+", NIGHT, date(2026, 4, 1)),
        (NIGHT, "-", Duration(days=7), date(2026, 2, 28)),
        (NIGHT, "-", date(2026, 3, 1), Duration(days=6)),
        (AT, "+", Duration(seconds=1200), datetime(2026, 3, 7, 12, 50, tzinfo=UTC)),
        (AT, "-", Duration(days=1), datetime(2026, 3, 6, 12, 30, tzinfo=UTC)),
        (AT, "-", datetime(2026, 3, 7, 12, 0, tzinfo=UTC), Duration(seconds=1800)),
        (Duration(days=1), "+", Duration(seconds=60), Duration(days=1, seconds=60)),
        (Duration(days=2), "-", Duration(days=3), Duration(days=-1)),
        (Duration(days=2), "*", 3, Duration(days=6)),
        (3, "*", Duration(days=2), Duration(days=6)),
        ("HT-", "+", "0755", "HT-0755"),
        (1, "/", 8, Decimal("0.125")),
    ],
)
def test_what_goes_together(left: Any, op: Any, right: Any, result: object) -> None:
    assert ARITHMETIC[op](left, right) == result


@pytest.mark.parametrize(
    ("left", "op", "right"),
    [
        (NIGHT, "+", Duration(seconds=60)),
        (NIGHT, "+", Duration(months=1)),
        (AT, "+", Duration(workdays=1)),
        (NIGHT, "-", AT),
        (NIGHT, "+", 1),
        ("a", "+", 1),
        (True, "+", 1),
        (Duration(days=1), "*", True),
        (Duration(days=300_000), "*", 9),
        (date(9999, 12, 31), "+", Duration(days=1)),
        ("a", "*", 3),
    ],
)
def test_what_does_not(left: Any, op: Any, right: Any) -> None:
    with pytest.raises(RuleError) as caught:
        ARITHMETIC[op](left, right)

    assert not isinstance(caught.value, EmptyValue)


def test_by_zero_there_is_no_value() -> None:
    with pytest.raises(EmptyValue):
        ARITHMETIC["/"](1, Decimal("0.00"))
