"""Whatever stands in a plugin file, the answer is a list of problems with places, never a crash."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from core.language import compile_plugin
from core.language.definition import Plugin
from core.language.source import load_source
from core.model.errors import DefinitionError, Problem

CLUB = Path(__file__).parent.parent / "fixtures" / "nightclub"
ODD: list[Any] = [
    None, True, 0, -3, "", "x", "=", "=self", "=self.x.y", "{self.", "a b", [], {}, [None], {"x": 1}, {"when": 1}, {"count": 3},
    [{"when": "x", "is": 2}], {"count": "staff"}, {"sum": "room.seats", "where": {}}, {"type": "list", "of": {"type": "ref"}},
    "=has(", "=" * 5, "9" * 40, 10**30, "system", "new", "{}{seq}", "拒订", {"en": "a", "zh": "b"}, {"each": "x"},
]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_a_plugin_with_anything_in_it_is_compiled_or_explained(seed: int, core: Plugin, tmp_path: Path) -> None:
    dice = Random(seed)
    club = load_source(CLUB).root.plain()
    for _ in range(8):
        tree = copy.deepcopy(club)
        _break(tree, dice)
        # JSON is YAML with everything quoted that could be misread
        (tmp_path / "plugin.yaml").write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
        problems = _problems(tmp_path, core)
        assert all(problem.place and problem.what.en and problem.what.zh for problem in problems)


def _problems(folder: Path, core: Plugin) -> tuple[Problem, ...]:
    try:
        return compile_plugin(folder, {"core": core}).warnings
    except DefinitionError as error:
        return error.problems


def _break(tree: Any, dice: Random) -> None:
    *way, last = dice.choice([path for path in _paths(tree) if path])
    node = tree
    for step in way:
        node = node[step]
    if dice.random() < 0.75:
        node[last] = copy.deepcopy(dice.choice(ODD))
    else:
        del node[last]


def _paths(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, below in steps:
        yield from _paths(below, (*path, step))
