"""Exact numbers: half up, no float on the way, refused when no column holds them."""

from datetime import UTC
from decimal import ROUND_FLOOR, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.fields import BadValue, FieldSpec

RATE = FieldSpec("decimal", digits=3)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("1.0005", "1.001"),
        ("1.00049", "1.000"),
        ("-1.0005", "-1.001"),
        ("-0.0001", "0.000"),
        (1, "1.000"),
        (0.1, "0.100"),
    ],
)
def test_numbers_are_rounded_half_up_and_there_is_one_zero(raw: object, text: str) -> None:
    assert str(RATE.parse(raw, UTC)) == text
    assert RATE.json(RATE.parse(raw, UTC), UTC) == text


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_a_number_and_its_cell_are_the_same_number(scaled: int, digits: int) -> None:
    spec = FieldSpec("decimal", digits=digits)
    value = spec.value(scaled)

    assert isinstance(value, Decimal)
    assert spec.cell(value) == scaled
    assert value * 10**digits == scaled


def test_what_a_rule_computed_is_rounded_like_what_a_person_entered() -> None:
    assert RATE.cell(Decimal(2) / 3) == 667


def test_the_programs_rounding_is_not_anybodys_to_change() -> None:
    with localcontext(prec=3, rounding=ROUND_FLOOR):
        assert RATE.cell(RATE.parse("123456.7895", UTC)) == 123_456_790
        assert RATE.value(123_456_790) == Decimal("123456.790")


@pytest.mark.parametrize(
    "raw", [float("nan"), float("inf"), Decimal("sNaN"), Decimal("Infinity"), 0.1 + 0.2, "1.2.3", "5 %", True]
)
def test_what_is_no_exact_number_is_refused(raw: object) -> None:
    with pytest.raises(BadValue):
        RATE.parse(raw, UTC)


@pytest.mark.parametrize("raw", ["9223372036854775.808", Decimal("1E+999999"), "9" * 40])
def test_a_number_no_column_holds_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="too large"):
        RATE.parse(raw, UTC)


def test_a_tiny_number_is_zero_however_small_it_is() -> None:
    assert RATE.parse(Decimal("1E-999999"), UTC) == 0
