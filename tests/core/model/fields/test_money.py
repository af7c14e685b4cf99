"""Yuan and fen."""

from datetime import UTC
from decimal import Decimal

import pytest

from core.model.fields import BadValue, FieldSpec

FINE = FieldSpec("money")


@pytest.mark.parametrize(
    "raw", ["500", "500.00", "¥500", "￥ 500.00", "500元", " 500 元 ", 500, 500.0, Decimal(500), "５００"]
)
def test_five_hundred_yuan_is_fifty_thousand_fen_however_it_is_written(raw: object) -> None:
    value = FINE.parse(raw, UTC)

    assert FINE.cell(value) == 50_000
    assert FINE.json(value, UTC) == "500.00"


def test_half_a_fen_is_rounded_up() -> None:
    assert FINE.cell(FINE.parse("0.005", UTC)) == 1
    assert FINE.cell(FINE.parse("-0.005", UTC)) == -1
    assert FINE.cell(FINE.parse("0.0049", UTC)) == 0


def test_a_fine_keeps_its_sign() -> None:
    assert FINE.cell(FINE.parse("-¥1,234.50", UTC)) == -123_450


@pytest.mark.parametrize("raw", ["$5", "500美元", "五百", "5,00"])
def test_other_currencies_and_words_are_refused(raw: str) -> None:
    with pytest.raises(BadValue, match="not a number"):
        FINE.parse(raw, UTC)
