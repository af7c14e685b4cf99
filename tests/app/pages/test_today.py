"""Today: what is due, in order, for whom; notices; what waits for a signature."""

from __future__ import annotations

import re
from typing import Any

import pytest

from stores.acts import firing


@pytest.fixture
def rented(shop: Any) -> list[str]:
    """Two bicycles rented out, twenty minutes apart; the later one stands first in nobody's list."""
    li, made = shop.as_("li"), []
    for frame in ("F-1", "F-2"):
        wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()["id"]
        ask = {"bicycle": wheel, "guest": f"Guest of {frame}", "phone": "13800001111"}
        made.append(li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"])
        shop.clock.pass_(minutes=20)
    return made


def test_what_is_due_stands_in_order_with_what_i_can_do(rented: list[str], browse: Any) -> None:
    page = browse("li").open("/").text

    due = re.findall(r'class="due">.*?data-due="([^"]+)".*?<b>([^<]+)</b>', page, re.DOTALL)
    assert [name for _, name in due] == ["hq-R0001", "hq-R0002"]
    assert due[0][0] < due[1][0]
    assert f'action="/records/bicycle_rental/rental/{rented[0]}/actions/take_back"' in page


def test_who_can_do_nothing_about_it_has_nothing_due(rented: list[str], browse: Any) -> None:
    assert 'class="due"' not in browse("an").open("/").text
    assert "Nothing waits for you" in browse("an").open("/").text


def test_work_in_hand_is_counted_by_state(rented: list[str], browse: Any) -> None:
    page = browse("li").open("/").text

    assert re.search(r'href="/records/bicycle_rental/rental\?state=out"><b>2</b>Rental · Out', page)


def test_a_notice_stays_until_it_is_acknowledged(shop: Any, rented: list[str], browse: Any) -> None:
    shop.clock.pass_(hours=3)
    firing.fire_due(shop.service.node)
    browser = browse("li")
    page = browser.open("/").text
    assert "hq-R0001 is late" in page
    assert f'href="/records/bicycle_rental/rental/{rented[0]}"' in page

    for notice in re.findall(r'action="(/notices/[^"]+/seen)"', page):
        browser.send(notice)

    assert "is late" not in browser.open("/").text
    assert "is late" not in browse("an").open("/").text


def test_all_notices_are_acknowledged_at_once_and_those_told_since_stay(
    shop: Any, rented: list[str], browse: Any
) -> None:
    shop.clock.pass_(hours=3)
    firing.fire_due(shop.service.node)
    browser = browse("li")
    told = re.search(r'name="ids" value="([^"]+)"', browser.open("/").text)
    assert told is not None
    assert len(told[1].split()) == 2

    browser.send("/notices/seen", ids=told[1].split()[0])
    assert browser.open("/").text.count("is late") == 1
    browser.send("/notices/seen", ids=told[1])

    assert "is late" not in browser.open("/").text


def test_a_request_is_shown_to_who_signs_it_and_to_who_asked(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    asked = browse("li").send(f"/records/bicycle_rental/bicycle/{wheel}/actions/scrap")
    assert "Sent, waits for confirmation: Scrap" in asked.text

    boss = browse("wu")
    page = boss.open("/").text
    assert "To sign" in page
    sign = re.search(r'action="(/requests/[^"]+/sign)"', page)
    assert sign is not None
    assert "What I asked for" in browse("li").open("/").text
    boss.send(sign[1], reason="rusted through")
    browse("li").open("/")

    assert "To sign" not in boss.open("/").text


@pytest.mark.parametrize("word", ["over", "steady"])
def test_what_is_over_or_as_it_should_be_is_no_work_in_hand_though_actions_start_there(
    shop: Any, rented: list[str], browse: Any, word: str
) -> None:
    shop.clock.pass_(hours=3)
    firing.fire_due(shop.service.node)
    tile = r'href="/records/bicycle_rental/rental\?state=late"><b>2</b>'
    assert re.search(tile, browse("li").open("/").text)

    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("late: {en: Late, zh: 超时}", "late: {en: Late, zh: 超时, " + word + ": true}"), encoding="utf-8"
    )
    shop.service.node.host.reload()

    assert not re.search(tile, browse("li").open("/").text)
    grey = 'pill is-over">Late' in browse("li").open("/records/bicycle_rental/rental").text
    assert grey == (word == "over")
