from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def rentals(shop: Any) -> list[str]:
    """Three rentals by Li: to Chen, Wang and Zhao, an hour apart."""
    li = shop.as_("li")
    made = []
    for number, guest in enumerate(["Chen", "Wang", "Zhao"]):
        bicycle = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": f"F-{number}"}}).json()
        ask = {"bicycle": bicycle["id"], "guest": guest, "phone": f"1380000111{number}"}
        made.append(li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"])
        shop.clock.pass_(minutes=20)
    return made


def guests(client: Any, query: str) -> list[str]:
    answer = client.get(f"/api/bicycle_rental/rental?{query}")
    assert answer.status_code == 200, answer.text
    return [each["guest"] for each in answer.json()["rows"]]


@pytest.mark.usefixtures("rentals")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Zhao", "Wang", "Chen"]),
        ("sort=guest", ["Chen", "Wang", "Zhao"]),
        ("sort=-guest&limit=2", ["Zhao", "Wang"]),
        ("guest=Wang", ["Wang"]),
        ("guest.ne=Wang&sort=guest", ["Chen", "Zhao"]),
        ("guest.in=Chen,Zhao&sort=guest", ["Chen", "Zhao"]),
        ("taken_at.ge=2026-03-13 10:20&sort=guest", ["Wang", "Zhao"]),
        ("q=hao", ["Zhao"]),
        ("state=back", []),
    ],
)
def test_lists_are_filtered_searched_and_sorted(shop: Any, query: str, found: list[str]) -> None:
    assert guests(shop.as_("li"), query) == found


@pytest.mark.usefixtures("rentals")
def test_pages_follow_each_other_by_cursor_and_are_counted_when_asked(shop: Any) -> None:
    li = shop.as_("li")
    first = li.get("/api/bicycle_rental/rental?limit=2&total=1").json()
    second = li.get(f"/api/bicycle_rental/rental?limit=2&cursor={first['next']}").json()

    assert [each["guest"] for each in first["rows"] + second["rows"]] == ["Zhao", "Wang", "Chen"]
    assert (first["total"], second["next"]) == (3, None)


@pytest.mark.usefixtures("rentals")
@pytest.mark.parametrize(
    ("query", "status", "field"),
    [("gest=Chen", 422, "gest"), ("guest.like=C", 422, "guest"), ("limit=many", 422, "limit"), ("limit=0", 422, "limit"),
     ("taken_at.ge=tomorrow", 422, "taken_at"), ("cursor=rubbish", 422, "cursor")],
)  # fmt: skip
def test_a_list_that_cannot_be_made_says_what_is_wrong(shop: Any, query: str, status: int, field: str) -> None:
    answer = shop.as_("li").get(f"/api/bicycle_rental/rental?{query}")

    assert answer.status_code == status
    assert answer.json()["error"]["problems"][0]["field"] == field


def test_only_the_fields_asked_for_come(shop: Any, rentals: list[str]) -> None:
    shown = shop.as_("li").get(f"/api/bicycle_rental/rental/{rentals[0]}?fields=guest").json()

    assert "guest" in shown
    assert "phone" not in shown


def test_who_has_no_role_reads_nothing(shop: Any, rentals: list[str]) -> None:
    nobody = shop.as_("no")

    assert nobody.get("/api/bicycle_rental/rental").status_code == 403
    assert nobody.get(f"/api/bicycle_rental/rental/{rentals[0]}").status_code in {403, 404}
    assert nobody.get(f"/api/bicycle_rental/rental/{rentals[0]}/history").status_code in {403, 404}
    assert nobody.get(f"/api/bicycle_rental/rental/{rentals[0]}/explain").status_code in {403, 404}


def test_what_is_masked_is_masked_everywhere(shop: Any, rentals: list[str]) -> None:
    auditor = shop.as_("an")
    address = f"/api/bicycle_rental/rental/{rentals[0]}"

    shown = auditor.get(address).json()
    assert (shown["phone"], shown["_masked"]) == ("•••••••1110", ["phone"])
    for part in ("", "/history", "/explain"):
        assert "13800001110" not in auditor.get(address + part).text
    assert auditor.get("/api/bicycle_rental/rental?phone=13800001110").status_code == 403
    assert guests(auditor, "q=13800001110") == []


def test_a_masked_field_is_revealed_only_with_a_reason_and_the_look_is_logged(shop: Any, rentals: list[str]) -> None:
    auditor, owner = shop.as_("an"), shop.as_("wu")
    address = f"/api/bicycle_rental/rental/{rentals[0]}/reveal"

    assert auditor.post(address, json={"field": "phone"}).json()["error"]["problems"][0]["field"] == "reason"
    assert auditor.post(address, json={"field": "fone", "reason": "x"}).status_code == 422
    answer = auditor.post(address, json={"field": "phone", "reason": "a complaint"})

    assert answer.json() == {"field": "phone", "value": "13800001110"}
    logged = owner.get("/api/core/access").json()["rows"]
    assert [(each["who"], each["field"], each["reason"]) for each in logged] == [
        (shop.staff["an"], "phone", "a complaint")
    ]


def test_history_tells_who_changed_what_when_and_why(shop: Any, rentals: list[str]) -> None:
    li = shop.as_("li")
    li.post(f"/api/bicycle_rental/rental/{rentals[0]}/actions/remark", json={"ask": {"note": "helmet"}})

    steps = li.get(f"/api/bicycle_rental/rental/{rentals[0]}/history").json()["steps"]

    assert [each["label"] for each in steps] == ["Hand out", "Remark"]
    assert (steps[1]["by_name"], steps[1]["changes"]) == ("Li", {"note": [None, "helmet"]})
    assert steps[0]["at"].startswith("2026-03-13T10:00")


def test_explain_shows_the_deadline_its_rule_and_the_open_actions(shop: Any, rentals: list[str]) -> None:
    told = shop.as_("li").get(f"/api/bicycle_rental/rental/{rentals[0]}/explain").json()

    (timer,) = told["timers"]
    assert (timer["name"], timer["rule"], timer["then"]) == ("loan", "self.taken_at + settings.loan", "Becomes late")
    assert {each["action"]: each["allowed"] for each in told["actions"]} == {"remark": True, "take_back": True}
    viewed = shop.as_("an").get(f"/api/bicycle_rental/rental/{rentals[0]}/explain").json()
    assert not any(each["allowed"] for each in viewed["actions"])


def test_records_of_core_are_read_through_any_plugin(shop: Any) -> None:
    names = {each["name"] for each in shop.as_("li").get("/api/bicycle_rental/staff").json()["rows"]}

    assert {"Li", "Wu", "An"} <= names


def test_explain_keeps_from_a_reader_what_the_ledger_keeps_from_him(shop: Any, rentals: list[str]) -> None:
    shop.clock.pass_(hours=3)
    shop.service.timers.step()
    li = shop.as_("li")
    assert li.post(f"/api/bicycle_rental/rental/{rentals[0]}/actions/take_back", json={}).status_code == 200
    address = f"/api/bicycle_rental/rental/{rentals[0]}/explain"
    assert [each["amount"] for each in li.get(address).json()["ledger"]] == ["20.00"]

    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8")
    ledger = "fees: {account: staff, unit: CNY, read: {boss: {}, counter: {where: self.amount > 100}},"
    file.write_text(text.replace("fees: {account: staff, unit: CNY,", ledger), encoding="utf-8")
    report = shop.service.node.host.reload()
    assert not report.faults

    assert li.get(address).json()["ledger"] == []  # the rule lets him see other entries
    assert shop.as_("an").get(address).json()["ledger"] == []  # no rule lets him see any
    assert len(shop.as_("wu").get(address).json()["ledger"]) == 1
