"""Reports on a node and at headquarters: the figures, who sees which, and the records behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from core.model.errors import Forbidden, NotFound
from stores.actor import Actor
from stores.reads.reports import listed, records_behind, show_report
from tests.stores.shop import Shop

PLUGIN = """
settings:
  big: {type: money, default: 1000, label: {en: Big, zh: 大额}}
  goal: {type: int, default: null, label: {en: Goal, zh: 目标}}
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      booker: {type: ref, to: staff, label: {en: Booker, zh: 订房人}}
      phone:  {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      day:    {type: date, default: =today, label: {en: Day, zh: 日期}}
      spend:  {type: money, label: {en: Spend, zh: 消费}}
      came_at: {type: datetime, label: {en: Came, zh: 到店时间}}
      source: {type: enum, of: {web: {en: Web, zh: 网络}, walk_in: {en: Walk-in, zh: 自来客}}, label: {en: Source, zh: 来源}}
    states: {held: {en: Held, zh: 保留}, arrived: {en: Arrived, zh: 到店}}
    by: desk
    actions: {book: {from: new, to: held, ask: [booker, day, spend, source, phone], label: {en: Book, zh: 订房}}, come: {from: held, to: arrived, label: {en: Come, zh: 到店}}}
    read: {desk: {}, boss: {}, hq_admin: {}, audit: {mask: [phone]}}
    sync: {scope: store, home: store}
reports:
  daily:
    label: {en: Daily figures, zh: 日报}
    every: day
    due: '=at(period.end, time("23:00"))'
    figures:
      booked:  {count: booking, where: booking.day in period, by: source, label: {en: Booked, zh: 订房数}}
      arrived: {count: booking, where: 'booking.day in period and booking.state == "arrived"', by: source, label: {en: Arrived, zh: 到店数}}
      rate:    {value: =arrived / booked, unit: percent, label: {en: Show rate, zh: 到店率}}
      spend:   {sum: booking.spend, where: booking.day in period, label: {en: Spend, zh: 消费}}
      mean:    {avg: booking.spend, where: booking.day in period, label: {en: Mean, zh: 平均}}
      most:    {max: booking.spend, where: booking.day in period, label: {en: Most, zh: 最高}}
      last:    {max: booking.came_at, where: booking.day in period, label: {en: Last, zh: 最晚}}
      big:     {count: booking, where: booking.day in period and booking.spend >= settings.big, label: {en: Big ones, zh: 大额单}}
      goal:    {value: =booked / settings.goal, label: {en: Of the goal, zh: 目标完成}}
    read: {boss: {}, desk: {hide: [spend, mean, most, big]}, hq_admin: {}}
  people:
    label: {en: By person, zh: 人员月报}
    every: {month: {for: staff, where: 'holds_role(staff, "desk")'}}
    figures:
      booked: {count: booking, where: booking.day in period, by: booker, label: {en: Booked, zh: 订房数}}
      spend:  {sum: booking.spend, where: booking.day in period, by: booker, label: {en: Spend, zh: 消费}}
      all:    {count: booking, where: booking.day in period, label: {en: All, zh: 全店}}
    read: {boss: {}, desk: {where: staff == me}, hq_admin: {}}
  mixed:
    label: {en: Mixed, zh: 综合}
    every: day
    figures:
      sources: {count: booking, where: booking.day in period, by: source, label: {en: By source, zh: 来源}}
      bookers: {count: booking, where: booking.day in period, by: booker, label: {en: By booker, zh: 订房人}}
      days:    {count: booking, where: booking.day in period, by: day, label: {en: By day, zh: 日期}}
    read: {boss: {}}
  callers:
    label: {en: By phone, zh: 来电}
    every: day
    figures: {calls: {count: booking, where: booking.day in period, by: phone, label: {en: Calls, zh: 来电数}}}
"""
DAY = date(2026, 3, 7)
BOSS, AUDIT = (Actor(who, "0755", frozenset({role}), who) for who, role in (("he", "boss"), ("su", "audit")))
HQ = Actor("hq", "hq", frozenset({"hq_admin"}), "HQ")


@pytest.fixture
def shop(database_url: str) -> Iterator[Shop]:
    """A store's node and headquarters' eyes in one: two desks, five bookings, one of them another day's."""
    made = Shop(PLUGIN, database_url)
    made.hire("li", "desk")
    made.hire("wu", "desk")
    made.hire("he", "boss")
    for id, booker, spend, source, state in (
        ("b1", "li", "500", "web", "arrived"),
        ("b2", "li", "1500", "web", "held"),
        ("b3", "wu", "1000", "walk_in", "arrived"),
        ("b4", "li", None, None, "arrived"),
    ):
        put(made, id, booker=booker, spend=Decimal(spend) if spend else None, source=source, state=state)
    put(made, "b5", booker="wu", spend=Decimal(9), day=date(2026, 3, 8))
    yield made
    made.close()


def put(shop: Shop, id: str, **values: Any) -> None:
    shop.put("booking", id, **({"day": DAY, "phone": "13800001111"} | values))


def shown(shop: Shop, actor: Actor, name: str = "daily", **more: Any) -> dict[str, Any]:
    plugin = shop.node.catalog.plugin("club")
    return show_report(shop.node, actor, plugin, plugin.reports[name], DAY, **more)


def behind(shop: Shop, actor: Actor, figure: str, name: str = "daily", **more: Any) -> list[str]:
    plugin = shop.node.catalog.plugin("club")
    page = records_behind(shop.node, actor, plugin, plugin.reports[name], figure, DAY, **more)
    return sorted(each["id"] for each in page.rows)


def test_figures_of_a_day_are_counts_totals_and_what_follows_from_them(shop: Shop) -> None:
    assert shown(shop, BOSS)["total"] == {
        "booked": 4, "arrived": 3, "rate": "0.7500", "spend": "3000.00", "mean": "1000.00", "most": "1500.00",
        "last": None, "big": 2, "goal": None,
    }  # fmt: skip


def test_rows_are_what_a_figure_is_grouped_by_the_greatest_first(shop: Shop) -> None:
    told = shown(shop, BOSS)

    rows = [
        (row["row"], row["figures"]["booked"], row["figures"]["arrived"], row["figures"]["rate"])
        for row in told["rows"]
    ]
    assert rows == [("web", 2, 1, "0.5000"), ("walk_in", 1, 1, "1.0000"), (None, 1, 1, "1.0000")]
    assert told["rows"][0]["name"].zh == "网络"
    assert "spend" not in told["rows"][0]["figures"], "not grouped: it belongs to no row"


def test_each_row_is_called_by_the_figure_that_counts_it(shop: Shop) -> None:
    told = shown(shop, BOSS, "mixed")

    names = {str(row["row"]): getattr(row["name"], "zh", row["name"]) for row in told["rows"]}
    assert names == {
        "web": "网络",
        "walk_in": "自来客",
        "li": "Li",
        "wu": "Wu",
        "2026-03-07": "2026-03-07",
        "None": None,
    }


def test_the_period_and_the_deadline_stand_at_the_head(shop: Shop) -> None:
    told = shown(shop, BOSS)

    assert told["period"] == {"name": "day", "start": "2026-03-07", "end": "2026-03-07"}
    assert told["due"] == "2026-03-07T23:00:00+08:00"


def test_everybody_of_the_report_has_a_row_also_with_nothing(shop: Shop) -> None:
    shop.hire("xu", "desk")

    rows = {row["row"]: row["figures"] for row in shown(shop, BOSS, "people")["rows"]}

    assert rows["xu"] == {"booked": 0, "spend": "0.00"}
    assert (rows["li"]["booked"], rows["li"]["spend"]) == (3, "2000.00")
    assert (rows["wu"]["booked"], rows["wu"]["spend"]) == (2, "1009.00"), "the month has the 8th in it too"


def test_a_figure_opens_the_records_behind_it(shop: Shop) -> None:
    assert behind(shop, BOSS, "arrived") == ["b1", "b3", "b4"]
    assert behind(shop, BOSS, "arrived", row="web") == ["b1"]
    assert behind(shop, BOSS, "booked", row="") == ["b4"], "those that belong to no row"
    assert behind(shop, BOSS, "booked", "people", row="wu") == ["b3", "b5"]
    with pytest.raises(NotFound, match="worked out") as refusal:
        behind(shop, BOSS, "rate")
    fix = refusal.value.problems[0].fix
    assert fix is not None
    assert fix.en == "open: booked, arrived"
    with pytest.raises(NotFound, match="no figure"):
        behind(shop, BOSS, "bookd")


def test_who_sees_some_figures_or_rows_sees_no_more_in_any_way(shop: Shop) -> None:
    li = Actor("li", "0755", frozenset({"desk"}), "Li")
    told = shown(shop, li)
    assert [each["name"] for each in told["figures"]] == ["booked", "arrived", "rate", "last", "goal"]
    assert set(told["total"]) == {"booked", "arrived", "rate", "last", "goal"}
    with pytest.raises(NotFound, match="no figure"):
        behind(shop, li, "spend")

    people = shown(shop, li, "people")
    assert [row["row"] for row in people["rows"]] == ["li"]
    assert (people["total"], people["stores"]) == (None, [])
    assert behind(shop, li, "booked", "people", row="li") == ["b1", "b2", "b4"]
    for row in (None, "wu", "nobody"):
        with pytest.raises(Forbidden):
            behind(shop, li, "booked", "people", row=row)


def test_a_role_that_is_not_listed_sees_no_report(shop: Shop) -> None:
    with pytest.raises(Forbidden, match="Daily figures"):
        shown(shop, AUDIT)
    names = [each["report"] for each in listed(shop.node, AUDIT, shop.node.catalog.plugin("club"))]
    assert names == ["callers"]


def test_who_may_see_a_report_is_asked_of_the_database_itself_and_never_of_a_replica(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replica may still hold a post that was taken away a moment ago."""
    looked: list[str] = []
    real = shop.node.database.survey
    monkeypatch.setattr(shop.node.database, "survey", lambda: looked.append("replica") or real())

    assert shown(shop, BOSS)["total"]["booked"] == 4
    assert looked == ["replica"]
    with pytest.raises(Forbidden):
        shown(shop, AUDIT)
    assert looked == ["replica"]


def test_rows_of_a_masked_field_are_kept_from_who_sees_the_mask(shop: Shop) -> None:
    assert [row["row"] for row in shown(shop, BOSS, "callers")["rows"]] == ["13800001111"]
    told = shown(shop, AUDIT, "callers")
    assert (told["rows"], told["total"]) == ([], {"calls": 4})


def test_other_stores_are_none_of_a_stores_business(shop: Shop) -> None:
    put(shop, "x1", store="0020", booker="ou")

    assert shown(shop, BOSS)["total"]["booked"] == 4
    with pytest.raises(NotFound):
        shown(shop, BOSS, store="0020")
    assert "x1" not in behind(shop, BOSS, "booked")


def test_headquarters_sees_each_store_and_the_chain_under_each_stores_own_settings(shop: Shop) -> None:
    shop.hire("ou", "desk", store="0020")
    put(shop, "x1", store="0020", booker="ou", spend=Decimal(600), state="arrived")
    shop.put("setting", "s1", store="0020", plugin="club", name="big", value='"500"')

    told = shown(shop, HQ)

    assert [(each["store"], each["figures"]["booked"], each["figures"]["big"]) for each in told["stores"]] == [
        ("0020", 1, 1),
        ("0755", 4, 2),
    ]
    assert (told["total"]["booked"], told["total"]["spend"], told["total"]["mean"]) == (5, "3600.00", "900.00")
    assert told["total"]["rate"] == "0.8000"
    assert shown(shop, HQ, store="0020")["total"]["booked"] == 1
    assert behind(shop, HQ, "big") == ["b2", "b3", "x1"]
    assert behind(shop, HQ, "big", store="0020") == ["x1"]
    assert [row["row"] for row in shown(shop, HQ, "people")["rows"]] == ["li", "wu", "ou"]


def test_a_figure_without_its_setting_says_so_and_is_no_zero(shop: Shop) -> None:
    shop.put("setting", "s1", plugin="club", name="big", value=None)

    told = shown(shop, BOSS)

    assert told["total"]["big"] is None
    assert told["not_configured"] == ["big"]
    assert behind(shop, BOSS, "big") == []


def test_stores_that_agree_are_asked_together(shop: Shop) -> None:
    """A chain of many stores costs no more questions than one of two."""

    def questions(stores: int) -> int:
        for number in range(stores):
            shop.hire(f"p{stores}-{number}", "desk", store=f"{stores}{number:02}")
        asked: list[str] = []

        def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
            if "club_booking" in statement or "core_setting" in statement:
                asked.append(statement)

        engine = shop.node.database._reader
        event.listen(engine, "before_cursor_execute", note)
        shown(shop, HQ)
        event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    assert questions(2) == questions(12)
