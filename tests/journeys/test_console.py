"""Headquarters at its console, in a real browser: an approval given, a conflict decided, and both arrive at the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stores.actor import SYSTEM_ACTOR
from stores.reads import records
from tests.journeys.test_desk import SERIOUS
from tests.journeys.test_pages import LOOK, stage_of, steps_at

pytestmark = pytest.mark.journey
CUSTOMER, APPROVAL, CONTRACT = "home_renovation.customer", "customer_tiers.approval", "customer_tiers.contract"
AXE = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": False}}}
PAGES = (
    "/", "/chain", "/chain/renovation", "/conflicts", "/conflicts?state=resolved", "/quarantine", "/compare",
    "/duplicates", "/closings", "/closings/renovation", "/console/drift", "/console/plugins", "/console/plugins/key_account", "/console/people", "/console/joining",
    "/console/audit", "/settings?plugin=key_account", "/settings/key_account/superior_above", "/backups", "/developers",
)  # fmt: skip


def looked_at(page: Any, node: str, address: str, number: int) -> list[str]:
    """Return what is wrong with a page, wide and light, then narrow and dark; axe, which takes its time, looks once."""
    page.set_viewport_size({"width": 1280, "height": 844})
    page.goto(f"{node}{address}")
    found = json.loads(page.evaluate(LOOK)) + (serious(page) if number % 2 else [])
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    found += json.loads(page.evaluate(LOOK)) + ([] if number % 2 else serious(page))
    return [f"{address}: {each}" for each in found]


def serious(page: Any) -> list[str]:
    """Return what axe finds serious on a page; how words stand out from their ground is looked at by ``LOOK``."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="the `dev` extra is not installed: no axe"
    )
    found = axe.Axe().run(page, options=AXE).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in found if each["impact"] in SERIOUS]


def at(member: Any, key: str, record_id: str) -> Any:
    node = member.service.node
    return records.fetch(node, SYSTEM_ACTOR, node.catalog.records[key], record_id)


def test_headquarters_approves_a_contract_and_decides_a_conflict(tmp_path: Path, browser: Any) -> None:
    with stage_of(tmp_path, browser, set()) as stage:
        hq, shop, unit = (stage.chain.members[name] for name in ("hq", "renovation", "accounts"))
        wanted = {"$cent", "$order", "$maker"}
        contract = [s for s in steps_at("accounts") if s.do and "customer_tiers" in s.do and s.fails is None]
        stage.play([s for s in contract if s.target in wanted or s.name in {"cent", "order", "maker"}])
        stage.play([s for s in steps_at("renovation") if s.do == f"{CUSTOMER}.register"][:1])
        first = unit.people["mei"].read("customer_tiers/approval", role="unit_head")["rows"][0]["id"]
        unit.people["mei"].act(APPROVAL, "give", {}, first)
        assert stage.chain.settled()

        # an approval by headquarters: asked for there, carried out at the unit, which is its home
        page = stage.desk("hq", "gu")
        second = unit.people["mei"].read("customer_tiers/approval", role="marketing")["rows"][0]["id"]
        page.goto(f"{hq.address}/records/customer_tiers/approval/{second}")
        page.click('main a.button[href*="/actions/give"]')
        page.click("#sheet .formfoot button.main")
        page.wait_for_selector("main p.note.tone-good[role=status]")
        assert stage.chain.settled()
        assert at(unit, CONTRACT, stage.named["cent"])["state"] == "approved"

        # a conflict: the store was alone while both sides wrote; one click turns it round
        shop.cable.plugged = False
        customer = stage.named["customer"]
        for member, who, budget in ((shop, "ke", 260000), (hq, "gu", 220000)):
            member.people[who].act(CUSTOMER, "update", {"budget": budget}, customer)
        shop.cable.plugged = True
        assert stage.chain.settled()
        chief = stage.desk("hq", "zong")
        chief.goto(f"{hq.address}/")
        chief.click("#line a[href='/conflicts']")
        assert chief.locator(".side.stands").inner_text().startswith("总部已有")
        chief.click('button[name=keep][value="other"]')
        chief.wait_for_selector("main p.note.tone-good[role=status]")
        assert stage.chain.settled()
        chief.goto(f"{hq.address}/theme/light")
        faults = [
            fault for number, address in enumerate(PAGES) for fault in looked_at(chief, hq.address, address, number)
        ]
        assert faults == []
        assert {str(at(member, CUSTOMER, customer)["budget"]) for member in (hq, shop)} == {"260000.00"}
