"""Counts, sums and the one that matches, over live records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.model.kinds import Kind
from stores.lowering import aggregate


@pytest.fixture
def ask(club: Any) -> Any:
    def asked(how: str, field: str | None = None, where: str | None = None, **names: object) -> object:
        query = club.count(how, field, where, Kind("any"))
        with club.database.read() as connection:
            return aggregate(connection, query, club.env([]).having(**names), club.database.dialect)

    return asked


def test_of_no_records_there_are_none_and_nothing_else_is_known(club: Any, ask: Any) -> None:
    club.put([])

    assert ask("count") == 0
    assert ask("sum", "amount") == 0
    assert [ask(how, "amount") for how in ("avg", "min", "max", "one")] == [None] * 4


def test_a_deleted_record_is_not_counted(club: Any, ask: Any) -> None:
    club.put([club.booking("b1", count=1), club.booking("b2", count=9)], dead=["b2"])

    assert ask("count") == 1
    assert ask("max", "count") == 1
    assert ask("one") == "b1"


def test_money_adds_up_to_the_fen(club: Any, ask: Any) -> None:
    club.put([club.booking(f"b{n}", amount=Decimal("0.10")) for n in range(3)])

    assert ask("sum", "amount") == Decimal("0.30")
    assert ask("avg", "amount") == Decimal("0.10")


def test_a_doubtful_match_is_no_match(club: Any, ask: Any) -> None:
    club.put([club.booking("b1", name="Li"), club.booking("b2", name="Li"), club.booking("b3", name="Wang")])

    assert ask("one", None, 'booking.name == "Wang"') == "b3"
    assert ask("one", None, 'booking.name == "Li"') is None
    assert ask("one", None, 'booking.name == "Zhou"') is None


def test_the_record_that_asks_is_at_hand_in_the_where(club: Any, ask: Any) -> None:
    club.put([club.booking("b1", count=1), club.booking("b2", count=2), club.booking("b3")])
    asking = club.booking("b9", count=2)

    assert ask("count", None, "booking.count < self.count", self=asking) == 1
    assert ask("count", None, "booking.count < self.count", self=club.booking("b9")) == 0
