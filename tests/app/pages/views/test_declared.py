"""The views of a plugin: lists, boards, calendars, the timeline of the night, dashboards."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.app.pages.conftest import words

VIEWS = """
views:
  wheels: {kind: timeline, of: rental, rows: bicycle, span: [taken_at, loan], card: [guest], label: {en: Wheels today, zh: 今日车况}}
  out: {kind: list, of: rental, where: 'self.state == "out"', columns: [number, bicycle.frame, guest], sort: [-guest], label: {en: Out now, zh: 在租}}
  board: {kind: board, of: rental, columns: [state], card: [guest], label: {en: Board, zh: 看板}}
  days: {kind: calendar, of: rental, date: taken_at, card: [guest], label: {en: Days, zh: 日历}}
  figures:
    kind: dashboard
    label: {en: Figures, zh: 数据}
    tiles:
      - {count: rental, where: 'rental.state == "out"', label: {en: Wheels out, zh: 在租车辆}}
      - {sum: rental.deposit, label: {en: Deposits, zh: 押金合计}}
      - {count: rental, by: bicycle, label: {en: By bicycle, zh: 按车辆}}
"""


@pytest.fixture
def views(shop: Any) -> None:
    """The bicycle's plugin has views, and nothing has been recorded."""
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace("remark: {ask: [note, phone],", "remark: {ask: [note, phone],")
    move = "      swap: {from: [out, late], ask: [bicycle], label: {en: Swap, zh: 换车}}\n      overdue:"
    file.write_text(text.replace("      overdue:", move) + VIEWS, encoding="utf-8")
    shop.service.node.host.reload()
    assert shop.service.node.catalog.faults == ()


@pytest.fixture
def rentals(shop: Any, views: None) -> dict[str, str]:
    """Two wheels out and one at home."""
    li, found = shop.as_("li"), {}
    for frame in ("F-1", "F-2", "F-3"):
        found[frame] = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()["id"]
    for frame, guest in (("F-1", "Chen"), ("F-2", "Sun")):
        ask = {"bicycle": found[frame], "guest": guest, "phone": "13800001111"}
        made = li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()
        found[guest] = made["id"]
    return found


def test_the_menu_has_the_views(rentals: dict[str, str], browse: Any) -> None:
    page = browse("li").open("/").text

    for name in ("wheels", "out", "board", "days", "figures"):
        assert f'href="/views/bicycle_rental/{name}"' in page, name


def test_a_list_view_shows_what_it_says(rentals: dict[str, str], browse: Any) -> None:
    browser = browse("li")

    page = browser.open("/views/bicycle_rental/out").text
    assert "Bicycle · Frame number" in page
    assert re.findall("Chen|Sun", page) == ["Sun", "Chen"]
    browser.send(f"/records/bicycle_rental/rental/{rentals['Sun']}/actions/take_back")
    assert "Sun" not in browser.open("/views/bicycle_rental/out").text


def test_an_empty_shop_is_told_what_to_begin_with_and_has_nought_of_everything(views: None, browse: Any) -> None:
    browser = browse("li")

    timeline = words(browser.open("/views/bicycle_rental/wheels").text)
    figures = browser.open("/views/bicycle_rental/figures").text

    assert "Nothing to put in rows: there is no Bicycle yet" in timeline
    assert re.findall(r"<b>([^<]*)</b>(By bicycle|Wheels out)", figures) == [("0", "Wheels out"), ("0", "By bicycle")]


def test_the_timeline_draws_bars_in_their_rows_until_the_deadline(rentals: dict[str, str], browse: Any) -> None:
    page = browse("li").open("/views/bicycle_rental/wheels").text

    lanes = dict(re.findall(r'<tr data-lane="([^"]*)"[^>]*>.*?</th><td>(.*?)</td></tr>', page, re.DOTALL))
    assert list(lanes) == ["", rentals["F-1"], rentals["F-2"], rentals["F-3"]]
    assert f'data-id="{rentals["Chen"]}"' in lanes[rentals["F-1"]]
    assert "data-due=" in lanes[rentals["F-1"]]
    assert "slot" not in lanes[rentals["F-3"]]
    x, width = re.search(r'data-x="([\d.]+)" data-width="([\d.]+)"', lanes[rentals["F-1"]]).groups()  # type: ignore[union-attr]
    assert float(x) == pytest.approx(1200 * 3 / 15, abs=2)  # 10:00 between 07:00 and 22:00
    assert float(width) == pytest.approx(1200 * 2 / 15, abs=2)


def test_beside_a_row_stands_what_its_record_says_now(shop: Any, rentals: dict[str, str], browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8").replace(
        "rows: bicycle, span:", "rows: bicycle, columns: [bicycle.where], span:"
    )
    where = """      where:
        type: enum
        of: {here: {en: Here, zh: 在店}, gone: {en: Gone, zh: 已借}}
        value: [{when: self.rides > 0, is: gone}, {is: here}]
        label: {en: Where, zh: 在何处}
      rides: {type: int, value: {count: rental, where: 'rental.bicycle == self and rental.state == "out"'}, label: {en: Rides, zh: 在租}}
      scrapped:"""
    file.write_text(text.replace("      scrapped:", where), encoding="utf-8")
    shop.service.node.host.reload()
    assert shop.service.node.catalog.faults == ()

    page = words(browse("li").open("/views/bicycle_rental/wheels").text)

    assert "F-1 Gone" in page
    assert "F-3 Here" in page


def test_what_is_over_ends_when_it_was_over_and_gives_way_to_what_stands_there_now(
    shop: Any, rentals: dict[str, str], browse: Any
) -> None:
    browser, minute = browse("li"), 1200 / 15 / 60  # of a drawing from 07:00 to 22:00
    ask = {"bicycle": rentals["F-2"], "guest": "Wen", "phone": "13800001111"}
    shop.clock.pass_(minutes=10)
    browser.send(f"/records/bicycle_rental/rental/{rentals['Sun']}/actions/take_back")
    shop.as_("li").post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask})
    shop.clock.pass_(minutes=40)
    browser.send(f"/records/bicycle_rental/rental/{rentals['Chen']}/actions/take_back")
    shop.clock.pass_(minutes=30)

    page = browser.open("/views/bicycle_rental/wheels").text

    assert "Wen" in page
    assert f'data-id="{rentals["Sun"]}"' not in page, "Wen rides it now"
    over = re.search(rf'class="slot ([^"]*)"[^>]*{rentals["Chen"]}[^>]*data-width="([\d.]+)"', page)
    assert over is not None
    assert over[1] == "is-over", "it has an end"
    assert float(over[2]) == pytest.approx(50 * minute, abs=2)


def test_a_bar_can_be_moved_by_who_may_and_a_taken_row_is_known_beforehand(
    rentals: dict[str, str], browse: Any
) -> None:
    browser = browse("li")
    page, auditor = (
        browser.open("/views/bicycle_rental/wheels").text,
        browse("an").open("/views/bicycle_rental/wheels").text,
    )

    swap = f"/records/bicycle_rental/rental/{rentals['Chen']}/actions/swap"
    assert f'data-move="{swap}"' in page
    assert swap not in auditor
    assert page.count('data-block="*"') == 2
    refused = browser.send(swap, bicycle=rentals["F-2"])
    assert refused.status_code in {409, 422}
    assert "The bicycle is out" in refused.text
    assert browser.send(swap, bicycle=rentals["F-3"]).status_code == 200


def test_a_dashboard_counts_what_the_person_may_see(rentals: dict[str, str], browse: Any) -> None:
    page = browse("li").open("/views/bicycle_rental/figures").text

    assert re.search(r"<b>2</b>Wheels out", page)
    assert re.search(r"<b>¥600.00</b>Deposits", page)
    assert re.search(r"F-1</a></th>", page)
    assert "Wheels out" not in browse("no").open("/views/bicycle_rental/figures").text


def test_boards_and_calendars_of_views(rentals: dict[str, str], browse: Any) -> None:
    browser = browse("li")

    assert "Chen" in browser.open("/views/bicycle_rental/board").text
    assert "Chen" in browser.open("/views/bicycle_rental/days").text
    assert browser.open("/views/bicycle_rental/nothing").status_code == 404
