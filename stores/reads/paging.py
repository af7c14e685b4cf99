"""Pages by key: where the last one ended, not how many rows to skip. No row is shown twice because another came in."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_

from core.model.errors import NodeError, Text
from core.model.values import INT_MAX, BadValue, Cell, clean_text
from stores.storage.columns import Whole

Position = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """One column to sort by. An empty cell counts as the smallest value, on both databases."""

    name: str
    column: ColumnElement[Any]
    descending: bool = False
    empties: bool = True  # whether the column can be empty at all

    def order(self) -> ColumnElement[Any]:
        """Return the ORDER BY term; only what can be empty says where empties go, so that indexes still serve."""
        term = self.column.desc() if self.descending else self.column.asc()
        if not self.empties:
            return term
        return term.nulls_last() if self.descending else term.nulls_first()

    def beyond(self, cell: Cell) -> ColumnElement[bool]:
        """Return the condition for rows that come after ``cell``."""
        if cell is None:
            return false() if self.descending else self.column.is_not(None)
        if not self.descending:
            return self.column > cell
        smaller = self.column < cell
        return or_(smaller, self.column.is_(None)) if self.empties else smaller

    def same(self, cell: Cell) -> ColumnElement[bool]:
        """Return the condition for rows with the same value."""
        return self.column.is_(None) if cell is None else self.column == cell


def after(keys: Sequence[SortKey], at: Position) -> ColumnElement[bool]:
    """Return the condition for the rows after ``at``, whose last value is the id."""
    options: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for key, cell in zip(keys, at, strict=True):
        options.append(and_(*same, key.beyond(cell)))
        same.append(key.same(cell))
    return or_(*options)


def position(row: Mapping[str, Any], keys: Sequence[SortKey]) -> Position:
    """Return where a row stands in the order."""
    return tuple(row[key.column.key or key.name] for key in keys)


def in_order(rows: Iterable[Mapping[str, Any]], keys: Sequence[SortKey]) -> list[Mapping[str, Any]]:
    """Return rows from several queries in the order the databases use: by bytes, what is empty counting as least."""
    found = list(rows)
    for key in reversed(keys):  # sorting keeps equals as they were, so the first key is sorted by last
        name = key.column.key or key.name
        found.sort(key=lambda row, name=name: (row[name] is not None, row[name]), reverse=key.descending)  # type: ignore[misc]
    return found


def to_cursor(keys: Sequence[SortKey], at: Position) -> str:
    """Return where a page ended as an opaque word; it only fits a list sorted the same way."""
    text = json.dumps([_shape(keys), *at], ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_cursor(keys: Sequence[SortKey], cursor: str) -> Position:
    """Return the position in a cursor; NodeError when it is not one, or belongs to another order."""
    try:
        shape, *at = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        shape, at = None, []
    if shape != _shape(keys) or len(at) != len(keys) or not all(map(_fits, keys, at)):
        raise NodeError.of(
            "bad-cursor",
            "this is not a page of this list",
            "分页位置无效",
            fix=Text("start again from the first page", "请从第一页重新开始"),
            field="cursor",
        )
    return tuple(at)


def _fits(key: SortKey, cell: object) -> bool:
    """Whether a cell could have come from the column: what comes back as a cursor may be anything."""
    if cell is None:
        return key.empties
    if isinstance(key.column.type, Whole):
        return type(cell) is int and abs(cell) <= INT_MAX
    try:
        return isinstance(cell, str) and bool(clean_text(cell) or not cell)
    except BadValue:
        return False


def _shape(keys: Sequence[SortKey]) -> str:
    return ",".join(("-" if key.descending else "") + key.name for key in keys)
