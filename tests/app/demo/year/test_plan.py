"""The plans of config/year fit their plugins, and a plan that does not is told where."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path

import pytest

from app.demo.year.plan import read_plan, steps_of
from app.demo.year.run import PLANS, PLANS_OF_HEADQUARTERS
from core.host.host import Host
from core.model.errors import NodeError
from tests.stores.shop import host_of

PLUGIN = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields: {name: {type: text, required: true, label: {en: Name, zh: 姓名}}}
    states: {here: {en: Here, zh: 在店}, gone: {en: Gone, zh: 离店}}
    by: desk
    actions: {come: {from: new, to: here, ask: [name], label: {en: Come, zh: 到店}}, go: {from: here, to: gone, label: {en: Go, zh: 离店}}}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "club.yaml"
    path.write_text(f"plugin: club\n{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(PLANS.rglob("*.yaml")), ids=lambda path: f"{path.parent.stem}-{path.stem}")
def test_every_plan_fits_its_plugin(path: Path) -> None:
    host = Host([Path(__file__).parents[4] / "plugins"], only=[path.stem], entry_points=False)

    plan = read_plan(path, host.catalog)

    assert plan.plugin == path.stem
    assert plan.arrivals or path.parent == PLANS_OF_HEADQUARTERS


def test_waits_hours_and_ways_are_read(tmp_path: Path) -> None:
    text = """
people: {desk: 2}
arrivals:
  guest:
    do: guest.come
    by: desk
    a_day: 3
    hours: {"18:00-20:00": 2, "20:00-22:00": 1}
    with: {name: $guest}
    then: [{do: go, by: desk, after: [1h, 90m]}]
"""
    plan = read_plan(written(tmp_path, text), host_of(PLUGIN).catalog)

    assert plan.arrivals["guest"].hours[1] == (time(20), time(22), 1.0)
    assert plan.arrivals["guest"].then[0].after == (timedelta(hours=1), timedelta(minutes=90))
    assert [(named.record, named.new) for named in steps_of(plan)] == [("guest", True), ("guest", False)]


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("people: {desc: 1}\n", "no role `desc`", 2),
        ("make:\n  - {do: gest.come, by: desk}\n", "no record `gest`", 3),
        ("make:\n  - {do: guest.arrive, by: desk}\n", "no action `arrive`", 3),
        ("make:\n  - {do: guest.go, by: desk}\n", "no action `go`", 3),
        ("make:\n  - {do: guest.come, by: boss}\n", "no post that may `boss`", 3),
        ("make:\n  - {do: guest.come, by: desk, with: {nme: x}}\n", "no input `nme`", 3),
        ("answers:\n  guest: [{do: leave, by: desk}]\n", "no action `leave`", 3),
        ("arrivals: {guest: {do: guest.come, by: desk}}\n", "Field required", 2),
    ],
)
def test_what_the_plugin_does_not_have_is_told_with_its_place(tmp_path: Path, text: str, said: str, line: int) -> None:
    with pytest.raises(NodeError) as refusal:
        read_plan(written(tmp_path, text), host_of(PLUGIN).catalog)

    (problem,) = refusal.value.problems
    assert said in problem.what.en
    assert problem.place is not None
    assert problem.place.line == line


def test_a_way_stands_for_its_steps_wherever_it_is_named(tmp_path: Path) -> None:
    text = """
ways:
  leaving: [{do: go, by: desk}]
  twice: [leaving, leaving]
arrivals:
  guest: {do: guest.come, by: desk, a_day: 3, with: {name: $guest}, then: twice}
answers: {guest: [leaving]}
"""
    plan = read_plan(written(tmp_path, text), host_of(PLUGIN).catalog)

    assert [each.step.do for each in steps_of(plan)] == ["guest.come", "go", "go", "go"]
