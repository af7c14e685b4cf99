from __future__ import annotations

import re
from typing import Any

from app.pages.frame import assets


def test_what_a_page_asks_for_is_there_and_kept_for_good(browse: Any) -> None:
    browser = browse("li")

    for address in re.findall(r'(?:href|src)="(/assets/[^"]+)"', browser.open("/").text):
        answer = browser.open(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]


def test_an_old_address_gives_the_present_file_and_is_not_kept(browse: Any) -> None:
    answer = browse(None).open("/assets/000000/pages.css")

    assert answer.content == assets.assets()["pages.css"].plain
    assert answer.headers["cache-control"] == "no-cache"


def test_names_outside_the_folder_are_not_there(browse: Any) -> None:
    browser = browse(None)

    assert browser.open("/assets/0/nothing.css").status_code == 404
    assert browser.open("/assets/0/..%2f__init__.py").status_code == 404


def test_our_own_css_and_js_stand_alone() -> None:
    for name, asset in assets.assets().items():
        text = asset.plain.decode().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in text, name
