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
from app.settings import Settings, read_settings
from core.model.errors import Language, NodeError, Text
from stores.actor import SYSTEM_ACTOR
from stores.node import Node
from stores.reads import records
from stores.storage import people

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
def opened(config: Path | Settings) -> Iterator[Service]:
    """Open the node of a settings file, or of settings, for one command; its threads are not started."""
    service = open_service(read_settings(config) if isinstance(config, Path) else config)
    try:
        yield service
    finally:
        service.node.database.close()


def nobody_signs_in(node: Node) -> Text | None:
    """Return what to do when nobody can sign in here; None when somebody can.

    Records of people come down from headquarters, how they sign in does not: a new PC knows its staff and lets in
    nobody.
    """
    with node.database.read() as connection:
        if people.any_account(connection):
            return None
    staff, here = node.catalog.records["core.staff"], [("store", "eq", node.store)]
    if records.query(node, SYSTEM_ACTOR, staff, where=here, limit=1).rows:
        return Text(
            "nobody can sign in yet: branchline person list shows who works here, "
            "branchline person login BADGE --login LOGIN lets them in",
            "尚无人可登录：branchline person list 可查看本店人员，"
            "再用 branchline person login 工号 --login 登录名 逐一开通",
        )
    return Text("nobody can sign in yet: branchline person add", "尚无人可登录：请运行 branchline person add")


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
