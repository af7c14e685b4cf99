"""Boards by state and calendars, of any record type."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def rented(shop: Any) -> str:
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    ask = {"bicycle": wheel, "guest": "Chen", "phone": "13800001111"}
    return str(li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).json()["id"])


def test_a_board_has_a_column_per_state_and_masks_like_a_list(rented: str, browse: Any) -> None:
    page = browse("an").open("/board/bicycle_rental/rental").text

    assert "Out</span>" in page
    assert f'href="/records/bicycle_rental/rental/{rented}"' in page
    assert "•••••••1111" in page
    assert "13800001111" not in page


def test_a_calendar_shows_the_month_of_today_and_walks(rented: str, browse: Any) -> None:
    browser = browse("li")

    assert "hq-R0001" in browser.open("/calendar/bicycle_rental/rental").text
    assert "hq-R0001" not in browser.open("/calendar/bicycle_rental/rental?month=2026-02").text
    assert "March 2026" in browser.open("/calendar/bicycle_rental/rental?month=rubbish").text
    assert "Nothing in this month" in browser.open("/calendar/bicycle_rental/rental?month=2026-02").text


@pytest.mark.parametrize("kind", ["board", "calendar"])
def test_what_may_be_begun_stands_on_every_layout_for_who_may_begin_it(rented: str, browse: Any, kind: str) -> None:
    form = 'href="/records/bicycle_rental/rental/actions/hand_out"'

    assert form in browse("li").open(f"/{kind}/bicycle_rental/rental").text
    assert form not in browse("an").open(f"/{kind}/bicycle_rental/rental").text


def test_records_without_a_date_have_no_calendar(browse: Any) -> None:
    assert browse("li").open("/calendar/bicycle_rental/bicycle").status_code == 404
    assert "/calendar/" not in browse("li").open("/records/bicycle_rental/bicycle").text


def test_who_may_not_read_sees_no_board(browse: Any) -> None:
    assert browse("no").open("/board/bicycle_rental/rental").status_code == 403


def test_what_begins_a_record_stands_where_people_look_at_them_all_day(rented: str, browse: Any) -> None:
    button = '<a class="button main" href="/records/bicycle_rental/rental/actions/hand_out" accesskey="n">'

    for place in ("/board/bicycle_rental/rental", "/calendar/bicycle_rental/rental"):
        assert button in browse("li").open(place).text
        assert button not in browse("an").open(place).text
