from __future__ import annotations

import logging
from typing import Any

import pytest
from anyio import to_thread

from stores.acts import firing


@pytest.fixture
def li(shop: Any) -> Any:
    """Li, at the counter."""
    return shop.as_("li")


@pytest.fixture
def bicycle(li: Any) -> str:
    answer = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def hand_out(client: Any, bicycle: str, **more: Any) -> Any:
    ask = {"bicycle": bicycle, "guest": "陈先生", "phone": "13800001111"} | more.pop("ask", {})
    return client.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask, **more})


def test_an_action_makes_a_record_and_says_what_it_did(li: Any, bicycle: str) -> None:
    receipt = hand_out(li, bicycle).json()

    assert (receipt["number"], receipt["state"], receipt["provisional"]) == ("hq-R0001", "out", False)
    shown = li.get(f"/api/bicycle_rental/rental/{receipt['id']}").json()
    assert (shown["guest"], shown["deposit"], shown["taken_at"][:16]) == ("陈先生", "300.00", "2026-03-13T10:00")


def test_all_there_is_to_do_about_an_action_is_done_in_one_go_off_the_event_loop(
    li: Any, bicycle: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[object] = []
    to_a_thread = to_thread.run_sync

    def noted(*told: Any, **more: Any) -> Any:
        gone.append(told)
        return to_a_thread(*told, **more)

    monkeypatch.setattr(to_thread, "run_sync", noted)

    with caplog.at_level(logging.INFO, "branchline.web"):
        assert hand_out(li, bicycle).status_code == 200

    assert len(gone) == 1
    lines = [line for line in caplog.records if line.name == "branchline.web"]
    assert [line.__dict__["route"] for line in lines] == ["/api/{plugin}/{record}/actions/{action}"]


def test_every_problem_is_told_field_by_field_and_nothing_is_saved(li: Any, shop: Any) -> None:
    answer = li.post(
        "/api/bicycle_rental/rental/actions/hand_out",
        json={"ask": {"bicycle": "nowhere", "phone": "abc", "gust": "Chen"}},
    )

    assert answer.status_code == 422
    problems = {each["field"]: each for each in answer.json()["error"]["problems"]}
    assert problems.keys() == {"bicycle", "phone", "gust", "guest"}
    assert problems["gust"]["fix"] == "did you mean `guest`?"
    assert li.get("/api/bicycle_rental/rental").json()["rows"] == []


def test_problems_come_in_the_callers_language(shop: Any) -> None:
    li = shop.as_("li", **{"Accept-Language": "zh-CN,zh;q=0.9"})

    answer = li.post("/api/bicycle_rental/rental/actions/hand_out", json={})

    assert "客人为必填项" in {each["what"] for each in answer.json()["error"]["problems"]}
    answer = li.post("/api/bicycle_rental/rental/actions/hand_out?lang=en", json={})
    assert "Guest is required" in {each["what"] for each in answer.json()["error"]["problems"]}


def test_a_warning_asks_for_a_reason_and_lets_the_second_call_through(li: Any, bicycle: str) -> None:
    refused = hand_out(li, bicycle, ask={"phone": None})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "reason-needed")
    assert refused.json()["error"]["problems"][0]["level"] == "warn"

    done = hand_out(li, bicycle, ask={"phone": None}, reason="hotel guest")
    assert done.status_code == 200
    assert [each["code"] for each in done.json()["warnings"]] == ["phone"]


def test_who_has_not_the_role_is_told_whom_to_ask(shop: Any, bicycle: str) -> None:
    answer = hand_out(shop.as_("wu"), bicycle)

    assert answer.status_code == 403
    assert answer.json()["error"]["problems"][0]["fix"] == "ask: Counter"


def test_an_exclusive_record_is_not_taken_twice(li: Any, bicycle: str) -> None:
    assert hand_out(li, bicycle).status_code == 200

    again = hand_out(li, bicycle)
    assert again.status_code in {409, 422}
    assert again.json()["error"]["problems"][0]["what"] == "The bicycle is out"


def test_an_action_that_no_longer_fits_clashes(li: Any, bicycle: str) -> None:
    rental = hand_out(li, bicycle).json()["id"]
    address = f"/api/bicycle_rental/rental/{rental}/actions/take_back"
    assert li.post(address, json={}).status_code == 200

    again = li.post(address, json={})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "state")


def test_a_form_opened_before_somebody_elses_change_is_not_saved(li: Any, bicycle: str) -> None:
    rental = hand_out(li, bicycle).json()["id"]
    address = f"/api/bicycle_rental/rental/{rental}"
    seen = li.get(address).json()["updated_at"]
    assert li.post(f"{address}/actions/remark", json={"ask": {"note": "helmet"}, "seen": seen}).status_code == 200

    stale = li.post(f"{address}/actions/remark", json={"ask": {"note": "no helmet"}, "seen": seen})

    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "changed-since")
    assert "Li has changed it" in stale.json()["error"]["problems"][0]["what"]
    assert li.get(address).json()["note"] == "helmet"


def test_fields_outside_ask_are_refused_with_the_way_out(li: Any, bicycle: str) -> None:
    answer = li.post("/api/bicycle_rental/bicycle/actions/add", json={"frame": "F-2"})

    assert answer.status_code == 422
    assert answer.json()["error"]["problems"][0]["fix"] == "put the fields inside `ask`"


def test_unknown_addresses_suggest_the_nearest_name(li: Any) -> None:
    for address, told in [
        ("/api/bicycle_rentals/rental", "bicycle_rental"),
        ("/api/bicycle_rental/rentals", "rental"),
    ]:
        answer = li.get(address)
        assert answer.status_code == 404
        assert told in answer.json()["error"]["problems"][0]["fix"]
    answer = li.post("/api/bicycle_rental/rental/actions/hand_ot", json={})
    assert "hand_out" in answer.json()["error"]["problems"][0]["fix"]


def test_bodies_that_are_no_json_too_large_or_of_another_type_are_told_apart(li: Any) -> None:
    address = "/api/bicycle_rental/bicycle/actions/add"
    json_type = {"Content-Type": "application/json"}

    malformed = li.post(address, content=b'{"ask": {', headers=json_type)
    large = li.post(address, content=b'{"ask": {"frame": "' + b"F" * (1 << 20) + b'"}}', headers=json_type)
    chunked = li.post(address, content=iter([b" " * 600_000, b" " * 600_000]), headers=json_type)
    form = li.post(address, data={"frame": "F-1"})

    codes = [(each.status_code, each.json()["error"]["code"]) for each in (malformed, large, chunked, form)]
    assert codes == [(400, "malformed-json"), (413, "too-large"), (413, "too-large"), (415, "not-json")]


def test_a_timer_that_fires_shows_in_the_record(li: Any, shop: Any, bicycle: str) -> None:
    rental = hand_out(li, bicycle).json()["id"]
    shop.clock.pass_(hours=2, seconds=1)
    shop.service.timers.step()

    assert li.get(f"/api/bicycle_rental/rental/{rental}").json()["state"] == "late"


def test_a_mistake_of_our_own_is_an_incident_number_and_no_secret(
    li: Any, shop: Any, bicycle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("13800001111")

    monkeypatch.setattr("app.web.actions.act", broken)

    answer = hand_out(li, bicycle)

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal-error")
    assert "13800001111" not in answer.text


def test_what_needs_two_signatures_waits_for_the_second_person(li: Any, shop: Any, bicycle: str) -> None:
    asked = li.post(f"/api/bicycle_rental/bicycle/{bicycle}/actions/scrap", json={"reason": "bent frame"}).json()
    assert (asked["provisional"], bool(asked["request"])) == (True, True)
    address = f"/api/core/request/{asked['request']}/sign"
    assert li.post(address, json={}).status_code == 403
    assert li.get(f"/api/bicycle_rental/bicycle/{bicycle}").json()["scrapped"] is False

    signed = shop.as_("wu").post(address, json={"reason": "seen it"})

    assert (signed.status_code, signed.json()["state"]) == (200, "confirmed")
    assert li.get(f"/api/bicycle_rental/bicycle/{bicycle}").json()["scrapped"] is True


def test_who_asked_may_take_it_back_and_nobody_else(li: Any, shop: Any, bicycle: str) -> None:
    asked = li.post(f"/api/bicycle_rental/bicycle/{bicycle}/actions/scrap", json={"reason": "bent frame"}).json()
    address = f"/api/core/request/{asked['request']}/withdraw"

    other = shop.as_("an").post(address, json={})
    own = li.post(address, json={"reason": "it rides again"})
    signed = shop.as_("wu").post(f"/api/core/request/{asked['request']}/sign", json={})

    assert other.status_code in (403, 404), other.text
    assert (own.status_code, own.json()["state"]) == (200, "withdrawn")
    assert signed.status_code == 422


def test_a_notice_is_acknowledged_by_whom_it_is_for(li: Any, shop: Any, bicycle: str) -> None:
    rented = hand_out(li, bicycle)
    assert rented.status_code == 200, rented.text
    shop.clock.pass_(hours=11)
    firing.fire_due(shop.service.node)
    notice = li.get("/api/core/notice").json()["rows"][0]["id"]

    answer = li.post(f"/api/core/notice/{notice}/acknowledge", json={})

    assert (answer.status_code, answer.json()["seen"]) == (200, True)
    assert shop.staff["li"] in li.get(f"/api/core/notice/{notice}").json()["seen_by"]
    assert li.post("/api/core/notice/no-such-notice/acknowledge", json={}).status_code == 404
