"""Lists as Excel files: filtered as the page is, seen with the reader's eyes, and noted in the access log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from tempfile import TemporaryFile
from typing import IO

from starlette.datastructures import QueryParams

from app.excel import cells
from app.excel.workbook import Head, Value, write
from app.pages.actions.buttons import may_export
from app.pages.frame.desk import Desk
from app.pages.showing import columns as cols
from app.pages.showing.columns import Column, Row
from app.pages.showing.speaking import spoken
from app.pages.views.lists import Question, Source, question, sight_of
from core.language.definition import RecordType
from core.model.errors import Forbidden, NodeError, Text
from stores.reads import accesses, records

ROWS_MAX = 100_000  # of one file; more is a copy of the database, and no list that somebody reads


def export(desk: Desk, source: Source, asked: QueryParams) -> IO[bytes]:
    """Return the list that an address asks for as an Excel file, in a temporary file from its beginning.

    The file is whole, and the access log says who took it, before its first byte is sent. Raises Forbidden for who
    may not take it, NodeError for a list too long to be one.
    """
    record = source.record
    asking = question(desk, source, asked, sight_of(desk, record))
    if not may_export(desk, record, source.excel):
        raise Forbidden.of("export-refused", "your roles may not export this list", "您的岗位无权导出此列表")
    file = TemporaryFile()  # noqa: SIM115 - it is closed by whoever sends it
    try:
        count = write(file, source.label, [_head(each) for each in asking.columns], _rows(desk, record, asking))
        accesses.log_export(desk.node, desk.actor, record, count)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _head(each: Column) -> Head:
    return cells.head_of(each.label, each.field.spec if each.field is not None and not each.rest else None)


def _rows(desk: Desk, record: RecordType, asking: Question) -> Iterator[list[Value]]:
    """Yield the rows page by page, each in a short read of its own."""
    cursor: str | None = None
    count = 0
    while True:
        found = asking.answer(desk, record, records.LIMIT_MAX, cursor)
        count += len(found.rows)
        if count > ROWS_MAX:
            raise _too_long()
        beyond = cols.beyond(desk, asking.columns, found.rows)
        for row in found.rows:
            yield [_value(desk, record, each, row, beyond) for each in asking.columns]
        cursor = found.next
        if cursor is None:
            return


def _value(desk: Desk, record: RecordType, each: Column, row: Row, beyond: Mapping[str, Row]) -> Value:
    if each.name == "updated_at":
        return cells.moment(desk, row["updated_at"])
    told = spoken(desk, record, each.name, row)
    if told is not None or each.name in cols.BUILT_IN:
        return cells.text_of(told or cols.cell(desk, record, each, row, beyond))
    ending = cols.leaf(desk, each, row, beyond)
    return cells.text_of(cols.cell(desk, record, each, row, beyond)) if ending is None else cells.out(desk, *ending)


def _too_long() -> NodeError:
    return NodeError.of(
        "too-many-rows",
        f"the list has more than {ROWS_MAX:,} records",
        f"列表超过 {ROWS_MAX:,} 条",
        fix=Text("narrow it by words, a state or a span of days", "请按关键词、状态或日期缩小范围"),
    )
