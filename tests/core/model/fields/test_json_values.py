"""Free JSON inside lists and maps."""

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from core.language.expressions import Row
from core.model.duration import Duration
from core.model.fields.json_values import free_json, json_cell, without_doubles
from core.model.values import BadValue


def test_what_json_does_not_know_becomes_text() -> None:
    moment = datetime(2026, 3, 7, 12, 45, tzinfo=UTC)

    assert free_json([Decimal("1.50"), 0.1, moment, date(2026, 3, 7), time(20, 45), Duration(days=2), None, True]) == [
        "1.50", "0.1", "2026-03-07T12:45:00.000Z", "2026-03-07", "20:45:00", "2d", None, True,
    ]  # fmt: skip


def test_a_map_that_holds_itself_does_not_hang_the_node() -> None:
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(BadValue, match="20 deep"):
        free_json(endless)


def test_a_huge_list_is_refused_before_it_reaches_the_log() -> None:
    with pytest.raises(BadValue, match="100000"):
        json_cell(["字" * 1_000] * 101)


def test_doubles_go_and_the_order_stays() -> None:
    assert without_doubles(["b", "a", "b", 1, "1"]) == ["b", "a", 1, "1"]


@pytest.mark.parametrize("number", ["1E+999999999", "-1E-999999999", "1E+401"])
def test_a_number_whose_noughts_would_fill_the_memory_is_refused(number: str) -> None:
    with pytest.raises(BadValue, match="digits"):
        free_json([Decimal(number)])


def test_a_record_in_a_list_stands_for_its_id() -> None:
    booking = Row("club.booking", "b1", {"guest": "Chen"})

    assert free_json({"of": [booking, "b2"]}) == {"of": ["b1", "b2"]}
