"""Excel files as a person makes them and reads them."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook


def made(*rows: Sequence[Any]) -> bytes:
    """Return a workbook whose first sheet has these rows."""
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def rows_of(raw: bytes, sheet: int = 0) -> list[list[Any]]:
    """Return the rows of the first sheet, or of another."""
    return [list(row) for row in load_workbook(BytesIO(raw)).worksheets[sheet].iter_rows(values_only=True)]


def cells_of(raw: bytes) -> list[list[Any]]:
    """Return the cells of the first sheet, with their types and formats."""
    return [list(row) for row in load_workbook(BytesIO(raw)).worksheets[0].iter_rows()]
