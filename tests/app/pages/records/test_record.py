"""The page of one record: fields under masks, what can be done, what is due and why, and the history."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.fixture
def rented(shop: Any) -> str:
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    ask = {"bicycle": wheel, "guest": "Chen", "phone": "13800001111"}
    return str(li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"])


def page_of(record_id: str) -> str:
    return f"/records/bicycle_rental/rental/{record_id}"


def test_a_record_shows_fields_state_deadline_and_history(rented: str, browse: Any) -> None:
    page = browse("li").open(page_of(rented)).text

    assert "hq-R0001" in page
    assert '<span class="pill is-new">Out</span>' in page
    assert "¥300.00" in page
    assert 'class="count" data-due="2026-03-13T12:00:0' in page
    assert "self.taken_at + settings.loan" in page
    assert "Longest loan = 2 hours" in page
    assert "Hand out" in page


def test_actions_are_buttons_and_the_others_say_why_not(rented: str, browse: Any) -> None:
    li, auditor = browse("li").open(page_of(rented)).text, browse("an").open(page_of(rented)).text

    assert f'action="{page_of(rented)}/actions/take_back"' in li
    assert f'href="{page_of(rented)}/actions/remark"' in li
    assert "not for your role" in auditor
    assert f'action="{page_of(rented)}/actions/take_back"' not in auditor


def test_one_press_does_what_asks_nothing(rented: str, browse: Any) -> None:
    page = browse("li").send(f"{page_of(rented)}/actions/take_back")

    assert "Done: Take back" in page.text
    assert '<span class="pill is-over">Back</span>' in page.text


def test_a_masked_field_is_shown_in_full_for_a_reason_that_is_logged(shop: Any, rented: str, browse: Any) -> None:
    auditor = browse("an")
    assert "13800001111" not in auditor.open(page_of(rented)).text

    nothing = auditor.send(f"{page_of(rented)}/reveal", field="phone", reason=" ")
    assert (nothing.status_code, "13800001111" in nothing.text) == (422, False)
    shown = auditor.send(f"{page_of(rented)}/reveal", field="phone", reason="a complaint")

    assert "13800001111" in shown.text
    assert "13800001111" not in auditor.open(page_of(rented)).text
    (logged,) = shop.as_("wu").get("/api/core/access").json()["rows"]
    assert (logged["who"], logged["field"], logged["reason"]) == (shop.staff["an"], "phone", "a complaint")


def test_who_sees_a_field_in_clear_or_not_at_all_is_not_offered_to_reveal_it(rented: str, browse: Any) -> None:
    assert "/reveal" not in browse("li").open(page_of(rented)).text
    assert browse("li").send(f"{page_of(rented)}/reveal", field="phone", reason="why not").status_code == 403
    assert browse("an").send(f"{page_of(rented)}/reveal", field="nothing", reason="x").status_code == 403


def test_related_records_are_shown_from_the_other_end(shop: Any, rented: str, browse: Any) -> None:
    wheel = shop.as_("li").get(f"/api/bicycle_rental/rental/{rented}").json()["bicycle"]

    page = browse("li").open(f"/records/bicycle_rental/bicycle/{wheel}").text

    assert f'href="{page_of(rented)}"' in page
    assert f"/records/bicycle_rental/rental?bicycle={wheel}" in page


def test_what_was_entered_for_one_step_is_told_to_those_from_whom_nothing_is_kept(
    shop: Any, rented: str, browse: Any
) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    more = "      give_up: {ask: [{why: {type: text, required: true, label: {en: Why so, zh: 原因}}}], label: {en: Give up, zh: 放弃}}\n"
    file.write_text(
        file.read_text(encoding="utf-8").replace("      overdue:", more + "      overdue:"), encoding="utf-8"
    )
    shop.service.node.host.reload()
    one = f"/bicycle_rental/rental/{rented}"
    shop.as_("li").post(f"/api{one}/actions/give_up", json={"ask": {"why": "13900002222 called"}})

    first, last = shop.as_("li").get(f"/api{one}/history").json()["steps"]
    assert (first["asked"], last["asked"]) == ({}, {"why": "13900002222 called"})
    assert "Why so: 13900002222 called" in browse("li").texts(f"/records{one}")
    assert "13900002222" not in shop.as_("an").get(f"/api{one}/history").text, "the auditor sees no phone"
    assert "13900002222" not in browse("an").texts(f"/records{one}")


def test_what_can_be_begun_with_a_record_is_offered_with_the_record_in_its_form(shop: Any, browse: Any) -> None:
    wheel = shop.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-7"}}).json()["id"]
    begin = f"/records/bicycle_rental/rental/actions/hand_out?bicycle={wheel}"
    li = browse("li")

    page = li.open(f"/records/bicycle_rental/bicycle/{wheel}").text

    assert f'<a href="{begin}">Rental · Hand out</a>' in page
    assert re.search(rf'<option value="{wheel}" selected', li.open(begin).text)
    assert "hand_out" not in browse("an").open(f"/records/bicycle_rental/bicycle/{wheel}").text


def test_a_related_record_is_not_called_by_what_it_is_related_to(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    tour = """
  wheel:
    label: {en: Wheel, zh: 车轮}
    fields:
      bicycle: {type: ref, to: bicycle, required: true, label: {en: Bicycle, zh: 自行车}}
      maker: {type: text, label: {en: Maker, zh: 厂家}}
    by: counter
    actions: {fit: {from: new, ask: [bicycle, maker], label: {en: Fit, zh: 安装}}}
    sync: {scope: store, home: store}
"""
    file.write_text(file.read_text(encoding="utf-8").replace("\n  rental:\n", f"{tour}\n  rental:\n"), encoding="utf-8")
    shop.service.node.host.reload()
    li = shop.as_("li")
    frame = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    li.post("/api/bicycle_rental/wheel/actions/fit", json={"ask": {"bicycle": frame, "maker": "Mavic"}})

    related = browse("li").texts(f"/records/bicycle_rental/bicycle/{frame}").partition("Related")[2]

    assert "Wheel · Bicycle Mavic" in related


def test_a_record_that_is_not_there_or_not_for_the_person_is_not_found(browse: Any, rented: str) -> None:
    assert browse("li").open(page_of("nothing")).status_code == 404
    assert browse("no").open(page_of(rented)).status_code in {403, 404}
