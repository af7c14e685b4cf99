"""What a conflict, a request or a notice repeats is told in words, and masked like what it speaks of."""

from __future__ import annotations

from typing import Any

import pytest

from app.pages.frame.desk import Desk
from app.pages.showing.speaking import spoken, title
from stores.acts import firing
from stores.staff import person
from tests.app.pages.conftest import words

REPORT = """
reports:
  daily:
    label: {en: Daily, zh: 日报}
    every: day
    due: =end_of(period.end)
    tell: boss
    figures: {out: {count: rental, label: {en: Out, zh: 租出}}}
    read: {boss: {}}
"""


@pytest.fixture
def desk(shop: Any) -> Desk:
    node = shop.service.node
    with node.database.read() as connection:
        actor = person(connection, node, shop.staff["wu"])
    return Desk(shop.service, node.catalog, "en", "", None, actor)


def test_a_conflict_shows_labels_names_and_amounts(shop: Any, desk: Desk) -> None:
    kind = desk.catalog.records["core.conflict"]
    row = {
        "record_type": "bicycle_rental.rental",
        "field": "deposit",
        "base": "30000",
        "mine": "25000",
        "mine_by": shop.staff["li"],
    }

    said = {name: spoken(desk, kind, name, row) for name in (*row, "theirs")}

    assert {name: each.text for name, each in said.items() if each} == {
        "record_type": "Rental", "field": "Deposit", "base": "¥300.00", "mine": "¥250.00", "mine_by": "Li",
    }  # fmt: skip
    assert title(desk, kind, row) == "Rental · Deposit"


def test_what_is_masked_stays_masked_and_what_does_not_fit_stays_as_it_was(desk: Desk) -> None:
    kind = desk.catalog.records["core.conflict"]
    row = {"record_type": "bicycle_rental.rental", "field": "phone", "base": "***", "_masked": ["base"]}

    assert spoken(desk, kind, "base", row) is None
    assert spoken(desk, kind, "mine", {**row, "field": "gone", "mine": "x"}) is None
    assert spoken(desk, desk.catalog.records["bicycle_rental.rental"], "phone", {"phone": "1"}) is None


def test_a_list_of_requests_reads_like_sentences(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    li.post(f"/api/bicycle_rental/bicycle/{wheel}/actions/scrap", json={})

    page = browse("wu").open("/records/core/request?cols=record_type,record_id,action").text

    assert "Scrap" in page
    assert "F-1" in page
    assert "bicycle_rental.bicycle" not in page.partition("<tbody>")[2].partition("</tbody>")[0]


def test_posts_are_called_what_the_plugins_call_them(shop: Any, browse: Any) -> None:
    page = words(browse("wu", "zh").open(f"/records/core/staff/{shop.staff['li']}").text)

    assert "前台" in page
    assert "counter" not in page


def test_a_notice_is_read_in_ones_own_language_and_says_who_was_told(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    ask = {"bicycle": wheel, "guest": "Chen", "phone": "13800001111"}
    li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask})
    shop.clock.pass_(hours=3)
    firing.fire_due(shop.service.node)

    for address in ("/records/core/notice", "/calendar/core/notice"):
        page = words(browse("li", "zh").open(address).text)
        assert "已超时" in page
        assert "is late" not in page
        assert "late" not in page.partition("通知")[2]


def test_a_dispatch_decision_shows_its_candidates_as_a_table_and_signatures_have_names(shop: Any, desk: Desk) -> None:
    request = desk.catalog.records["core.request"]
    signed = [{"by": shop.staff["li"], "at": "2026-03-13T02:00:00.000Z", "role": "counter"}]

    told = spoken(desk, request, "signed", {"signed": signed})
    refused = spoken(desk, request, "problems", {"problems": [{"en": "too late", "zh": "已过期"}]})

    assert told is not None
    assert [[cell.text for cell in row] for row in told.rows] == [["Li", "10:00"]]
    assert refused is not None
    assert [each.text for each in refused.items] == ["too late"]


def test_what_no_plugin_here_knows_is_told_by_its_business_and_without_ids(desk: Desk) -> None:
    kind, id_ = desk.catalog.records["core.conflict"], "019ce67b-e7f4-7000-b44e-7dee0a9a33e2"

    def told(record_type: str) -> list[str]:
        row = {"record_type": record_type, "record_id": id_, "field": "left_brake"}
        return [each.text for name in row if (each := spoken(desk, kind, name, row))]

    assert told("bicycle_rental.saddle") == ["Bicycle rental · a kind of record that this node does not know", "", ""]
    assert told("bakery.loaf") == ["bakery · a kind of record that this node does not know", "", ""]
    request = {"record_type": "bakery.loaf", "record_id": id_, "action": "bake"}
    said = spoken(desk, desk.catalog.records["core.request"], "action", request)
    assert said is not None
    assert said.text == "a step that this node does not know"


def test_the_page_of_a_notice_about_a_report_opens(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    file.write_text(file.read_text(encoding="utf-8") + REPORT, encoding="utf-8")
    shop.service.node.host.reload()
    assert shop.service.node.catalog.faults == ()
    firing.fire_due(shop.service.node)
    shop.clock.pass_(days=2)
    firing.fire_due(shop.service.node)
    wu = browse("wu")

    told = [each for each in shop.as_("wu").get("/api/core/notice").json()["rows"] if each["about_type"]]
    page = wu.open(f"/records/core/notice/{told[0]['id']}")

    assert page.status_code == 200
    assert "/reports/bicycle_rental/daily?day=" in page.text
