"""docs/plugin-guide.md builds a business step by step; after every step it loads and all its scenarios pass."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.host.host import Host
from core.language.source import parse_yaml
from stores.rehearsal import rehearse

GUIDE = Path(__file__).parents[2] / "docs" / "plugin-guide.md"
BLOCK = re.compile(r"```yaml\n# (\S+\.yaml)(, more)?\n(.*?)```", re.DOTALL)


@dataclass
class Step:
    """A chapter of the guide, and the plugin's files as they stand at its end."""

    title: str
    files: dict[str, object] = field(default_factory=dict)


def steps() -> list[Step]:
    found: list[Step] = []
    files: dict[str, object] = {}
    for chapter in re.split(r"(?m)^## ", GUIDE.read_text(encoding="utf-8"))[1:]:
        blocks = BLOCK.findall(chapter)
        for name, more, body in blocks:
            written = parse_yaml(body, name).plain()
            assert bool(more) == (name in files), f"{chapter.splitlines()[0]}: is {name} begun or continued?"
            files = files | {name: added(files[name], written) if more else written}
        if blocks:
            found.append(Step(chapter.splitlines()[0], files))
    return found


def added(there: object, more: object) -> object:
    """What a reader does with a block marked *more*: write its lines where they belong."""
    if isinstance(there, Mapping) and isinstance(more, Mapping):
        return {**there, **{key: added(there[key], each) if key in there else each for key, each in more.items()}}
    return more


def host_of(step: Step, folder: Path) -> Host:
    plugin = folder / "bicycle_rental"
    plugin.mkdir()
    for name, content in step.files.items():
        (plugin / name).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    return Host([plugin], entry_points=False, environment={})


@pytest.mark.parametrize("step", steps(), ids=lambda step: step.title)
def test_after_every_step_the_plugin_is_whole(step: Step, tmp_path: Path) -> None:
    host = host_of(step, tmp_path)

    assert [problem.render() for fault in host.catalog.faults for problem in fault.problems] == []
    plugin = host.catalog.plugin("bicycle_rental")
    assert [warning.render() for warning in plugin.warnings] == []
    verdicts = [rehearse(host, plugin, scenario) for scenario in plugin.scenarios.values()]
    assert [f"{verdict.scenario}: {miss.what.en}" for verdict in verdicts for miss in verdict.misses] == []


def test_every_rule_of_the_owner_is_carried_out_and_proved(tmp_path: Path) -> None:
    numbers = set(re.findall(r"(?m)^\| (BR-\d+) \|", GUIDE.read_text(encoding="utf-8")))
    plugin = host_of(steps()[-1], tmp_path).catalog.plugin("bicycle_rental")

    carried_out = {rule.number for rule in plugin.citations if not rule.where.startswith("scenarios.")}
    proved = {number for scenario in plugin.scenarios.values() for number in scenario.cite}

    assert len(numbers) == 11
    assert carried_out == proved == numbers
