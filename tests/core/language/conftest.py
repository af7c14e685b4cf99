"""A bench for plugin texts: what is wrong is written beside the line that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.language import compile_core, compile_plugin
from core.language.definition import Plugin
from core.model.errors import DefinitionError, Problem

HEAD = """\
plugin: shop
version: 1.0.0
requires: {core: ^1}
label: {en: Shop, zh: 门店}
roles: {desk: {label: {en: Desk, zh: 前台}}, chief: {label: {en: Chief, zh: 主管}}}
"""
_EXPECTED = re.compile(r"# (<-|~) ([a-z -]+)$")

Load = Callable[[str], Plugin]
Faults = Callable[[str], tuple[Problem, ...]]


@pytest.fixture(scope="session")
def core() -> Plugin:
    """The built-in plugin."""
    return compile_core()


@pytest.fixture
def load(core: Plugin, tmp_path: Path) -> Load:
    """Compile a plugin text; a head is put before it when it has none."""

    def run(text: str) -> Plugin:
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "plugin.yaml").write_text(with_head(text), encoding="utf-8")
        return compile_plugin(folder, {"core": core})

    return run


@pytest.fixture
def faults(load: Load) -> Faults:
    """Compile a text and hold its problems against its comments.

    ``# <- code`` at the end of a line: exactly this error stands there. ``# ~ code``: at least this
    warning stands there. Returns the problems, errors or (when there is none) warnings.
    """

    def run(text: str) -> tuple[Problem, ...]:
        try:
            problems = load(text).warnings
        except DefinitionError as error:
            problems = error.problems
        marks = list(_marks(with_head(text)))
        wrong = {(line, code) for sign, line, code in marks if sign == "<-"}
        assert {_spot(problem) for problem in problems if problem.level == "error"} == wrong, str(DefinitionError(problems))
        warned = {(line, code) for sign, line, code in marks if sign == "~"}
        assert warned <= {_spot(problem) for problem in problems if problem.level == "warn"}
        assert all(problem.what.en and problem.what.zh for problem in problems)
        return tuple(problem for problem in problems if _spot(problem) in wrong | warned)

    return run


def with_head(text: str) -> str:
    """Return the text of a whole plugin."""
    return text if text.lstrip().startswith("plugin:") else HEAD + text.lstrip("\n")


def _marks(text: str) -> list[tuple[str, int, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _EXPECTED.search(line):
            found += [(match[1], number, code) for code in match[2].split()]
    return found


def _spot(problem: Problem) -> tuple[int, str]:
    assert problem.place is not None, problem
    return problem.place.line, problem.code
