"""Deciding a conflict: one click either way, and the value that is to stand is written with it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.model.errors import NodeError
from stores.actor import Actor
from tests.stores.shop import Shop

PLUGIN = """
records:
  deal:
    label: {en: Deal, zh: 成交}
    fields:
      price: {type: money, label: {en: Price, zh: 价格}}
      name: {type: text, label: {en: Name, zh: 名称}}
      twice: {type: money, value: =self.price * 2, label: {en: Twice, zh: 两倍}}
    by: desk
    actions: {open: {from: new, ask: [price], label: {en: Open, zh: 新建}}}
"""
CHIEF = Actor("qin", "hq", frozenset({"hq_admin"}), "Qin")


@pytest.fixture
def shop(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop(PLUGIN, database_url, store="hq")
    made.put("deal", "d1", store="0755", price=Decimal(80), name="Chen")
    return made


def conflict(shop: Shop, **values: object) -> str:
    about = {"kind": "field", "record_type": "club.deal", "record_id": "d1", "field": "price"}
    both = {"mine": "8000", "theirs": "9000", "outcome": "current"}
    return shop.put("conflict", "c1", store="0755", **{**about, **both, **values})


def resolve(shop: Shop, **entered: object) -> None:
    shop.do("conflict.resolve", CHIEF, "c1", **entered)


def test_what_stands_stays_and_the_conflict_is_closed(shop: Shop) -> None:
    conflict(shop)

    resolve(shop, keep="current")

    assert (shop.row("conflict", "c1")["state"], shop.row("deal", "d1")["price"]) == ("resolved", Decimal(80))
    assert [line.action for line in shop.log("deal", "d1")] == [""]


def test_the_other_value_is_put_in_place_in_the_same_deed(shop: Shop) -> None:
    conflict(shop)

    resolve(shop, keep="other")

    assert shop.row("deal", "d1")["price"] == Decimal(90)
    (line,) = shop.log("deal", "d1")[1:]
    assert (line.action, line.actor, line.body) == ("core.conflict.resolve", "qin", {"price": (8000, 9000)})
    assert line.tx == shop.log("conflict", "c1")[-1].tx


def test_the_other_value_is_mine_where_theirs_came_through(shop: Shop) -> None:
    conflict(shop, field="name", mine="Lin", theirs="Chen", outcome="incoming")

    resolve(shop, keep="other")

    assert shop.row("deal", "d1")["name"] == "Lin"


def test_an_other_value_that_was_empty_empties_the_field(shop: Shop) -> None:
    conflict(shop, theirs=None)

    resolve(shop, keep="other")

    assert shop.row("deal", "d1")["price"] is None


@pytest.mark.parametrize(("value", "price"), [("85", Decimal(85)), (None, None)])
def test_a_new_value_is_read_as_the_field_reads_it(shop: Shop, value: str | None, price: Decimal | None) -> None:
    conflict(shop)

    resolve(shop, keep="value", value=value)

    assert shop.row("deal", "d1")["price"] == price


@pytest.mark.parametrize(
    ("values", "entered", "code"),
    [
        ({}, {}, "required"),
        ({}, {"keep": "value", "value": "much"}, "bad-number"),
        ({"kind": "refused", "field": None}, {"keep": "other"}, "nothing-to-put"),
        ({"record_type": "gone.deal"}, {"keep": "other"}, "no-such-plugin"),
        ({"field": "colour"}, {"keep": "other"}, "no-such-field"),
        ({"field": "twice"}, {"keep": "other"}, "no-such-field"),
        ({"record_id": "d2"}, {"keep": "other"}, "no-such-record"),
    ],
)
def test_what_cannot_be_put_in_place_leaves_the_conflict_open(
    shop: Shop, values: dict[str, object], entered: dict[str, object], code: str
) -> None:
    conflict(shop, **values)

    with pytest.raises(NodeError) as refusal:
        resolve(shop, **entered)

    assert refusal.value.problems[0].code in {code, "bad-value"}
    assert shop.row("conflict", "c1")["state"] == "open"
    assert shop.row("deal", "d1")["price"] == Decimal(80)
