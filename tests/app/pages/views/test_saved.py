"""Saved views: a list as one likes it, under a name, one's usual columns, and what an administrator shares."""

from __future__ import annotations

import re
from typing import Any

from tests.app.pages.conftest import words

LIST = "/records/bicycle_rental/bicycle"


def tabs(page: Any) -> list[str]:
    part = re.search(r'<div class="tabs saved".*?</div>', page.text, re.DOTALL)
    return re.findall(r'<a href="[^"]*"[^>]*>([^<]+?)\s*<', part[0]) if part else []


def heads(page: Any) -> list[str]:
    return [each.strip() for each in re.findall(r'<th[^>]*scope="col"[^>]*>(?:<a[^>]*>)?([^<↑↓]+)', page.text)]


def test_a_view_is_saved_found_again_and_removed(shop: Any, browse: Any) -> None:
    browser = browse("li")

    page = browser.send("/lists/save", list=LIST, query="?color=green&sort=-frame&cursor=x&lang=en", name="绿色 <b>")

    assert str(page.url).endswith(f"{LIST}?color=green&sort=-frame")
    assert "绿色 &lt;b&gt;" in page.text
    assert tabs(browser.open(LIST)) == ["绿色 &lt;b&gt;"]
    assert tabs(browse("wu").open(LIST)) == []
    again = browser.send("/lists/save", list=LIST, query="?color=red", name="绿色 <b>")
    found = re.search(r'name="id" value="([^"]+)"', again.text)
    assert found is not None
    assert tabs(browser.open(LIST)) == ["绿色 &lt;b&gt;"]
    assert browse("wu").send("/lists/drop", id=found[1]).status_code == 404
    browser.send("/lists/drop", id=found[1])
    assert tabs(browser.open(LIST)) == []


def test_only_administrators_share_and_everybody_of_the_store_sees_it(shop: Any, browse: Any) -> None:
    li, wu = browse("li"), browse("wu")

    assert li.send("/lists/save", list=LIST, query="?color=red", name="Red", shared="1").status_code == 403
    wu.send("/lists/save", list=LIST, query="?color=red", name="Red", shared="1")

    assert tabs(li.open(LIST)) == ["Red"]
    assert 'name="shared"' in wu.open(LIST).text
    assert 'name="shared"' not in li.open(LIST).text
    assert 'action="/lists/drop"' not in li.open(f"{LIST}?color=red").text


def test_columns_become_usual_for_one_person_until_he_goes_back(shop: Any, browse: Any) -> None:
    li = browse("li")
    shop.as_("li").post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}})
    assert "Make these my usual columns" not in li.texts(LIST)

    chosen = li.open(f"{LIST}?cols=color,frame")
    assert "Make these my usual columns" in words(chosen.text)
    li.send("/lists/usual", list=LIST, query="?cols=color,frame&color=red")

    assert heads(li.open(LIST)) == ["Colour", "Frame number"]
    assert heads(li.open(f"{LIST}?cols=frame")) == ["Frame number"]
    assert heads(browse("wu").open(LIST)) != ["Colour", "Frame number"]
    li.send("/lists/usual", list=LIST, query="", reset="1")
    assert heads(li.open(LIST)) != ["Colour", "Frame number"]


def test_what_cannot_be_saved_is_refused(shop: Any, browse: Any) -> None:
    li = browse("li")

    assert li.send("/lists/save", list=LIST, query="", name="").status_code == 422
    assert li.send("/lists/save", list=LIST, query="", name="x" * 41).status_code == 422
    assert li.send("/lists/save", list=LIST, query="?q=" + "x" * 3000, name="x").status_code == 422
    for address in (
        "https://example.com/",
        "/records/bicycle_rental/nothing",
        "/sign-out",
        "/views/bicycle_rental/no",
        "//x/y/z",
    ):
        assert li.send("/lists/save", list=address, query="", name="x").status_code == 404, address
    for n in range(41):
        last = li.send("/lists/save", list=LIST, query="", name=f"v{n}", follow=False)
    assert last.status_code == 422


def test_a_view_with_what_the_reader_may_not_filter_by_tells_him_nothing(shop: Any, browse: Any) -> None:
    """A shared view is only an address: what it may show is decided anew for whoever opens it."""
    address = "/records/bicycle_rental/rental"
    browse("wu").send("/lists/save", list=address, query="?phone=13800001111", name="One phone", shared="1")

    assert tabs(browse("an").open(address)) == ["One phone"]
    assert browse("an").open(f"{address}?phone=13800001111").status_code == 403


def test_of_many_views_a_few_stand_as_tabs_and_the_one_on_the_page_is_among_them(browse: Any) -> None:
    browser = browse("li")
    for number in range(1, 9):
        browser.send("/lists/save", follow=False, list=LIST, query=f"?q=F-{number}", name=f"View {number}")

    page = browser.open(LIST)
    bar, menu = page.text.split('<details class="pop"><summary>4 more</summary>')[:2]
    assert re.findall(r">(View \d)<", bar) == ["View 1", "View 2", "View 3", "View 4"]
    assert re.findall(r">(View \d)<", menu) == ["View 5", "View 6", "View 7", "View 8"]

    bar = browser.open(f"{LIST}?q=F-7").text.split("<summary>4 more</summary>")[0]
    assert re.findall(r">(View \d)<", bar) == ["View 1", "View 2", "View 3", "View 7"]
