"""Excel files as tables of plain values: the only place that knows how such a file is made.

What a person wrote never becomes a formula: a text stays a text here, in the file, and when its cell is edited later.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import IO, Any, TypeAlias
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.datavalidation import DataValidation

from core.model.errors import NodeError, Problem, Text

Value: TypeAlias = str | int | float | Decimal | bool | date | datetime | time | timedelta | None

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
A4 = 9  # what Excel calls the size of the paper
CHARS_MAX = 32_767  # of one cell, says Excel
TITLE_MAX = 31  # characters of a sheet's name
READ_ROWS_MAX = 5_000
READ_COLUMNS_MAX = 200
UNPACKED_MAX = 64 << 20  # bytes; a small file can unpack to any size
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what programs take for the beginning of a formula
_FORMATS = {"money": "#,##0.00", "percent": "0.0%", "text": "@"}
_BROKEN = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
)  # fmt: skip - what the library says of a damaged file is not of one kind


@dataclass(frozen=True, slots=True)
class Head:
    """One column: its heading, how wide it is in characters, how its cells are shown, what may be chosen in it."""

    label: str
    width: int = 14
    form: str = ""  # "money", "percent", "text", or as Excel sees fit
    options: tuple[str, ...] = ()
    must: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file that was read, with its number there."""

    row: int
    cells: tuple[Any, ...]


def write(out: IO[bytes], title: str, heads: Sequence[Head], rows: Iterable[Sequence[Value]]) -> int:
    """Write a table to ``out`` and return how many rows it has. Rows are taken one by one: a long list stays small."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_title(title))
    _lay_out(sheet, heads)
    sheet.append([_heading(sheet, head) for head in heads])
    count = 0
    try:
        for row in rows:
            sheet.append([_cell(sheet, head, value) for head, value in zip(heads, row, strict=True)])
            count += 1
    except BaseException:
        sheet.close()
        sheet._writer.cleanup()  # the library keeps what it has written in a file of its own
        raise
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(heads))}{count + 1}"
    book.save(out)
    return count


def write_template(title: str, heads: Sequence[Head], notes_title: str, notes: Sequence[Sequence[str]]) -> bytes:
    """Return an empty table to be filled in, with choices where there are some, and a second sheet that explains it."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _title(title)
    _lay_out(sheet, heads)
    for number, head in enumerate(heads, start=1):
        _offer(sheet, get_column_letter(number), head)
    sheet.append([_heading(sheet, head) for head in heads])
    told = book.create_sheet(_title(notes_title))
    for letter, width in zip("ABCD", (24, 12, 60, 40), strict=True):
        told.column_dimensions[letter].width = width
    for line in notes:
        told.append([_cell(told, Head(""), text) for text in line])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def read(raw: bytes) -> list[Line]:
    """Return the rows of the first sheet that hold anything, the heading first, as plain values.

    Raises NodeError for what is no Excel file, and for one with more rows or columns than a person can look through.
    Formulas count as what Excel last worked out for them.
    """
    _check_size(raw)
    try:
        book = load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()
        lines = list(_lines(sheet.iter_rows(values_only=True)))
        book.close()
    except _BROKEN as error:
        raise _unreadable() from error
    if len(lines) > READ_ROWS_MAX + 1:
        raise NodeError.of(
            "too-many-rows",
            f"the file has more than {READ_ROWS_MAX} rows",
            f"文件超过 {READ_ROWS_MAX} 行",
            fix=Text("split it into several files", "请拆分为多个文件"),
            field="file",
        )
    return lines


def _lines(rows: Iterator[tuple[Any, ...]]) -> Iterator[Line]:
    for number, cells in enumerate(rows, start=1):
        kept = tuple(None if isinstance(cell, str) and not cell.strip() else cell for cell in cells[:READ_COLUMNS_MAX])
        if any(cell is not None for cell in kept):
            yield Line(number, kept)
        if number > READ_ROWS_MAX * 4:  # a sheet of empty rows need not be read to its end
            return


def _check_size(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as packed:
            size = sum(part.file_size for part in packed.infolist())
    except _BROKEN as error:
        raise _unreadable() from error
    if size > UNPACKED_MAX:
        raise NodeError.of("too-large", "the file is too large", "文件过大", field="file")


def _unreadable() -> NodeError:
    what = Text("this is not an Excel file (.xlsx)", "该文件不是 Excel 工作簿（.xlsx）")
    fix = Text("save it as .xlsx and choose it again", "请另存为 .xlsx 格式后重新选择")
    return NodeError((Problem("not-excel", what, fix=fix, field="file"),))


def _lay_out(sheet: Any, heads: Sequence[Head]) -> None:
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape" if len(heads) > 6 else "portrait"
    sheet.page_setup.paperSize = A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    for number, head in enumerate(heads, start=1):
        column = sheet.column_dimensions[get_column_letter(number)]
        column.width = head.width
        if head.form in _FORMATS:
            column.number_format = _FORMATS[head.form]


def _offer(sheet: Any, letter: str, head: Head) -> None:
    listed = ",".join(head.options)
    if not head.options or '"' in listed or len(listed) > 250 or any("," in option for option in head.options):
        return  # Excel keeps such a list in one short text
    choice = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
    choice.add(f"{letter}2:{letter}{READ_ROWS_MAX + 1}")
    sheet.add_data_validation(choice)


def _heading(sheet: Any, head: Head) -> Any:
    cell = WriteOnlyCell(sheet, _clean(head.label) + (" *" if head.must else ""))
    cell.data_type = "s"
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="FFF1C9" if head.must else "E8EEF2")
    return cell


def _cell(sheet: Any, head: Head, value: Value) -> Any:
    if value is None or isinstance(value, bool | int | date | time):
        return value
    if isinstance(value, str):
        text = _clean(value)
        if not text.startswith(_FORMULA) and head.form != "text":
            return text
        cell = WriteOnlyCell(sheet, text)
        cell.data_type = "s"
        cell.number_format = "@"
        cell.quotePrefix = text.startswith(_FORMULA)
        return cell
    cell = WriteOnlyCell(sheet, value)
    if head.form in _FORMATS:
        cell.number_format = _FORMATS[head.form]
    return cell


def _clean(text: str) -> str:
    return str(ILLEGAL_CHARACTERS_RE.sub("", text))[:CHARS_MAX]


def _title(text: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", text).strip().strip("'")[:TITLE_MAX] or "1"
