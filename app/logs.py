"""The process's own log: one JSON object a line, without personal data and without secrets.

What a person entered, names, phones, query strings, addresses of people, tokens and the messages of unexpected
exceptions (they quote values) never get in: only fixed messages and the named extras below do.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

ALLOWED = frozenset(
    {
        "ahead_ms", "application", "behind_s", "call", "code", "codes", "count", "error", "frames", "incident", "kept",
        "method", "moved", "ms", "node", "origin", "pid", "removed", "repaired", "revision", "route", "rows", "seconds",
        "status", "store", "times", "type", "types", "waiting", "why",
    }
)  # fmt: skip


class JsonLines(logging.Formatter):
    """Formats a log record as one JSON line; extras outside ``ALLOWED`` are dropped."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": record.name,
            "what": record.msg if not record.args else record.getMessage(),
        }
        line.update({name: value for name, value in vars(record).items() if name in ALLOWED})
        if record.exc_info and record.exc_info[1] is not None:
            line.update(trace(record.exc_info[1]))
        return json.dumps(line, ensure_ascii=False, default=str)


def start_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Send the log to ``stream`` from ``level`` up; by default to whatever standard error is when a line is written."""
    handler = logging.StreamHandler(stream) if stream is not None else _StandardError()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("watchfiles", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


class _StandardError(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is now: a console that was closed since takes nothing along."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """Where lines go."""
        return sys.stderr


def trace(error: BaseException) -> Mapping[str, object]:
    """Return what may be logged of an unexpected exception: its type and where it came from, not what it says."""
    frames = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in _frames(error)]
    return {"error": type(error).__name__, "frames": frames[-12:]}


def _frames(error: BaseException) -> traceback.StackSummary:
    return traceback.extract_tb(error.__traceback__)
