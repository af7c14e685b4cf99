"""The words in which SQLite and PostgreSQL differ: lists in JSON, parts of a date, a text inside a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Numeric,
    Text,
    cast,
    exists,
    extract,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from stores.storage.columns import Whole

Sql = ColumnElement[Any]

DATE_PARTS = {"year": (1, 4), "month": (6, 2), "day": (9, 2)}  # where they stand in 2026-03-07


@dataclass(frozen=True, slots=True)
class Words:
    """How one database says these things. Answers are NULL when an argument is, except ``has_item``'s."""

    wide: Callable[[Sql], Sql]  # a whole number that may grow beyond 64 bits without an error
    has_item: Callable[[Sql, Sql, str], ColumnElement[bool]]  # list, item, kind of item; never NULL
    item: Callable[[Sql, int, str], Sql]  # list, position (from the end when negative), kind of item
    size: Callable[[Sql], Sql]  # items in a list
    position: Callable[[Sql, Sql], Sql]  # where a text begins inside another, from 1; 0 when it is not there
    weekday: Callable[[Sql], Sql]  # 1 for Monday to 7 for Sunday
    days_between: Callable[[Sql, Sql], Sql]  # from the first day to the last


def date_part(name: str, day: Sql) -> Sql:
    """Return the year, month or day of a date's text; every database says it alike."""
    start, length = DATE_PARTS[name]
    return cast(func.substr(day, start, length), Whole)


def _sqlite_has_item(items: Sql, item: Sql, _kind: str) -> ColumnElement[bool]:
    each = func.json_each(items).table_valued("value")
    return exists(select(literal_column("1")).where(each.c.value == item).correlate_except(each))


def _sqlite_item(items: Sql, index: int, _kind: str) -> Sql:
    return func.json_extract(items, f"$[{index}]" if index >= 0 else f"$[#{index}]")


def _postgres_has_item(items: Sql, item: Sql, kind: str) -> ColumnElement[bool]:
    typed = func.to_jsonb(cast(item, Whole if kind == "int" else Text))
    return func.coalesce(cast(items, JSONB).op("@>", is_comparison=True)(typed), False)


def _postgres_item(items: Sql, index: int, kind: str) -> Sql:
    text: Sql = cast(items, JSONB).op("->>")(literal_column(str(index)))
    return cast(text, Whole) if kind == "int" else cast(text, Text)


SQLITE = Words(
    wide=lambda number: number,  # what overflows becomes floating, which is near enough out there
    has_item=_sqlite_has_item,
    item=_sqlite_item,
    size=func.json_array_length,
    position=func.instr,
    weekday=lambda day: (cast(func.strftime("%w", day), Whole) + 6) % 7 + 1,
    days_between=lambda first, last: cast(func.julianday(last) - func.julianday(first), Whole),
)
POSTGRESQL = Words(
    wide=lambda number: cast(number, Numeric),  # what overflows would be an error
    has_item=_postgres_has_item,
    item=_postgres_item,
    size=lambda items: func.jsonb_array_length(cast(items, JSONB)),
    position=func.strpos,
    weekday=lambda day: cast(extract("isodow", cast(day, Date)), Whole),
    days_between=lambda first, last: type_coerce(cast(last, Date).op("-")(cast(first, Date)), Whole),
)
WORDS: Mapping[str, Words] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
