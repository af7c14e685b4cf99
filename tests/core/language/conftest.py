"""Compile plugin texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.language import compile_core, compile_plugin
from core.language.definition import Plugin
from core.model.errors import DefinitionError, Problem
from tests.core.language.bench import Faults, Load, marks, spot, with_head


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
        found = list(marks(with_head(text)))
        wrong = {(line, code) for sign, line, code in found if sign == "<-"}
        assert {spot(problem) for problem in problems if problem.level == "error"} == wrong, str(
            DefinitionError(problems)
        )
        warned = {(line, code) for sign, line, code in found if sign == "~"}
        assert warned <= {spot(problem) for problem in problems if problem.level == "warn"}
        assert all(problem.what.en and problem.what.zh for problem in problems)
        return tuple(problem for problem in problems if spot(problem) in wrong | warned)

    return run
