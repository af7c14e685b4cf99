"""Where the records of all stores lie together, a rule still counts what lies in its own store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from core.language.expressions import Row
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.lowering import lower, lower_value
from stores.reads.reports import show_report
from stores.world import NodeWorld
from tests.stores.shop import Shop

PLUGIN = """
records:
  waiter:
    label: {en: Waiter, zh: 服务员}
    fields:
      badge: {type: text, label: {en: Badge, zh: 工号}}
      name:  {type: text, label: {en: Name, zh: 姓名}}
      shift: {type: text, label: {en: Shift, zh: 班次}}
    read: {desk: {}}
    sync: {scope: store, home: store}
  card:
    label: {en: Card, zh: 业绩卡}
    fields:
      badge:  {type: text, label: {en: Badge, zh: 工号}}
      day:    {type: date, default: =today, label: {en: Day, zh: 日期}}
      holder: {type: ref, to: waiter, value: {one: waiter, where: waiter.badge == self.badge}, label: {en: Holder, zh: 持有人}}
      others: {type: int, value: {count: card, where: card.badge == self.badge and card.id != self.id}, label: {en: Others, zh: 同号}}
      held:   {type: bool, value: =has(self.holder), label: {en: Held, zh: 有人}}
    read: {desk: {}, hq_admin: {}}
    sync: {scope: store, home: store}
  price:
    label: {en: Price, zh: 价目}
    fields:
      badge: {type: text, label: {en: Badge, zh: 工号}}
    read: {desk: {}}
    sync: {scope: all, home: hq}
  census:
    label: {en: Census, zh: 普查}
    fields:
      badge: {type: text, label: {en: Badge, zh: 工号}}
      all:   {type: int, value: {count: waiter, where: waiter.badge == self.badge}, label: {en: All, zh: 总数}}
      lists: {type: int, value: {count: price, where: price.badge == self.badge}, label: {en: Prices, zh: 价目数}}
    read: {desk: {}}
    sync: {scope: all, home: hq}
reports:
  daily:
    label: {en: Daily figures, zh: 日报}
    every: day
    figures:
      held:  {count: card, where: card.day in period and has(card.holder), label: {en: Held, zh: 有人}}
      twice: {count: card, where: card.day in period and card.others > 0, label: {en: Twice, zh: 重号}}
    read: {hq_admin: {}}
"""
TODAY = date(2026, 3, 7)


@pytest.fixture
def chain(database_url: str) -> Iterator[Shop]:
    """Headquarters: badge 7 was given out at the bund and at jing'an, 8 by headquarters to all, 9 at the bund only."""
    shop = Shop(PLUGIN, database_url, store="hq")
    for id_, store, badge in (("wu", "bund", "7"), ("li", "jing", "7"), ("zhao", "hq", "8"), ("sun", "bund", "9")):
        shop.put("waiter", id_, store=store, badge=badge)
    for id_, store, badge in (("b7", "bund", "7"), ("j7", "jing", "7"), ("j8", "jing", "8"), ("j9", "jing", "9")):
        shop.put("card", id_, store=store, badge=badge)
    yield shop
    shop.close()


def value(shop: Shop, record: str, id_: str, name: str) -> object:
    """Return a computed field, asked twice: the second time in the words kept from the first."""
    kind = shop.record(record)
    with shop.node.database.read() as connection:
        row = rows.load(connection, shop.node, kind, id_)
        assert row is not None
        world = NodeWorld(connection, shop.node, kind.plugin, str(row.values["store"]))
        env = world.env(row, shop.now, SYSTEM_ACTOR)
        found = [world.field(row, name, env) for _ in range(3)]
    assert found[0] == found[1] == found[2]
    return found[0].id if isinstance(found[0], Row) else found[0]


def test_a_badge_that_two_stores_gave_out_is_one_persons_in_each(chain: Shop) -> None:
    assert [value(chain, "card", card, "holder") for card in ("b7", "j7")] == ["wu", "li"]
    assert [value(chain, "card", card, "others") for card in ("b7", "j7")] == [0, 0]

    chain.put("card", "j7_again", store="jing", badge="7")
    assert [value(chain, "card", card, "others") for card in ("b7", "j7")] == [0, 1]


def test_what_headquarters_gave_to_all_counts_in_every_store_and_another_stores_own_in_none(chain: Shop) -> None:
    assert value(chain, "card", "j8", "holder") == "zhao"
    assert value(chain, "card", "j9", "holder") is None


def test_records_of_headquarters_count_all_stores_and_what_all_stores_hold_is_counted_everywhere(chain: Shop) -> None:
    for store in ("hq", "bund"):
        chain.put("census", f"of_{store}", store=store, badge="7")
        assert value(chain, "census", f"of_{store}", "all") == 2

    chain.put("card", "h7", store="hq", badge="7")
    assert value(chain, "card", "b7", "others") == 1, "its own store has no other; headquarters has"
    assert value(chain, "card", "h7", "others") == 2, "headquarters' own card looks at the whole chain"


def test_the_database_comes_to_the_same_over_many_rows_at_once(chain: Shop) -> None:
    kind = chain.record("card")
    table, dialect = chain.node.table(kind), chain.node.database.dialect
    held, others = kind.fields["held"].value, kind.fields["others"].value
    assert held is not None
    assert others is not None
    chain.put("card", "j7_again", store="jing", badge="7")
    with chain.node.database.read() as connection:
        world = NodeWorld(connection, chain.node, kind.plugin, "hq")
        env = world.env(None, chain.now, SYSTEM_ACTOR)
        having = lower(held, env, table, dialect)
        query = table.select().with_only_columns(table.c.id, lower_value(others, env, table, dialect).sql, having)
        found = {id_: (count, bool(one)) for id_, count, one in connection.execute(query)}

    assert found == {"b7": (0, True), "j7": (1, True), "j7_again": (1, True), "j8": (0, True), "j9": (0, False)}


def test_a_report_of_the_chain_adds_up_what_each_store_reports(chain: Shop) -> None:
    chain.put("card", "j7_again", store="jing", badge="7")
    for store in ("bund", "jing"):
        chain.hire(f"desk-{store}", "desk", store=store)
    boss = chain.hire("boss", "hq_admin", store="hq")
    plugin = chain.node.catalog.plugin("club")

    told = show_report(chain.node, boss, plugin, plugin.reports["daily"], TODAY)

    each = {line["store"]: (line["figures"]["held"], line["figures"]["twice"]) for line in told["stores"]}
    assert each == {"bund": (1, 0), "jing": (3, 2)}
