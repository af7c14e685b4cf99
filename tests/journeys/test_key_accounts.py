"""Key accounts over HTTP: a specialist's month from the plan to the score, and one account registered in two branches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.demo.chain import Chain, MemberPlan, PersonPlan, running
from app.demo.client import Answered, Person
from app.demo.clock import StoryClock
from app.demo.story import Stage
from core.model.errors import Text

pytestmark = pytest.mark.journey
PLUGINS = Path(__file__).parents[2] / "plugins"
SHANGHAI = ZoneInfo("Asia/Shanghai")
WEIGHTS = {"weight_visits": 30, "weight_expansion": 25, "weight_deals": 25, "weight_daily": 20}


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def department(store: str) -> MemberPlan:
    people = {
        "an": PersonPlan("An", f"{store}-1", ("ka_specialist",)),
        "mei": PersonPlan("Mei", f"{store}-9", ("ka_manager",)),
    }
    return MemberPlan(store, store, Text(store, store), ("key_account",), people)


HEADQUARTERS = MemberPlan(
    "hq", "hq", Text("HQ", "总部"), ("key_account",), {"zong": PersonPlan("Zong", "Z1", ("hq_admin",))}
)


@contextmanager
def chain_of(folder: Path, start: str, *stores: str) -> Iterator[tuple[Chain, Stage]]:
    """Headquarters and key-account departments, each served over HTTP on a clock that the test moves."""
    clock = StoryClock(local(start), time.monotonic)
    plans = [HEADQUARTERS, *(department(store) for store in stores)]
    with running(plans, folder, PLUGINS, clock, 0, "en") as chain:
        yield chain, Stage(chain, local(start), SHANGHAI, "en", lambda *_: None, lambda _: None)


def plan(person: Person, manager: Person, kind: str, groups: int) -> None:
    made = person.act("key_account.month_plan", "write", {"month": "2026-06-01", "kind": kind})["id"]
    person.act("key_account.plan_line", "add", {"plan": made, "groups": groups})
    person.act("key_account.month_plan", "submit", {}, made)
    manager.act("key_account.month_plan", "approve", {}, made)


def account(person: Person, number: int) -> str:
    return str(person.act("key_account.account", "register", {"code": f"C{number:04}", "name": f"客户{number}"})["id"])


def a_month(chain: Chain, stage: Stage, *, deals: bool) -> tuple[Person, Person]:
    """Live through June: 18 of 20 visits, 10 accounts for 8 planned, and (``deals``) 4 of 5 groups."""
    an, mei = chain.members["north"].people["an"], chain.members["north"].people["mei"]
    zong = chain.headquarters.people["zong"]
    for name, value in WEIGHTS.items():
        zong.act("core.setting", "set", {"plugin": "key_account", "name": name, "value": str(value)})
    known = account(an, 0)  # in May, so that it is no expansion of June
    for kind, groups in (("visit", 20), ("expansion", 8), *([("deal", 5)] if deals else [])):
        plan(an, mei, kind, groups)
    stage.advance(local("2026-06-10 09:00"))
    for number in range(1, 11):
        account(an, number)
    for _ in range(18):
        visit = an.act("key_account.visit", "plan", {"account": known, "planned_on": "2026-06-10"})["id"]
        an.act("key_account.visit", "finish", {}, visit)
        an.act("key_account.visit", "report", {"content": "会见采购"}, visit)
    if deals:
        site = mei.act("key_account.sales_site", "open", {"name": "城东案场"})["id"]
        an.act("key_account.delivery_to_site", "enter", {"account": known, "site": site, "groups": 4})
    assert chain.settled()
    stage.advance(local("2026-07-04 09:00"))
    return an, mei


def score(mei: Person) -> dict[str, Any]:
    (card,) = mei.read("key_account/scorecards/form_a", day="2026-06-15")["rows"]
    assert card["state"] == "locked"
    marks = {f"mark_daily_{part}": 90 for part in ("usual", "care", "market", "teamwork", "attendance")}
    mei.act("key_account.form_a", "mark", marks, card["id"])
    mei.act("key_account.form_a", "close", {}, card["id"])
    (closed,) = mei.read("key_account/scorecards/form_a", day="2026-06-15")["rows"]
    return dict(closed)


def scores(card: dict[str, Any]) -> dict[str, str | None]:
    return {name: item["score"] for name, item in card["items"].items()}


def test_ka_s4_a_month_is_planned_worked_locked_and_scored(tmp_path: Path) -> None:
    with chain_of(tmp_path, "2026-05-25 09:00", "north") as (chain, stage):
        an, mei = a_month(chain, stage, deals=True)
        with pytest.raises(Answered, match="role"):
            an.act("key_account.form_a", "mark", {"mark_daily_usual": 100}, _own_card(an))
        card = score(mei)

        assert scores(card) == {"visits": "27", "expansion": "25", "deals": "20", "daily": "18"}
        assert (card["total"], card["band"]) == ("90.00", "excellent")
        assert _own_card(an) == card["id"]  # the specialist sees his own result


def test_ka_s5_what_was_neither_planned_nor_done_spreads_its_weight(tmp_path: Path) -> None:
    with chain_of(tmp_path, "2026-05-25 09:00", "north") as (chain, stage):
        _, mei = a_month(chain, stage, deals=False)
        card = score(mei)

        assert {name: item["weight"] for name, item in card["items"].items()} == {
            "visits": "40", "expansion": "33.33", "deals": "0", "daily": "26.67",
        }  # fmt: skip
        assert scores(card) == {"visits": "36", "expansion": "33.33", "deals": None, "daily": "24"}
        assert card["total"] == "93.33"


def test_ka_s16_the_later_of_two_offline_registrations_becomes_a_claim_that_headquarters_decides(
    tmp_path: Path,
) -> None:
    with chain_of(tmp_path, "2026-04-01 09:00", "north", "south") as (chain, stage):
        north, south, zong = (chain.members[name] for name in ("north", "south", "hq"))
        for branch in (north, south):
            _unplug(branch)
        stage.advance(local("2026-04-02 10:00"))
        first = _register(north.people["an"])
        stage.advance(local("2026-04-05 10:00"))
        second = _register(south.people["an"])
        assert _state(south.people["an"], second) == "potential"  # nobody told the south yet

        # The south reaches headquarters first: the order of arrival decides nothing
        for branch in (south, north, south):
            _plug(chain, branch)
        stage.advance(local("2026-04-06 10:00"))
        assert chain.settled()
        assert _state(north.people["an"], first) == "potential"
        assert _state(south.people["an"], second) == "claim"
        seen = {row["id"]: row["state"] for row in zong.people["zong"].read("key_account/account")["rows"]}
        assert seen == {first: "potential", second: "claim"}

        zong.people["zong"].act("key_account.account", "rule_on", {"ruling": "award", "ruling_why": "已签意向"}, second)
        assert chain.settled()
        stage.advance(local("2026-04-07 10:00"))
        assert chain.settled()
        assert _state(south.people["an"], second) == "potential"
        assert _state(north.people["an"], first) == "yielded"


def _own_card(person: Person) -> str:
    (card,) = person.read("key_account/scorecards/form_a", day="2026-06-15")["rows"]
    return str(card["id"])


def _register(person: Person) -> str:
    asked = {"code": "91320000S1", "name": "沿江重工"}
    return str(person.act("key_account.account", "register", asked)["id"])


def _state(person: Person, id: str) -> str:
    return str(person.read(f"key_account/account/{id}")["state"])


def _unplug(member: Any) -> None:
    member.cable.plugged = False


def _plug(chain: Chain, member: Any) -> None:
    member.cable.plugged = True
    member.service.worker.sync_now()
    assert chain.settled([member.plan.name])
