"""Plugins: versions where, faults, the rule book, and scenarios played on the node that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from app.background.rehearsals import Rehearsals
from tests.app.pages.conftest import words

RULES = """
rules:
  BR-1: {mark: S, en: Two hours at most, zh: 最长两小时}
  BR-2: {mark: D, en: A phone is taken, zh: 登记电话}
scenarios:
  BR-S1:
    given: {now: "2026-03-13 10:00", as: li}
    cite: BR-1
    when: [{do: bicycle.add, with: {frame: F-1}, is: b}]
    then: ['b.frame == "F-1"']
  BR-S2:
    given: {now: "2026-03-13 10:00", as: li}
    when: [{do: bicycle.add, with: {frame: F-1}, is: b}]
    then: ['b.frame == "F-2"']
samples:
  staff: {li: {name: Li, roles: [counter]}}
"""


@pytest.fixture
def ruled(shop: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A rule book with one rule proved and one not, and a scenario that fails; runs end before the page is drawn."""
    (shop.plugins / "bicycle_rental" / "rules.yaml").write_text(RULES, encoding="utf-8")
    node = shop.service.node
    node.host.reload()
    assert node.catalog.faults == ()
    return shop


def test_a_plugin_says_what_it_has_and_where_it_runs(branch: Any, browse: Any) -> None:
    page = words(browse("wu").open("/console/plugins").text)

    assert "Bicycle rental bicycle_rental 1.0.0" in page
    assert "bund 1.0.0" in page


def test_a_plugin_with_faults_stands_first_with_its_faults(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("to: out\n", "to: outt\n"), encoding="utf-8")
    shop.service.node.host.reload()

    page = browse("wu").texts("/console/plugins")

    assert "bicycle_rental: has faults" in page.replace(" :", ":")
    assert "Version 1.0.0 goes on running" in page
    assert "outt" in page


def test_the_rule_book_says_where_each_rule_is_carried_out_and_what_proves_it(ruled: Any, browse: Any) -> None:
    page = browse("wu").open("/console/plugins/bicycle_rental").text

    assert "Two hours at most" in page
    assert "BR-S1" in page
    assert str(ruled.plugins) not in page
    assert browse("li").open("/console/plugins/bicycle_rental").status_code == 403


def test_scenarios_are_played_on_the_node_and_those_that_fail_say_why(ruled: Any, browse: Any) -> None:
    app = browse("wu").client.app
    app.state.rehearsals = Rehearsals(ruled.service.node.host, spawn=lambda work: work())
    assert "scenarios not played yet" in browse("wu").texts("/console/plugins")

    page = browse("wu").send("/console/plugins/bicycle_rental/rehearse").text

    assert "1 scenario fails" in page
    assert "rules.yaml:" in page
    assert browse("li").send("/console/plugins/bicycle_rental/rehearse").status_code == 403
    assert "1 scenario fails" in browse("wu").texts("/console/plugins")


def test_two_runs_never_go_at_once_and_a_changed_plugin_has_none(ruled: Any) -> None:
    node, waiting = ruled.service.node, list[Callable[[], None]]()
    runs, plugin = Rehearsals(node.host, spawn=waiting.append), node.catalog.plugin("bicycle_rental")

    assert runs.start(plugin)
    assert not runs.start(plugin)
    waiting.pop()()

    run = runs.last(plugin)
    assert run is not None
    assert (run.running, run.total, run.failed) == (False, 2, 1)
    (ruled.plugins / "bicycle_rental" / "rules.yaml").write_text(RULES.replace("F-2", "F-1"), encoding="utf-8")
    node.host.reload()
    assert runs.last(node.catalog.plugin("bicycle_rental")) is None
