"""Known figures meet columns: never a float, never out of a column's range."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from sqlalchemy import column
from sqlalchemy.dialects import sqlite

from core.language.expressions import Row, RuleError
from core.model.duration import Duration
from core.model.kinds import DATE, INT, MONEY, TEXT, Kind
from stores.lowering.terms import Term, cell, known_term, one_of, ordered, same
from stores.lowering.words import SQLITE

AMOUNT = Term(column("amount"), MONEY, 2)


def shown(sql: object) -> str:
    return str(sql.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (True, "1"),
        (7, "7"),
        (date(2026, 3, 7), "'2026-03-07'"),
        (time(20, 45), "'20:45:00'"),
        (datetime(2026, 3, 7, 12, tzinfo=UTC), "'2026-03-07T12:00:00.000Z'"),
        (Duration(seconds=1200), "'20m'"),
        (["vip", 1], """'["vip",1]'"""),
        ("陈", "'陈'"),
    ],
)
def test_a_value_is_bound_in_the_form_of_its_cells(value: object, bound: str) -> None:
    assert shown(cell(value)) == bound


def test_a_row_is_bound_as_its_id() -> None:
    assert shown(known_term(Row("core.staff", "s1"), Kind("record")).sql) == "'s1'"


def test_a_known_figure_takes_the_scale_of_the_column() -> None:
    assert shown(same(AMOUNT, known_term(Decimal("2.5"), MONEY), SQLITE, wanted=True)) == "amount = 250"
    assert shown(ordered("<", AMOUNT, known_term(Decimal("2.505"), MONEY), SQLITE, wanted=True)) == "amount < 251"
    assert shown(ordered("<", AMOUNT, known_term(Decimal("2.505"), MONEY), SQLITE, wanted=False)) == "amount >= 251"


def test_a_figure_with_endless_decimals_is_rounded_to_six() -> None:
    third = known_term(Decimal(1) / 3, Kind("decimal"))

    assert (shown(third.sql), third.scale) == ("333333", 6)


def test_what_can_never_be_equal_is_not_even_asked() -> None:
    assert shown(same(AMOUNT, known_term("two", TEXT), SQLITE, wanted=True)) == "0"
    assert (
        shown(same(Term(column("day"), DATE), known_term(datetime(2026, 3, 7, tzinfo=UTC), DATE), SQLITE, wanted=False))
        == "1"
    )
    assert shown(one_of(Term(column("n"), INT), ["x", 1], wanted=True)) == "n IN (1)"


def test_ordering_a_number_by_a_text_is_the_rules_fault() -> None:
    with pytest.raises(RuleError):
        ordered("<", AMOUNT, known_term("two", TEXT), SQLITE, wanted=True)


def test_a_list_is_compared_as_it_is_kept() -> None:
    kind = Kind("list", item=TEXT)

    assert (
        shown(same(Term(column("tags"), kind), known_term(["vip"], kind), SQLITE, wanted=True))
        == """tags = '["vip"]'"""
    )
