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


def test_beside_its_name_stands_what_tells_it_from_others(shop: Any, browse: Any) -> None:
    li, wu = shop.as_("li"), browse("wu")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1", "color": "green"}}).json()
    ask = {"bicycle": wheel["id"], "guest": "Chen", "phone": "13800001111"}
    li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask, "reason": "known"})

    def notes(address: str) -> dict[str, str]:
        return {each["label"]: each["note"] for each in wu.open(f"/choices/{address}").json()}

    assert notes("bicycle_rental/bicycle") == {"F-1": "Green"}
    assert notes("bicycle_rental/rental") == {"hq-R0001": "F-1 · Chen · 13800001111 · Li · Out"}
    assert notes("core/staff")["Wu"] == "wu · Owner, Headquarters administrator"
    assert '<option value="' + wheel["id"] + '">F-1 · Green</option>' in browse("li").open(
        "/records/bicycle_rental/rental/actions/hand_out"
    ).text.replace(" selected", "")


def test_a_list_of_the_plugin_says_which_columns_tell_them_apart(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    more = "views: {all: {kind: list, of: rental, columns: [number, guest, state], label: {en: All, zh: 全部}}}\n"
    file.write_text(file.read_text(encoding="utf-8") + more, encoding="utf-8")
    shop.service.node.host.reload()
    li = shop.as_("li")
    wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": "F-1"}}).json()["id"]
    ask = {"bicycle": wheel, "guest": "Chen", "phone": "13800001111"}
    li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask})

    assert [each["note"] for each in browse("li").open("/choices/bicycle_rental/rental").json()] == ["Chen · Out"]
