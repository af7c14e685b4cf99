"""What the command groups share: the settings option, the caller's language, tables, and errors with exit codes."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.service import Service, open_service
from app.settings import read_settings
from core.model.errors import Language, NodeError, Text

REFUSED = 1  # what was asked for is not possible; the reason is on standard error
DISAGREE = 3  # nodes, or a log and its hashes, do not agree

Config = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="BRANCHLINE_CONFIG", help="Settings file of the node. 节点设置文件。"),
]


def language() -> Language:
    """Return the language of the terminal: BRANCHLINE_LANG, then the locale."""
    for name in ("BRANCHLINE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def say(text: Text | str, *, error: bool = False) -> None:
    """Write a line in the terminal's language."""
    print(
        text.say(language()) if isinstance(text, Text) else text, file=sys.stderr if error else sys.stdout, flush=True
    )


def fail(error: NodeError) -> None:
    """Write every problem of an error to standard error."""
    for problem in error.problems:
        say(problem.render(language()), error=True)


@contextmanager
def opened(config: Path) -> Iterator[Service]:
    """Open the node of a settings file for one command; its threads are not started."""
    service = open_service(read_settings(config))
    try:
        yield service
    finally:
        service.node.database.close()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return an aligned table; a Chinese character takes two columns."""
    lines = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(width(line[column]) for line in lines) for column in range(len(head))]
    ruled = [lines[0], ["-" * each for each in widths], *lines[1:]]
    return "\n".join("  ".join(_padded(cell, widths[n]) for n, cell in enumerate(line)).rstrip() for line in ruled)


def width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))
