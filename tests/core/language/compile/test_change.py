"""Compiling only what was changed gives the same as compiling everything."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from core.language import compile_core, compile_plugin
from core.language.compile.change import Changes
from core.language.definition import Plugin
from core.language.expressions.functions import FUNCTIONS
from core.language.mutants import Mutant, mutants_of
from core.model.errors import DefinitionError
from core.model.fields import FIELD_TYPES

CLUB = Path(__file__).parents[1] / "fixtures" / "nightclub"


@pytest.fixture(scope="module")
def changes() -> Changes:
    core = compile_core()
    return Changes(compile_plugin(CLUB, {"core": core}), {"core": core}, FUNCTIONS, FIELD_TYPES)


def compiled(changes: Changes, mutant: Mutant, *, whole: bool) -> Plugin | None:
    root = mutant.applied(changes.root)
    try:
        return changes.whole(root) if whole else changes.changed(root, mutant.path)
    except DefinitionError:
        return None


def test_a_part_compiled_anew_is_as_if_all_were(changes: Changes) -> None:
    compared = Counter[str]()
    for mutant in list(mutants_of(changes.root))[::5]:
        part, whole = (compiled(changes, mutant, whole=each) for each in (False, True))
        if whole is None or whole.warnings != changes.plugin.warnings:
            continue  # the checks of the whole refuse more than the part can know
        assert part is not None
        section, entry = str(mutant.path[0]), str(mutant.path[1])
        ours, theirs = getattr(part, section), getattr(whole, section)
        same = ours == theirs if section == "calendar" else ours[entry] == theirs[entry]
        assert same, mutant.name
        assert part != changes.plugin
        compared[section] += 1
    assert compared.total() > 10
    assert {"records", "reports"} <= compared.keys()


def test_what_cannot_be_is_refused_with_its_place(changes: Changes) -> None:
    path = ("records", "booking", "by")
    wrong = changes.root.at(path)
    broken = next(each for each in mutants_of(changes.root) if each.path[:3] == path)
    root = type(broken)((*path,), type(wrong)("nobody_known", wrong.spot), broken.what, broken.place).applied(
        changes.root
    )
    with pytest.raises(DefinitionError) as caught:
        changes.changed(root, path)
    assert [problem.code for problem in caught.value.problems] == ["unknown-role"]
