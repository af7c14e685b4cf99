"""Guidance reaches those whose work it is, where it is done, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest

PAGES = """
rules:
  BR-1: {mark: S, en: Wish the guest a safe ride., zh: 祝客人骑行平安。}
guidance:
  farewell:
    cite: BR-1
    label: {en: Seeing the guest off, zh: 送客}
    at: [rental.hand_out, role:boss]
    text: {en: See the guest to the door., zh: 送客人到门口。}
  ready:
    label: {en: Before handing out, zh: 出车前检查}
    at: bicycle
    items: [{en: Tyres are hard, zh: 轮胎充足}, {en: The bell rings, zh: 车铃响亮}]
views:
  out: {kind: list, of: rental, columns: [guest], label: {en: Out, zh: 在外}}
"""


@pytest.fixture
def guided(shop: Any) -> Any:
    (shop.plugins / "bicycle_rental" / "guidance.yaml").write_text(PAGES, encoding="utf-8")
    report = shop.service.node.host.reload()
    assert not report.faults, report
    return shop


def told(client: Any, query: str = "") -> dict[str, list[str]]:
    answer = client.get(f"/api/bicycle_rental/guidance{query}")
    assert answer.status_code == 200, answer.text
    return {each["name"]: each["at"] for each in answer.json()["guidance"]}


def test_each_reads_what_is_asked_of_him_and_at_which_of_its_places(guided: Any) -> None:
    assert told(guided.as_("li")) == {"farewell": ["rental.hand_out"], "ready": ["bicycle"]}
    assert told(guided.as_("wu")) == {"farewell": ["role:boss"], "ready": ["bicycle"]}
    assert told(guided.as_("no")) == {}


def test_a_page_asks_for_what_belongs_to_one_place(guided: Any) -> None:
    assert told(guided.as_("li"), "?at=rental.hand_out") == {"farewell": ["rental.hand_out"]}
    assert told(guided.as_("wu"), "?at=rental.hand_out") == {}


def test_it_is_said_in_the_readers_language_with_the_rule_it_carries_out(guided: Any) -> None:
    one, two = guided.as_("li", **{"Accept-Language": "zh"}).get("/api/bicycle_rental/guidance").json()["guidance"]

    assert (one["label"], one["text"], one["items"]) == ("送客", "送客人到门口。", [])
    assert one["rules"] == [{"number": "BR-1", "mark": "S", "text": "祝客人骑行平安。"}]
    assert (two["text"], two["items"]) == (None, ["轮胎充足", "车铃响亮"])


def test_pages_find_it_with_the_plugin_and_in_its_document(guided: Any) -> None:
    li = guided.as_("li")
    (plugin,) = [one for one in li.get("/api/plugins").json()["plugins"] if one["name"] == "bicycle_rental"]
    assert [each["at"] for each in plugin["guidance"]] == [["rental.hand_out"], ["bicycle"]]

    info = li.get("/api/bicycle_rental/openapi.json").json()["info"]
    assert [each["at"] for each in info["x-guidance"]] == [["rental.hand_out", "role:boss"], ["bicycle"]]


def test_who_is_not_signed_in_reads_none(guided: Any) -> None:
    assert guided.client().get("/api/bicycle_rental/guidance").status_code == 401
