from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from core.host.hookspecs import hookimpl

OURS = {"X-Branchline": "1"}


def enter(shop: Any, login: str) -> Any:
    return shop.client().post("/api/session", json={"login": login, "password": "a badge", "token": True}, headers=OURS)


def a_badge_reader(staff_id: str) -> SimpleNamespace:
    return SimpleNamespace(
        authenticate=hookimpl(lambda credentials: staff_id if credentials["login"] == "B-17" else None)
    )


def test_a_plugin_can_vouch_for_a_person_who_works_here(shop: Any) -> None:
    shop.service.node.host.register(a_badge_reader(shop.staff["li"]), "badges")

    token = enter(shop, "B-17").json()["token"]

    me = shop.client().get("/api/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert me["name"] == "Li"
    assert enter(shop, "B-18").status_code == 401


def test_a_plugin_cannot_invent_a_person(shop: Any) -> None:
    shop.service.node.host.register(a_badge_reader("0198c0de-0000-7000-8000-000000000017"), "badges")

    assert enter(shop, "B-17").status_code == 401


def test_a_plugin_may_bring_the_nodes_clock(shop: Any) -> None:
    node, radio = shop.service.node, datetime(2026, 5, 2, 4, tzinfo=UTC)
    node.host.register(SimpleNamespace(clock=hookimpl(lambda: radio)), "radio clock")

    assert node.now() == radio
