"""What a late request is ranked by, and how a refused one is put before people."""

from __future__ import annotations

from collections.abc import Callable

from core.model.clock import COUNTER_BITS
from core.model.errors import Problem, Text
from stores import rows
from stores.acts import late
from tests.stores.shop import Shop, local

PLUGIN = """
records:
  deal:
    label: {en: Deal, zh: 成交}
    fields: {price: {type: money, label: {en: Price, zh: 价格}}}
    by: desk
    actions: {open: {from: new, ask: [price], label: {en: Open, zh: 新建}}}
"""


def test_a_request_ranks_by_when_and_where_it_was_made() -> None:
    at = local("2026-03-07 20:30")

    stamp = late.Late("li", at, 7, "0755").stamp

    assert stamp == (0, int(at.timestamp() * 1000) << COUNTER_BITS, "0755")


def test_a_refused_request_stands_in_the_inbox_of_its_store_in_both_languages(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop(PLUGIN, store="hq")
    shop.put(
        "request", "q1", store="0755", record_type="club.deal", record_id="d1", action="open", actor="li",
        made_at=local("2026-03-07 20:00"), state="waiting",
    )  # fmt: skip
    problems = (Problem("a", Text("Too late", "太晚")), Problem("b", Text("No room", "无房")))

    with shop.node.database.write() as connection:
        request = rows.get(connection, shop.node, shop.record("request"), "q1")
        late.open_refused(connection, shop.node, request, problems)

    (conflict,) = shop.rows("conflict")
    shown = {name: conflict.values[name] for name in ("kind", "record_id", "theirs", "theirs_by", "outcome", "store")}
    assert shown == {
        "kind": "refused", "record_id": "d1", "theirs": "open", "theirs_by": "li", "outcome": "current", "store": "0755",
    }  # fmt: skip
    assert conflict.values["detail"] == "太晚 / Too late\n无房 / No room"
    assert (conflict.values["state"], conflict.values["theirs_at"]) == ("open", local("2026-03-07 20:00"))
