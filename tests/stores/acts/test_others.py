"""What an action does to other records: changed together, entries taken back and put back, and undone by a late fact."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from tests.stores.shop import Shop

PLUGIN = """
ledgers:
  credit:
    account: staff
    unit: CNY
    confirm: boss
    fields: {table: {type: ref, to: table, label: {en: Table, zh: 台}}}
    label: {en: Credit, zh: 业绩}
records:
  table:
    label: {en: Table, zh: 台}
    fields:
      place:  {type: text, label: {en: Place, zh: 位置}}
      guests: {type: int, default: 0, label: {en: Guests, zh: 人数}}
    exclusive: {one: {key: place, while: self.state == "free", message: {en: Taken, zh: 已占用}}}
    states: {free: {en: Free, zh: 空闲}, shut: {en: Shut, zh: 停用}}
    by: desk
    actions:
      add:  {from: new, to: free, ask: [place], label: {en: Add, zh: 新增}}
      seat: {from: free, set: {guests: =self.guests + 2}, label: {en: Seat, zh: 安排}, post: {credit: {when: self.guests > 2, account: =me, amount: 10, with: {table: =self}}}}
      swap:
        from: free
        ask: [{with: {type: ref, to: table, required: true, label: {en: With, zh: 与}}}]
        set: {place: =ask.with.place}
        update: {table: {where: table.id == ask.with.id, set: {place: =old.place}}}
        label: {en: Swap, zh: 对调}
  night:
    label: {en: Night, zh: 营业夜}
    fields:
      ends: {type: datetime, label: {en: Ends, zh: 结束}}
      shut: {type: int, default: 0, label: {en: Shut, zh: 停用数}}
    states: {on: {en: On, zh: 营业}, over: {en: Over, zh: 结束}}
    by: desk
    actions:
      begin: {from: new, to: on, ask: [ends], label: {en: Begin, zh: 开始}}
      end:
        from: on
        to: over
        by: [system, desk]
        update: {table: {where: 'table.state == "free"', to: shut, set: {guests: =table.guests + 1}}}
        void: {credit: {where: true}}
        create: {table: {with: {place: Store room}, state: shut}}
        label: {en: End, zh: 结束}
      tidy:
        from: on
        update: {table: {where: 'table.state == "free"', set: {place: [{when: has(table.place), is: '=join([table.place, "tidied"], " ")'}, {is: Hall}]}}}
        label: {en: Tidy, zh: 整理}
      later: {from: on, at: 1h, ask: [ends], label: {en: Later, zh: 延长}}
      mend: {from: over, restore: {credit: {where: credit.voided_by == self.id}}, label: {en: Mend, zh: 更正}}
    timers: {end: {while: self.state == "on", due: [{when: has(self.ends), is: =self.ends}, {is: null}], then: end}}
"""


@pytest.fixture
def li(shop: Shop) -> Actor:
    return shop.hire("li", "desk", "boss")


def entries(shop: Shop) -> list[tuple[Decimal, str]]:
    return sorted((row.values["amount"], row.values["state"]) for row in shop.rows("credit"))  # type: ignore[type-var]


def test_a_value_by_cases_speaks_of_the_record_that_is_changed(shop: Shop, li: Actor) -> None:
    shop.do("table.add", li, place="window")
    shop.do("table.add", li)
    night = shop.do("night.begin", li).id

    shop.do("night.tidy", li, night)

    assert sorted(str(row.values["place"]) for row in shop.rows("table")) == ["Hall", "window tidied"]


def test_an_action_changes_all_the_records_it_means_and_the_log_says_so(shop: Shop, li: Actor) -> None:
    one, two = (shop.do("table.add", li, place=place).id for place in ("window", "door"))
    night = shop.do("night.begin", li).id
    receipt = shop.do("night.end", li, night)

    assert [shop.row("table", id)["state"] for id in (one, two)] == ["shut", "shut"]
    assert [shop.row("table", id)["guests"] for id in (one, two)] == [1, 1]
    assert len({entry.tx for entry in shop.log("table", one)[-1:] + shop.log("night", night)[-1:]}) == 1
    assert ("club.table", one) in receipt.touched


def test_an_effect_with_a_condition_is_left_out_when_it_does_not_hold(shop: Shop, li: Actor) -> None:
    table = shop.do("table.add", li, place="window").id
    shop.do("table.seat", li, table)
    assert entries(shop) == []
    shop.do("table.seat", li, table)
    (entry,) = shop.rows("credit")
    assert (entry.values["amount"], entry.values["table"]) == (Decimal(10), table)


def test_two_tables_change_places_in_one_action(shop: Shop, li: Actor) -> None:
    one, two = (shop.do("table.add", li, place=place).id for place in ("window", "door"))
    shop.do("table.swap", li, one, **{"with": two})
    assert [shop.row("table", id)["place"] for id in (one, two)] == ["door", "window"]
    with pytest.raises(ActionRefused, match="Taken"):
        shop.do("table.add", li, place="door")


def test_a_voided_proposal_is_rejected_and_what_counted_is_countered(shop: Shop, li: Actor) -> None:
    table = shop.do("table.add", li, place="window").id
    for _ in range(3):
        shop.do("table.seat", li, table)
    shop.do("credit.confirm", li, shop.rows("credit")[0].id)
    night = shop.do("night.begin", li).id
    shop.do("night.end", li, night)
    ten = Decimal(10)
    assert entries(shop) == [(-ten, "confirmed"), (ten, "countered"), (ten, "rejected")]

    shop.do("night.mend", li, night)
    assert entries(shop) == [(-ten, "confirmed"), (ten, "confirmed"), (ten, "countered"), (ten, "proposed")]


def test_a_late_fact_takes_back_all_that_a_timer_did(shop: Shop, li: Actor) -> None:
    table = shop.do("table.add", li, place="window").id
    for _ in range(3):
        shop.do("table.seat", li, table)
    shop.do("credit.confirm", li, shop.rows("credit")[0].id)
    night = shop.do("night.begin", li, ends="2026-03-07T21:00:00+08:00").id
    shop.go("2026-03-07 21:00:01")
    assert shop.row("table", table)["state"] == "shut"

    shop.do("night.later", li, night, at="2026-03-07 20:59", ends="2026-03-07T23:00:00+08:00")
    made = [row for row in shop.rows("table") if row.values["place"] == "Store room"]
    assert (shop.row("table", table)["state"], shop.row("table", table)["guests"]) == ("free", 6)
    assert [row.values["_life"] for row in made] == [2]
    ten = Decimal(10)
    assert entries(shop) == [(-ten, "confirmed"), (ten, "confirmed"), (ten, "countered"), (ten, "proposed")]
    assert shop.row("night", night)["state"] == "on"


def test_a_late_fact_is_refused_once_somebody_went_on_from_what_the_timer_made(shop: Shop, li: Actor) -> None:
    shop.do("table.add", li, place="window")
    night = shop.do("night.begin", li, ends="2026-03-07T21:00:00+08:00").id
    shop.go("2026-03-07 21:00:01")
    made = next(row for row in shop.rows("table") if row.values["place"] == "Store room")
    shop.sql("UPDATE club_table SET state = 'free' WHERE id = :id", id=made.id)
    shop.do("table.seat", li, made.id)
    with pytest.raises(ActionRefused, match="gone on from it"):
        shop.do("night.later", li, night, at="2026-03-07 20:59", ends="2026-03-07T23:00:00+08:00")
