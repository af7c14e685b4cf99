"""A report that falls due tells those who answer for it: once per period, after a power cut too, where they work."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions import Row
from stores.actor import SYSTEM_ACTOR
from stores.acts import deadlines
from tests.stores.shop import Shop

PLUGIN = """
settings:
  by: {type: time, default: "10:00", label: {en: By, zh: 时刻}}
  day: {type: int, default: null, label: {en: Working day, zh: 工作日}}
records:
  plan:
    label: {en: Plan, zh: 计划}
    fields: {day: {type: date, default: =today, label: {en: Day, zh: 日}}}
    by: desk
    actions: {write: {from: new, label: {en: Write, zh: 提交}}}
    sync: {scope: store, home: store}
reports:
  daily:
    label: {en: Daily, zh: 日报}
    every: day
    due: '=at(period.end + 1d, settings.by)'
    tell: [boss]
    figures: {plans: {count: plan, where: plan.day in period, label: {en: Plans, zh: 计划数}}}
    read: {boss: {}, desk: {}}
  monthly:
    label: {en: Monthly, zh: 月报}
    every: month
    due: '=end_of(nth_workday(period.end + 1d, settings.day))'
    tell: [boss, audit]
    figures: {plans: {count: plan, where: plan.day in period, label: {en: Plans, zh: 计划数}}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN, now="2026-03-07 08:00")
    made.hire("hu", "boss")
    arm(made)
    return made


def arm(shop: Shop) -> None:
    with shop.node.database.write() as connection:
        deadlines.arm(connection, shop.node)


def set_to(shop: Shop, name: str, value: str) -> None:
    shop.do("setting.set", SYSTEM_ACTOR, plugin="club", name=name, value=value)
    shop.go(shop.now.strftime("%Y-%m-%d %H:%M:%S"))


def told(shop: Shop, report: str = "daily") -> list[Row]:
    return shop.notices(f"reports.{report}")


def days(shop: Shop, report: str = "daily") -> list[str]:
    return sorted(str(row.values["about_id"]) for row in told(shop, report))


def test_when_a_report_is_due_those_who_answer_for_it_are_told_and_once(shop: Shop) -> None:
    shop.go("2026-03-07 09:59:59")
    assert told(shop) == []
    shop.go("2026-03-07 10:00")
    (notice,) = told(shop)
    assert notice.values["roles"] == ["boss"]
    assert notice.values["zh"] == "日报（2026-03-06）已到报送时间，请核对后报送"
    assert notice.values["en"] == "Daily, 2026-03-06: due now; look it over and hand it on"
    assert (notice.values["about_type"], notice.values["about_id"]) == ("club.reports.daily", "2026-03-06")

    arm(shop)
    shop.go("2026-03-09 09:00")

    assert days(shop) == ["2026-03-06", "2026-03-07"]


def test_after_days_without_power_only_the_last_that_fell_due_is_told(shop: Shop) -> None:
    shop.go("2026-03-12 11:00", stop=False)

    assert days(shop) == ["2026-03-11"]


def test_a_node_that_is_made_anew_tells_nothing_twice(shop: Shop) -> None:
    shop.go("2026-03-07 10:00")
    shop.sql("DELETE FROM timer")
    shop.now = shop.now.replace(hour=9)
    arm(shop)
    shop.go("2026-03-07 11:00")

    assert days(shop) == ["2026-03-06"]


def test_where_nobody_has_the_post_nobody_is_told_and_a_post_without_anybody_is_left_out(shop: Shop) -> None:
    set_to(shop, "day", "3")
    shop.go("2026-04-30 09:00")
    assert [row.values["roles"] for row in told(shop, "monthly")] == [["boss"]]

    shop.sql("UPDATE core_staff SET roles = '[]'")
    shop.go("2026-05-02 09:00")

    assert days(shop)[-1] == "2026-04-28"


def test_a_deadline_moves_with_its_setting_both_ways_and_a_blank_figure_has_none(shop: Shop) -> None:
    set_to(shop, "by", '"14:00"')
    shop.go("2026-03-07 13:59")
    assert told(shop) == []
    set_to(shop, "by", '"13:30"')
    assert days(shop) == ["2026-03-06"], "earlier than now: at once"
    assert told(shop, "monthly") == []


def test_a_report_that_is_gone_from_the_plugin_leaves_no_timer(shop: Shop) -> None:
    names = [row["type"] for row in shop.timers()]
    assert names == ["report:club.daily", "report:club.monthly"]
    with shop.node.database.write() as connection:
        deadlines.arm(connection, shop.node, ["daily"])

    assert [row["type"] for row in shop.timers()] == ["report:club.daily"]
