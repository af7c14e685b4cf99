"""What a reference may point to, as far as the person who chooses may see it."""

from __future__ import annotations

from typing import Any


def test_a_picker_finds_by_words(shop: Any, browse: Any) -> None:
    li = shop.as_("li")
    for frame in ("F-1", "G-2"):
        li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}})

    found = browse("li").open("/choices/bicycle_rental/bicycle", params={"q": "g-"}).json()

    assert [each["label"] for each in found] == ["G-2"]


def test_who_has_left_is_not_offered(shop: Any, browse: Any) -> None:
    shop.as_("wu").post(f"/api/core/staff/{shop.staff['no']}/actions/leave", json={})

    found = browse("li").open("/choices/core/staff").json()

    assert {each["label"] for each in found} == {"Li", "Wu", "An"}


def test_who_may_not_read_them_may_not_choose_them(browse: Any) -> None:
    assert browse("no").open("/choices/bicycle_rental/bicycle").status_code == 403
