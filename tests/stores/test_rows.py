"""A row of a table as the values that rules see, and back."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.model.errors import NotFound
from stores import rows
from tests.stores.shop import Shop, local

PLUGIN = """
records:
  thing:
    label: {en: Thing, zh: 物}
    fields:
      name: {type: text, label: {en: Name, zh: 名}}
      price: {type: money, label: {en: Price, zh: 价}}
      due: {type: datetime, label: {en: Due, zh: 时}}
      ok: {type: bool, label: {en: OK, zh: 好}}
      twice: {type: money, value: =self.price * 2, label: {en: Twice, zh: 两倍}}
    states: {fresh: {en: New, zh: 新}}
    by: desk
    actions: {add: {from: new, to: fresh, ask: [name], label: {en: Add, zh: 新增}}, drop: {delete: true, label: {en: Drop, zh: 删除}}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop(PLUGIN, database_url)
    return made


def test_values_come_back_from_the_table_as_they_went_in(shop: Shop) -> None:
    values = {"name": "门", "price": Decimal("12.30"), "due": local("2026-03-07 21:00"), "ok": False}

    shop.put("thing", "t1", **values)

    row = shop.row("thing", "t1")
    assert {name: row[name] for name in values} == values
    assert (row["store"], row["state"], row["number"], row["_life"], "twice" in row) == (
        "0755",
        "fresh",
        None,
        1,
        False,
    )


def test_cells_are_made_of_stored_fields_state_and_number_only(shop: Shop) -> None:
    cells = rows.to_cells(
        shop.record("thing"),
        {"price": Decimal("12.3"), "ok": None, "twice": 1, "store": "x", "state": "fresh", "number": None, "_hs": 1},
    )

    assert cells == {"price": 1230, "ok": None, "state": "fresh", "number": None}


def test_a_deleted_record_is_loaded_and_known_as_such(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    thing = shop.do("thing.add", li, name="x").id
    shop.do("thing.drop", li, thing)

    with shop.node.database.read() as connection:
        row = rows.load(connection, shop.node, shop.record("thing"), thing)
        assert row is not None
        assert not rows.alive(row)
        assert rows.load(connection, shop.node, shop.record("thing"), "nothing") is None
        with pytest.raises(NotFound, match="there is no Thing `nothing` here"):
            rows.get(connection, shop.node, shop.record("thing"), "nothing")
