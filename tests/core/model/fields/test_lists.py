"""Lists."""

from datetime import UTC, date
from decimal import Decimal

import pytest

from core.model.duration import Duration
from core.model.fields import BadValue, FieldSpec

STEPS = FieldSpec(
    "list", parts={"stage": FieldSpec("text", required=True), "opens": FieldSpec("duration"), "fee": FieldSpec("money")}
)


def test_items_are_read_from_a_list_from_json_and_from_a_spreadsheet_cell() -> None:
    days = FieldSpec("list", item=FieldSpec("date"))

    for raw in (
        ["2026-03-07", "2026-03-08"],
        '["2026-03-07","2026-03-08"]',
        "2026-03-07，2026/3/8",
        "2026-03-07\n2026-03-08",
    ):
        assert days.parse(raw, UTC) == [date(2026, 3, 7), date(2026, 3, 8)]


def test_money_inside_a_cell_is_text_so_that_it_stays_exact() -> None:
    value = STEPS.parse([{"stage": "first", "opens": "15d", "fee": 12.5}], UTC)

    assert value == [{"stage": "first", "opens": Duration(days=15), "fee": Decimal("12.50")}]
    assert STEPS.cell(value) == '[{"fee":"12.50","opens":"15d","stage":"first"}]'


def test_a_wrong_part_is_named() -> None:
    with pytest.raises(BadValue, match="opens: `soon` is not a duration"):
        STEPS.parse([{"stage": "first", "opens": "soon"}], UTC)
    with pytest.raises(BadValue, match="stage: is required"):
        STEPS.parse([{"opens": "15d"}], UTC)
    with pytest.raises(BadValue, match="did you mean `opens`"):
        STEPS.parse([{"stage": "first", "open": "15d"}], UTC)


@pytest.mark.parametrize("raw", [5, {"a": 1}, "[1,", True])
def test_what_is_no_list_is_refused(raw: object) -> None:
    with pytest.raises(BadValue, match="not a list"):
        FieldSpec("list").parse(raw, UTC)


def test_an_empty_list_is_nothing_so_that_two_nodes_cannot_differ_on_it() -> None:
    assert FieldSpec("list").parse([], UTC) is None
    assert FieldSpec("list").parse(" , ", UTC) is None
