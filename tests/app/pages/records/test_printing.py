"""On paper: whole lists with what they were filtered by, records, and the sheets that a plugin describes."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.pages.records import printing
from tests.app.pages.actions.test_action import rental
from tests.app.pages.conftest import words

RENTALS = "/records/bicycle_rental/rental"
SHEET = """
views:
  slip:
    kind: print
    of: rental
    label: {en: Slip, zh: 租车单}
    where: 'self.state == "out"'
    sections:
      - {label: {en: Who, zh: 客人}, fields: [guest, phone, note]}
      - {label: {en: No phone, zh: 未留电话}, fields: [deposit], when: not has(self.phone)}
    sign: [{en: Guest, zh: 客人}, {en: Counter, zh: 前台}]
"""


@pytest.fixture
def printed(shop: Any) -> Any:
    with (shop.plugins / "bicycle_rental" / "plugin.yaml").open("a", encoding="utf-8") as file:
        file.write(SHEET)
    shop.service.node.host.reload()
    return shop


def test_a_list_goes_on_paper_whole_with_what_it_was_filtered_by(
    shop: Any, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    li, browser = shop.as_("li"), browse("li")
    for n in range(60):
        ask = {"frame": f"F-{n:02}", "color": "green" if n % 2 else "red"}
        li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": ask})

    paper = browser.open("/records/bicycle_rental/bicycle/print?color=green&sort=frame&q=F-").text
    assert re.findall(r"F-\d\d", words(paper)) == [f"F-{n:02}" for n in range(1, 60, 2)]
    assert "30 records · Search: F- · Colour: Green" in words(paper)
    assert "Printed by Li, 2026-03-13 10:00" in words(paper)
    monkeypatch.setattr(printing, "ROWS_MAX", 10)
    assert "the first 10 records" in words(browser.open("/records/bicycle_rental/bicycle/print").text)
    assert (
        "/records/bicycle_rental/bicycle/print?color=green"
        in browser.open("/records/bicycle_rental/bicycle?color=green").text
    )


def test_a_sheet_of_the_plugin_has_its_sections_room_to_write_and_lines_to_sign(printed: Any, browse: Any) -> None:
    made = rental(printed)
    address = f"/views/bicycle_rental/slip/print/{made}"
    browser = browse("li")

    paper = browser.open(address).text

    assert re.findall(r"<h2>([^<]+)", paper) == ["Who"]
    assert 'class="write"' in paper
    assert re.findall(r"<div><span>([^<]+)", paper) == ["Guest", "Counter"]
    assert "13800001111" in paper
    assert "Bicycle" not in words(paper.split("<main")[1])
    assert address in browser.open(f"{RENTALS}/{made}").text
    whole = words(browser.open(f"{RENTALS}/{made}/print").text)
    assert "Bicycle F-1" in whole
    assert "Taken at 2026-03-13 10:00" in whole  # with its day: paper is read on another one


def test_paper_shows_nobody_more_than_the_page_does(printed: Any, browse: Any) -> None:
    made = rental(printed)
    for address in (
        f"{RENTALS}/{made}/print",
        f"/views/bicycle_rental/slip/print/{made}",
        f"{RENTALS}/print?cols=phone",
    ):
        auditor = browse("an").open(address).text
        assert "13800001111" not in auditor
        assert "•••••••1111" in auditor
        assert browse("no").open(address).status_code in {403, 404}, address


def test_a_sheet_is_only_for_the_records_it_is_for(printed: Any, browse: Any) -> None:
    made, browser = rental(printed), browse("li")
    printed.as_("li").post(f"/api/bicycle_rental/rental/{made}/actions/take_back", json={})

    assert browser.open(f"/views/bicycle_rental/slip/print/{made}").status_code == 404
    assert "/views/bicycle_rental/slip" not in browser.open(f"{RENTALS}/{made}").text
    assert browser.open(f"/views/bicycle_rental/nothing/print/{made}").status_code == 404
    assert browser.open("/views/bicycle_rental/slip/print").status_code == 404


def test_a_new_record_that_waits_for_a_signature_says_so(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    told = file.read_text(encoding="utf-8").replace("add:   {from: new,", "add:   {from: new, confirm: boss,")
    file.write_text(told, encoding="utf-8")
    shop.service.node.host.reload()

    page = browse("li").send("/records/bicycle_rental/bicycle/actions/add", frame="F-1", color="red")

    assert page.status_code == 200
    assert "Sent, waits for confirmation: Add" in words(page.text)
    assert "sent=add" not in re.sub(r"<form.*?</form>", "", page.text, flags=re.DOTALL).split("<main")[1]
