"""A request as it is written: what it needs, who has signed by asking, and what its fields meet at home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from core.model.errors import ActionRefused
from stores.actor import SYSTEM_ACTOR
from stores.acts import requests, settling
from stores.acts.act import perform
from stores.acts.calls import Call
from tests.stores.shop import Shop

PLUGIN = """
records:
  deal:
    label: {en: Deal, zh: 成交}
    fields:
      price: {type: money, label: {en: Price, zh: 价格}}
      level: {type: text, merge: ask, label: {en: Level, zh: 等级}}
      note: {type: text, merge: append, label: {en: Note, zh: 备注}}
      tags: {type: list, of: text, merge: union, label: {en: Tags, zh: 标签}}
      best: {type: int, merge: max, label: {en: Best, zh: 最高}}
    states: {open: {en: Open, zh: 未定}, done: {en: Done, zh: 已定}}
    by: [desk, boss, audit]
    actions:
      open: {from: new, to: open, ask: [price], label: {en: Open, zh: 新建}}
      close:
        from: open
        to: done
        ask: [price, level, note, tags, best]
        outcomes:
          - {when: self.price < 10, confirm: audit}
          - {confirm: [desk, boss]}
        label: {en: Close, zh: 定案}
      change: {from: open, ask: [price, level, note, tags, best], label: {en: Change, zh: 更改}}
    sync: {scope: store, home: store}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("chief", "boss")
    made.put("deal", "d1", price=Decimal(100), level="A", note="first", tags=["a"], best=5)
    return made


@pytest.mark.parametrize(
    ("needs", "signed", "left"),
    [
        (["a", "b"], [], ("a", "b")),
        (["a", "b"], ["b"], ("a",)),
        (["a", "a"], ["a"], ("a",)),
        (["a"], ["a", "b", "a"], ()),
        ([], ["a"], ()),
    ],
)
def test_a_role_is_signed_for_as_often_as_it_is_named(
    needs: list[str], signed: list[str], left: tuple[str, ...]
) -> None:
    assert requests.unsigned(needs, signed) == left


def test_who_asks_signs_for_the_outcome_that_fits_and_no_other(shop: Shop) -> None:
    receipt = shop.do("deal.close", shop.hire("li", "desk", "audit"), "d1", level="B", reason="urgent")

    assert receipt.request
    row = shop.row("request", receipt.request)
    assert (row["needs"], [(s["role"], s["by"], s["reason"]) for s in row["signed"]]) == (
        ["desk", "boss"], [("desk", "li", "urgent")],
    )  # fmt: skip
    assert (row["ask"], row["reason"], row["made_at"], row["record_id"]) == ({"level": "B"}, "urgent", shop.now, "d1")
    (line,) = shop.log("request", receipt.request)
    assert (line.action, line.facts) == ("core.request.ask", {"action": "club.deal.close"})


def test_nothing_of_the_record_changes_while_it_waits(shop: Shop) -> None:
    shop.do("deal.close", shop.hire("li", "desk"), "d1", level="B")

    assert (shop.row("deal", "d1")["level"], shop.row("deal", "d1")["state"]) == ("A", "open")


def test_the_system_needs_no_signature(shop: Shop) -> None:
    with shop.node.database.write() as connection:
        receipt, _ = perform(connection, shop.node, Call(shop.record("deal"), "close", SYSTEM_ACTOR, "d1"))

    assert receipt.state == "done"


def test_a_replay_without_its_signatures_is_refused_not_asked_anew(shop: Shop) -> None:
    with pytest.raises(ActionRefused, match="signatures are missing"):
        shop.do("deal.close", shop.hire("li", "desk"), "d1", replayed=True)

    assert shop.rows("request") == []


def ask(shop: Shop, entered: dict[str, object], base_hs: int) -> str:
    """Put a request there that was made before what has been written since, and let the home decide it."""
    shop.hire("li", "desk", "audit", store="0755")
    signed = [{"role": "desk", "by": "li"}, {"role": "boss", "by": "chief"}]
    shop.put(
        "request", "q1", record_type="club.deal", record_id="d1", action="close", ask=entered, actor="li",
        made_at=shop.now, base_hs=base_hs, needs=["desk", "boss"], signed=signed, state="waiting",
    )  # fmt: skip
    shop.go("2026-03-07 20:40")
    shop.do("deal.change", shop.hire("wu", "desk"), "d1", price="80", level="C", note="second", tags=["a", "b"], best=9)
    assert settling.settle(shop.node) == ["q1"]
    return str(shop.row("request", "q1")["state"])


def test_what_was_asked_meets_what_was_written_since_by_the_policies_and_both_are_shown(shop: Shop) -> None:
    seen = shop.row("deal", "d1")["_hs"]

    state = ask(shop, {"price": "90", "level": "B", "note": "mine", "tags": ["a", "x"], "best": 7}, seen)

    row = shop.row("deal", "d1")
    assert (state, row["state"], row["price"], row["level"], row["best"]) == ("confirmed", "done", Decimal(80), "C", 9)
    assert set(row["note"].split("\n")) == {"second", "mine"}
    assert sorted(row["tags"]) == ["a", "b", "x"]
    conflicts = {c.values["field"]: c.values for c in shop.rows("conflict")}
    assert {name: (c["mine"], c["theirs"], c["outcome"]) for name, c in conflicts.items() if name in {"price", "level"}} == {
        "price": ("8000", "9000", "current"), "level": ("C", "B", "current"),
    }  # fmt: skip
    assert {(c["theirs_by"], c["theirs_origin"], c["kind"]) for c in conflicts.values()} == {("li", "0755", "field")}


@pytest.mark.parametrize("edited", [False, True])
def test_who_asks_at_a_store_without_a_line_has_seen_what_stood_there(
    a_shop: Callable[..., Shop], edited: bool
) -> None:
    # Given a deal that was entered and changed at a store that headquarters has not heard of since
    shop = a_shop(PLUGIN, upstream="http://localhost:1")
    shop.put("deal", "d1", price=Decimal(100), level="A")
    li = shop.hire("li", "desk")
    chief = shop.hire("chief", "boss")
    shop.do("deal.change", li, "d1", price="90", level="A")
    shop.now += timedelta(minutes=1)

    # When it is closed with other figures by two signatures, with or without a change between them
    receipt = shop.do("deal.close", li, "d1", price="95", level="B")
    shop.now += timedelta(hours=1)
    if edited:
        shop.do("deal.change", shop.hire("wu", "desk"), "d1", price="80", level="C")
        shop.now += timedelta(minutes=1)
    assert receipt.request
    settling.sign(shop.node, receipt.request, chief)

    # Then only what was changed unseen is a conflict
    row = shop.row("deal", "d1")
    conflicts = sorted((c.values["field"], c.values["mine"], c.values["theirs"]) for c in shop.rows("conflict"))
    assert (row["state"], str(row["level"])) == ("done", "C" if edited else "B")
    assert conflicts == ([("level", "C", "B"), ("price", "8000", "9500")] if edited else [])


def test_what_the_asker_had_seen_is_simply_overwritten(shop: Shop) -> None:
    state = ask(shop, {"price": "90", "level": None}, 10_000)

    row = shop.row("deal", "d1")
    assert (state, row["price"], row["level"], shop.rows("conflict")) == ("confirmed", Decimal(90), None, [])
