"""Whole numbers."""

from datetime import UTC
from decimal import Decimal

import pytest

from core.model.fields import BadValue, FieldSpec
from core.model.values import INT_MAX

COUNT = FieldSpec("int")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("1,234,567", 1_234_567),
        ("１２", 12),
        (12.0, 12),
        (Decimal("3.00"), 3),
        ("2.0", 2),
    ],
)
def test_a_whole_number_is_read_however_it_is_written(raw: object, value: int) -> None:
    assert COUNT.parse(raw, UTC) == value
    assert type(COUNT.parse(raw, UTC)) is int


@pytest.mark.parametrize(
    "raw", ["1.5", 1.5, True, "twelve", "1,2", "0x10", "1e5", "1_000", INT_MAX + 1, -INT_MAX - 1, 1e30]
)
def test_anything_else_is_refused(raw: object) -> None:
    with pytest.raises(BadValue):
        COUNT.parse(raw, UTC)


def test_the_largest_number_a_column_holds_fits() -> None:
    assert COUNT.cell(COUNT.parse(str(INT_MAX), UTC)) == INT_MAX
    assert COUNT.cell(COUNT.parse(-INT_MAX, UTC)) == -INT_MAX
