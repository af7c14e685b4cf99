from __future__ import annotations

from pathlib import Path

import pytest

from app.demo.script import read_script
from core.host.host import Host
from core.model.errors import NodeError

HOUSE = Path(__file__).parents[3]


def test_the_story_of_the_house_has_a_headquarters_and_three_branches() -> None:
    script = read_script(HOUSE / "config" / "chain.yaml")

    assert [member.store for member in script.members] == ["hq", "club", "renovation", "accounts"]
    assert script.plugins == {"home_renovation", "nightclub_booking", "key_account", "customer_tiers"}


def test_everything_that_is_done_in_the_story_is_an_action_of_its_plugin() -> None:
    script = read_script(HOUSE / "config" / "chain.yaml")
    catalog = Host([HOUSE / "plugins"], environment={}, entry_points=False).catalog
    people = {member.name: set(member.people) for member in script.members}

    for step in script.steps:
        if step.do is not None:
            plugin, record, action = step.do.split(".")
            assert action in catalog.record(plugin, record).actions, step.place
        if step.by is not None:
            assert step.by in people[step.node or ""], step.place


def test_a_mistake_in_the_story_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "chain.yaml"
    text = 'day: "2026-03-13"\nstart: "16:30"\nnodes: {}\nstory:\n  - {at: "16:30", doo: core.setting.set}\n'
    file.write_text(text, encoding="utf-8")

    with pytest.raises(NodeError) as refused:
        read_script(file)

    assert "chain.yaml:5:" in str(refused.value)
