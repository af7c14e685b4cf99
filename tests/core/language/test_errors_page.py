"""docs/errors.md lists every code a plugin file or a value can meet, and none that no longer exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "errors.md"
CODE = re.compile(r"[a-z]+(?:-[a-z0-9]+)+")
NOT_CODES = {"utf-8-sig"}
ONE_WORD = {"required"}


def in_the_source() -> set[str]:
    files = (ROOT / "core").rglob("*.py")
    return {code for file in files for code in _codes(ast.parse(file.read_text("utf-8")))} - NOT_CODES | ONE_WORD


def _codes(tree: ast.AST) -> Iterator[str]:
    """Yield every literal with hyphens that is given to a call: in core these are codes of problems."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for value in [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "code")]:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and CODE.fullmatch(value.value):
                    yield value.value
                if isinstance(value, ast.JoinedStr) and ast.unparse(value).startswith("f'unknown-{"):
                    yield "unknown-dispatch"  # the words a function's argument may be


def listed() -> list[str]:
    return re.findall(r"^\| `([a-z0-9-]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)


def test_every_code_is_explained() -> None:
    assert in_the_source() - set(listed()) == set()


def test_no_code_is_explained_that_nothing_reports() -> None:
    assert set(listed()) - in_the_source() == set()


def test_every_code_is_explained_once() -> None:
    assert sorted(listed()) == sorted(set(listed()))
