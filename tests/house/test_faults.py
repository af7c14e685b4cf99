"""The table of failures keeps its word: every failure names tests, and every test it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "docs" / "faults.md"
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[tuple[str, str]]:
    """Return (failure, what injects it) for every line of every table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return [(row[0], row[1]) for row in cells if row[:2] != ("failure", "injected by")]


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("failure", "injected"), rows(), ids=lambda cell: cell[:60])
def test_every_failure_is_injected_by_a_test_that_is_there(failure: str, injected: str) -> None:
    named = TEST.findall(injected)

    assert named, f"nothing injects: {failure}"
    for path, test in named:
        assert (ROOT / path).exists(), f"{path} is gone; {failure} needs another test"
        assert test in functions_of(path), f"{path} has no {test}; {failure} needs another test"
    assert not TEST.sub("", injected).strip(" ,"), f"what is not a test stands beside those of: {failure}"


def test_no_failure_stands_twice() -> None:
    failures = [failure for failure, _ in rows()]
    assert len(failures) == len(set(failures)) > 50
