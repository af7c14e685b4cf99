"""Pages by key: every row once, in one order, whatever is empty and however many are equal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, select

from core.model.errors import NodeError
from core.model.values import Cell
from stores.reads.paging import SortKey, after, from_cursor, to_cursor
from stores.storage.columns import Chars, Whole
from stores.storage.database import Database

GUESTS = Table(
    "guest", MetaData(), Column("id", Chars, primary_key=True), Column("dept", Chars), Column("visits", Whole)
)


def keys(*words: str) -> list[SortKey]:
    named = [SortKey(word.lstrip("-"), GUESTS.c[word.lstrip("-")], word.startswith("-")) for word in words]
    return [*named, SortKey("id", GUESTS.c.id, words[-1].startswith("-") if words else True, empties=False)]


def pages(database: Database, order: list[SortKey], rows_max: int) -> list[tuple[Cell, ...]]:
    """Read page after page, the cursor of each taken to the next, until one comes back short."""
    found: list[tuple[Cell, ...]] = []
    cursor = None
    with database.read() as connection:
        while True:
            beyond = [] if cursor is None else [after(order, from_cursor(order, cursor))]
            statement = select(*(key.column for key in order)).where(*beyond).order_by(*(key.order() for key in order))
            page = [tuple(row) for row in connection.execute(statement.limit(rows_max))]
            found += page
            if len(page) < rows_max:
                return found
            cursor = to_cursor(order, page[-1])


def smallest_first(row: tuple[Cell, ...]) -> tuple[tuple[bool, Cell], ...]:
    return tuple((cell is not None, cell if cell is not None else "") for cell in row)


guests = st.lists(
    st.tuples(st.sampled_from(["A", "b", "陈", None]), st.sampled_from([None, -1, 0, 7, 2**62])),
    min_size=0,
    max_size=12,
)
orders = st.sampled_from(
    [(), ("dept",), ("-dept",), ("visits",), ("-visits",), ("dept", "-visits"), ("-visits", "dept")]
)


@settings(max_examples=40, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=guests, order=orders, rows_max=st.integers(1, 4))
def test_pages_joined_are_the_whole_list_in_order(
    database: Database, rows: list[tuple[str | None, int | None]], order: tuple[str, ...], rows_max: int
) -> None:
    with database.write() as connection:
        GUESTS.drop(connection, checkfirst=True)
        GUESTS.create(connection)
        if rows:
            numbered = [{"id": f"g{n}", "dept": dept, "visits": visits} for n, (dept, visits) in enumerate(rows)]
            connection.execute(GUESTS.insert(), numbered)

    found = pages(database, keys(*order), rows_max)

    wanted = [
        tuple({"id": f"g{n}", "dept": d, "visits": v}[key.name] for key in keys(*order))
        for n, (d, v) in enumerate(rows)
    ]
    for position, key in reversed(list(enumerate(keys(*order)))):
        wanted.sort(key=lambda row, at=position: smallest_first(row[at : at + 1]), reverse=key.descending)
    assert found == wanted


MADE_UP = ["", "x", "!!!", "bnVsbA", "W10", "e30", "WyItaWQiLDEuNV0", "甲"]
OF_ANOTHER_LIST = to_cursor(keys("dept"), ("A", "g1"))
NEVER_GIVEN = [to_cursor(keys(), position) for position in ((7,), ("a\0b",), (None,))]


@pytest.mark.parametrize("cursor", [*MADE_UP, OF_ANOTHER_LIST, *NEVER_GIVEN])
def test_a_cursor_that_no_page_of_this_list_gave_is_refused_in_words(cursor: str) -> None:
    with pytest.raises(NodeError) as refusal:
        from_cursor(keys(), cursor)

    assert refusal.value.problems[0].code == "bad-cursor"


@pytest.mark.parametrize("visits", ["7", 2**63, True])
def test_a_cursor_with_a_value_that_the_column_cannot_have_is_refused(visits: Cell) -> None:
    with pytest.raises(NodeError):
        from_cursor(keys("visits"), to_cursor(keys("visits"), (visits, "g1")))


def test_a_cursor_takes_a_position_there_and_back() -> None:
    position: tuple[Cell, ...] = ("陈", None, "g1")

    assert from_cursor(keys("dept", "visits"), to_cursor(keys("dept", "visits"), position)) == position
