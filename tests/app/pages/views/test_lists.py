"""Lists: what is found, in what order, by whom; and that a page weighs little."""

from __future__ import annotations

import re
from typing import Any

import pytest

LIST = "/records/bicycle_rental/rental"


@pytest.fixture
def rentals(shop: Any) -> Any:
    """Three rentals: Chen and Sun with phones, Wu without."""
    li = shop.as_("li")
    for frame, guest, phone in (
        ("F-1", "陈先生", "13800001111"),
        ("F-2", "孙小姐", "13900002222"),
        ("F-3", "吴女士", None),
    ):
        made = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()
        ask = {"bicycle": made["id"], "guest": guest, **({"phone": phone} if phone else {})}
        li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask, "reason": "a regular guest"})
    return shop


def guests(page: Any) -> list[str]:
    return re.findall("陈先生|孙小姐|吴女士", re.sub(r"<form.*?</form>", "", page.text, flags=re.DOTALL))


def test_the_newest_come_first_and_a_click_on_a_heading_orders(rentals: Any, browse: Any) -> None:
    browser = browse("li")

    page = browser.open(LIST)
    assert guests(page) == ["吴女士", "孙小姐", "陈先生"]
    assert f'href="{LIST}?sort=guest"' in page.text
    assert guests(browser.open(f"{LIST}?sort=number")) == ["陈先生", "孙小姐", "吴女士"]
    assert 'aria-sort="ascending"' in browser.open(f"{LIST}?sort=number").text


def test_a_row_is_opened_by_its_first_cell_that_says_something(rentals: Any, browse: Any) -> None:
    page = browse("li").open(f"{LIST}?cols=note&cols=guest").text

    assert re.findall(rf'<a href="{LIST}/[0-9a-f-]+">([^<]*)</a>', page) == ["吴女士", "孙小姐", "陈先生"]


@pytest.mark.parametrize(
    ("words", "found"), [("陈", ["陈先生"]), ("R0002", ["孙小姐"]), ("2222", ["孙小姐"]), ("nobody", [])]
)
def test_words_numbers_and_the_end_of_a_phone_find(rentals: Any, browse: Any, words: str, found: list[str]) -> None:
    assert guests(browse("li").open(LIST, params={"q": words})) == found


def test_who_sees_phones_masked_finds_them_by_the_end_he_sees_and_by_nothing_else(rentals: Any, browse: Any) -> None:
    auditor = browse("an")

    page = auditor.open(LIST, params={"q": "1111"})
    assert guests(page) == ["陈先生"]
    assert "13800001111" not in page.text
    assert "•••••••1111" in page.text
    for more in ("13800001111", "3800", "138", "01111"):
        assert guests(auditor.open(LIST, params={"q": more})) == [], more


def test_filters_come_from_the_fields_and_states(rentals: Any, browse: Any) -> None:
    browser = browse("li")

    assert guests(browser.open(f"{LIST}?state=out")) == ["吴女士", "孙小姐", "陈先生"]
    nothing = browser.open(f"{LIST}?state=back")
    assert guests(nothing) == []
    assert "Nothing was found" in nothing.text
    assert '<option value="green">Green' in browser.open("/records/bicycle_rental/bicycle").text


def test_columns_are_chosen(rentals: Any, browse: Any) -> None:
    page = browse("li").open(f"{LIST}?cols=guest,deposit,bicycle")

    heads = re.findall(r'<th[^>]*scope="col"[^>]*>(?:<a[^>]*>)?([^<]+)', page.text)
    assert [head.strip() for head in heads] == ["Guest", "Deposit", "Bicycle"]
    assert "¥300.00" in page.text


def test_pages_follow_one_another_by_key(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    for n in range(120):
        li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": f"F-{n:03}"}})
    browser, address, seen = browse("li"), "/records/bicycle_rental/bicycle", []

    while address:
        page = browser.open(address).text
        seen += re.findall(r"F-\d{3}", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""

    assert sorted(seen) == [f"F-{n:03}" for n in range(120)]


def test_an_empty_list_says_how_to_begin(browse: Any) -> None:
    assert "Begin with: Add" in browse("li").texts("/records/bicycle_rental/bicycle")


def test_who_may_not_read_gets_no_list_and_no_line_in_the_menu(browse: Any) -> None:
    nobody = browse("no")

    assert nobody.open(LIST).status_code == 403
    assert LIST not in nobody.open("/").text


def test_a_business_added_a_minute_ago_has_its_pages(shop: Any, browse: Any) -> None:
    folder = shop.plugins / "lost_property"
    folder.mkdir()
    (folder / "plugin.yaml").write_text(
        "plugin: lost_property\nversion: 1.0.0\nlabel: {en: Lost property, zh: 失物招领}\n"
        "roles: {counter: {label: {en: Counter, zh: 前台}}}\nrecords:\n  thing:\n    label: {en: Thing, zh: 物品}\n"
        "    fields: {what: {type: text, required: true, label: {en: What, zh: 名称}}}\n    by: counter\n"
        "    actions: {find: {from: new, ask: [what], label: {en: Found, zh: 登记}}}\n"
        "    sync: {scope: store, home: store}\n",
        encoding="utf-8",
    )
    shop.service.node.host.reload()
    browser = browse("li")

    assert "Lost property" in browser.texts("/")
    made = browser.send("/records/lost_property/thing/actions/find", what="umbrella")
    assert made.status_code == 200
    assert "umbrella" in browser.texts("/records/lost_property/thing")


def test_a_list_weighs_less_than_its_budget(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    for n in range(60):
        li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": f"车架 {n:03} 号 {n * 7919}"}})
    browser = browse("li")

    with browser.client.stream("GET", "/records/bicycle_rental/bicycle") as answer:
        weight = sum(len(part) for part in answer.iter_raw())
        page = browser.open("/records/bicycle_rental/bicycle").text
    for address in set(re.findall(r'(?:href|src|data-live)="(/assets/[^"]+)"', page)):
        with browser.client.stream("GET", address) as answer:
            weight += sum(len(part) for part in answer.iter_raw())

    assert weight < 40_000, weight
