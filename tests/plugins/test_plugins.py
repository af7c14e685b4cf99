"""The bar every plugin of this repository passes: no fault, no warning, every scenario, every rule where it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.rule_page import PAGE, rule_page
from core.host.host import Host
from core.language.rulebook import rule_rows
from stores.rehearsal import rehearse

ROOT = Path(__file__).parents[2]
HOST = Host([ROOT / "plugins"], entry_points=False)
NAMES = sorted(path.parent.name for path in (ROOT / "plugins").glob("*/plugin.yaml"))


def test_every_plugin_folder_is_running() -> None:
    assert [fault.problems[0].render("en") for fault in HOST.catalog.faults] == []
    assert set(NAMES) <= set(HOST.catalog.plugins)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_to_warn_of(name: str) -> None:
    assert [problem.render("en") for problem in HOST.catalog.plugin(name).warnings] == []


SCENARIOS = (
    [(name, scenario) for name in NAMES for scenario in HOST.catalog.plugins[name].scenarios]
    if not HOST.catalog.faults
    else []
)


@pytest.mark.parametrize(("name", "scenario"), SCENARIOS, ids=str)
def test_a_scenario_passes(name: str, scenario: str) -> None:
    plugin = HOST.catalog.plugin(name)
    verdict = rehearse(HOST, plugin, plugin.scenarios[scenario])
    assert verdict.passed, verdict


@pytest.mark.parametrize("name", NAMES)
def test_the_page_of_rules_is_the_one_of_the_yaml(name: str) -> None:
    page = ROOT / "plugins" / name / PAGE
    assert page.read_text(encoding="utf-8") == rule_page(HOST.catalog.plugin(name)), (
        f"branchline plugin rules plugins/{name} --write"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_the_source_is_carried_out_and_proved(name: str) -> None:
    """All gaps at once. That the scenarios named pass is the business of the test above.

    The loader warns of the same; here it is counted from the rows of the page, so that neither can go blind alone.
    """
    rows = [row for row in rule_rows(HOST.catalog.plugin(name)) if row.rule and row.rule.binding]
    gaps = {row.number: "nothing carries it out" for row in rows if not row.places}
    gaps |= {row.number: "no scenario proves it" for row in rows if row.unproved}
    assert gaps == {}
