from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from app.logs import start_logging


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    start_logging("info", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_json_with_the_named_extras_only(lines: io.StringIO) -> None:
    logging.getLogger("branchline.web").info("request", extra={"status": 200, "phone": "13800001111"})

    line = json.loads(lines.getvalue())
    assert (line["what"], line["status"], line["part"]) == ("request", 200, "branchline.web")
    assert "13800001111" not in lines.getvalue()


def test_an_exception_is_logged_by_type_and_place_never_by_what_it_says(lines: io.StringIO) -> None:
    try:
        int("phone 13800001111")
    except ValueError:
        logging.getLogger("branchline.web").exception("unexpected error")

    line = json.loads(lines.getvalue())
    assert line["error"] == "ValueError"
    assert line["frames"][-1].startswith("test_logs.py:")
    assert "13800001111" not in lines.getvalue()
