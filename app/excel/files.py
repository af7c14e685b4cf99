"""Answers that are files."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import IO
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

from app.excel.workbook import MEDIA_TYPE
from app.pages.frame.desk import Desk

CHUNK = 64 << 10


def excel_file(desk: Desk, name: str, file: IO[bytes]) -> Response:
    """Return an Excel file as a download, named after what is in it and the day; ``file`` is closed at the end."""
    day = desk.node.now().astimezone(desk.node.zone).date()
    size = file.seek(0, 2)
    file.seek(0)
    called = quote(f"{name} {day}.xlsx", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename=\"list.xlsx\"; filename*=UTF-8''{called}",
        "Content-Length": str(size),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_parts(file), media_type=MEDIA_TYPE, headers=headers)


def excel_bytes(desk: Desk, name: str, content: bytes) -> Response:
    """Return a small Excel file as a download."""
    return excel_file(desk, name, BytesIO(content))


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(CHUNK):
            yield part
