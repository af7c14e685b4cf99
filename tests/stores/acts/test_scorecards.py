"""Scorecards by KA-28: rate, weight, cap, what does not apply, and what cannot be scored yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from core.language.expressions import Row
from core.model.errors import ActionRefused, NodeError
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts import scorecards
from stores.world import NodeWorld
from tests.stores.shop import Shop

PLUGIN = """
settings:
  visits: {type: int, default: 30, label: {en: Visits, zh: 拜访}}
  expansion: {type: int, default: 25, label: {en: Expansion, zh: 拓展}}
  deals: {type: int, default: 25, label: {en: Deals, zh: 成交}}
  daily: {type: int, default: 20, label: {en: Daily, zh: 日常}}
  goal: {type: int, default: 1, label: {en: Goal, zh: 目标}}
records:
  figure:
    label: {en: Figure, zh: 数据}
    fields:
      who: {type: ref, to: staff, label: {en: Who, zh: 谁}}
      day: {type: date, default: =today, label: {en: Day, zh: 日期}}
      kind: {type: text, label: {en: Kind, zh: 类别}}
      planned: {type: int, default: 0, label: {en: Planned, zh: 计划}}
      done: {type: int, default: 0, label: {en: Done, zh: 完成}}
    by: desk
    actions: {add: {from: new, ask: [who], label: {en: Add, zh: 新增}}}
scorecards:
  form:
    label: {en: Form A, zh: 考核表}
    every: {month: {for: staff, where: '"desk" in staff.roles'}}
    items:
      visits: {weight: =settings.visits, target: {sum: figure.planned, where: 'figure.who == staff and figure.kind == "visits" and figure.day in period'}, value: {sum: figure.done, where: 'figure.who == staff and figure.kind == "visits" and figure.day in period'}, label: {en: Visits, zh: 拜访}}
      expansion: {weight: =settings.expansion, target: {sum: figure.planned, where: 'figure.who == staff and figure.kind == "expansion"'}, value: {sum: figure.done, where: 'figure.who == staff and figure.kind == "expansion"'}, label: {en: Expansion, zh: 拓展}}
      deals: {weight: =settings.deals, empty: EMPTY, target: {sum: figure.planned, where: 'figure.who == staff and figure.kind == "deals" and figure.planned >= settings.goal'}, value: {sum: figure.done, where: 'figure.who == staff and figure.kind == "deals"'}, label: {en: Deals, zh: 成交}}
      daily: {weight: =settings.daily, by: boss, label: {en: Daily, zh: 日常}}
    bands: {good: 90, pass: 60, fail: 0}
    read: {boss: {}}
"""
S4 = {"visits": (20, 18), "expansion": (8, 10), "deals": (5, 4)}


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    return office(a_shop)


def office(a_shop: Callable[..., Shop], empty: str = "skip", plugin: str = PLUGIN) -> Shop:
    made: Shop = a_shop(plugin.replace("EMPTY", empty), now="2026-03-01 09:00")
    made.hire("an", "desk")
    made.hire("hu", "boss")
    made.open_periods()
    made.go("2026-03-31 18:00")
    return made


def enter(shop: Shop, figures: dict[str, tuple[int, int]], **more: object) -> None:
    for kind, (planned, done) in figures.items():
        shop.put(
            "figure", f"{kind}-{len(shop.rows('figure'))}", who="an", kind=kind, planned=planned, done=done, **more
        )


def card(shop: Shop) -> Row:
    return shop.rows("form")[0]


def score(shop: Shop, daily: object = 90) -> scorecards.Score:
    """Score the open card as the board shows it."""
    declared = shop.node.catalog.plugin("club").scorecards["form"]
    row = card(shop)
    row.values["mark_daily"] = daily
    with shop.node.database.read() as connection:
        world = NodeWorld(connection, shop.node, "club", shop.store)
        return scorecards.of_record(world, declared, row, world.env(row, shop.now, SYSTEM_ACTOR))


def scores(found: scorecards.Score) -> dict[str, str | None]:
    return {name: None if item.score is None else str(item.score) for name, item in found.items.items()}


def set_(shop: Shop, **values: str) -> None:
    for name, value in values.items():
        shop.do("setting.set", SYSTEM_ACTOR, plugin="club", name=name, value=value)


def test_ka_s4_a_rate_is_capped_at_one_and_the_scores_add_up(shop: Shop) -> None:
    enter(shop, S4)

    found = score(shop)

    assert scores(found) == {"visits": "27.00", "expansion": "25.00", "deals": "20.00", "daily": "18.00"}
    assert (found.total, found.band) == (Decimal("90.00"), "good")


def test_ka_s5_what_was_neither_planned_nor_done_spreads_its_weight(shop: Shop) -> None:
    enter(shop, {**S4, "deals": (0, 0)})

    found = score(shop)

    assert {name: str(item.weight) for name, item in found.items.items()} == {
        "visits": "40.00", "expansion": "33.33", "deals": "0", "daily": "26.67",
    }  # fmt: skip
    assert scores(found) == {"visits": "36.00", "expansion": "33.33", "deals": None, "daily": "24.00"}
    assert (found.total, found.items["deals"].applicable) == (Decimal("93.33"), False)


def test_spread_weights_stay_whole_whatever_rounding_leaves_over(shop: Shop) -> None:
    set_(shop, visits="20", expansion="20", deals="40", daily="20")
    enter(shop, {"visits": (1, 1), "expansion": (1, 1)})

    found = score(shop, 100)

    assert [str(found.items[name].weight) for name in ("visits", "expansion", "daily")] == ["33.34", "33.33", "33.33"]
    assert found.total == Decimal("100.00")


def test_more_than_was_planned_out_of_nothing_gives_the_full_weight(shop: Shop) -> None:
    enter(shop, {**S4, "deals": (0, 1)})

    assert score(shop).items["deals"].score == Decimal("25.00")


@pytest.mark.parametrize(("empty", "points"), [("zero", "0.00"), ("full", "25.00")])
def test_a_plugin_may_say_what_nothing_planned_means(a_shop: Callable[..., Shop], empty: str, points: str) -> None:
    shop = office(a_shop, empty)
    enter(shop, {**S4, "deals": (0, 0)})

    assert str(score(shop).items["deals"].score) == points


def test_less_than_nothing_done_counts_as_nothing(shop: Shop) -> None:
    enter(shop, {**S4, "deals": (5, -3)})

    assert score(shop).items["deals"].score == Decimal("0.00")


def test_only_the_period_counts(shop: Shop) -> None:
    enter(shop, S4)
    enter(shop, {"visits": (100, 0)}, day=date(2026, 2, 28))

    assert score(shop).items["visits"].target == Decimal(20)


def test_ka_s6_weights_that_do_not_add_up_give_no_score(shop: Shop) -> None:
    set_(shop, visits="25")
    enter(shop, S4)

    found = score(shop)

    assert (found.total, [p.code for p in found.problems]) == (None, ["weights-not-100"])
    with pytest.raises(ActionRefused, match="do not add up to 100"):
        shop.do("form.close", SYSTEM_ACTOR, card(shop).id)


def test_a_blank_weight_gives_no_score(shop: Shop) -> None:
    set_(shop, visits="null")

    found = score(shop)

    assert [p.code for p in found.problems] == ["weights-not-set"]
    given = {name: item.weight for name, item in found.items.items()}
    assert given.pop("visits") is None
    assert None not in given.values(), "those that are set stand in the card all the same"
    plugin = shop.node.catalog.plugin("club")
    settings = dict.fromkeys(plugin.settings, 25) | {"visits": None}
    assert scorecards.not_set(plugin.scorecards["form"], settings) == ["visits"]


def test_an_item_without_a_weight_gives_no_score(a_shop: Callable[..., Shop]) -> None:
    shop = office(a_shop, plugin=PLUGIN.replace("daily: {weight: =settings.daily, by", "daily: {by"))

    assert [p.code for p in score(shop).problems] == ["weights-not-set"]


def test_a_blank_target_takes_its_item_out_and_says_so(shop: Shop) -> None:
    set_(shop, goal="null")
    enter(shop, S4)

    found = score(shop)

    assert (found.items["deals"].applicable, found.total) == (False, Decimal("93.33"))
    told = scorecards.plain(found)["items"]["deals"]["problem"]  # type: ignore[index]
    assert told == {"en": "Deals is not configured", "zh": "成交未配置"}


def test_a_card_closes_once_everything_is_marked_and_keeps_its_figures(shop: Shop) -> None:
    enter(shop, S4)
    hu = shop.hire("bo", "boss")
    with pytest.raises(ActionRefused, match="Daily has not been marked"):
        shop.do("form.close", hu, card(shop).id)
    with pytest.raises(NodeError):
        shop.do("form.mark", hu, card(shop).id, mark_daily="101")

    shop.do("form.mark", hu, card(shop).id, mark_daily="90")
    shop.do("form.close", hu, card(shop).id)
    enter(shop, {"visits": (0, 2)})  # comes too late to change it

    closed = card(shop).values
    assert (closed["state"], closed["total"], closed["band"]) == ("closed", Decimal("90.00"), "good")
    assert closed["items"]["visits"] == {  # type: ignore[index]
        "target": "20", "value": "18", "rate": "0.9", "weight": "30", "score": "27", "applicable": True,
    }  # fmt: skip


def test_a_card_on_which_nothing_applies_closes_without_a_score(a_shop: Callable[..., Shop]) -> None:
    plugin = (
        PLUGIN.replace("EMPTY", "skip")
        .replace("daily: {weight: =settings.daily, by: boss,", "daily: {weight: =settings.daily, target: 0, value: 0,")
        .replace("read: {boss: {}}", "read: {boss: {}}")
    )
    shop: Shop = a_shop(plugin, now="2026-03-01 09:00")
    shop.hire("an", "desk")
    shop.open_periods()
    shop.go("2026-03-31 18:00")

    shop.do("form.close", SYSTEM_ACTOR, card(shop).id)

    assert (card(shop).values["state"], card(shop).values["total"], card(shop).values["band"]) == ("closed", None, None)


def test_a_band_is_the_highest_one_reached(shop: Shop) -> None:
    enter(shop, {"visits": (10, 6), "expansion": (10, 6), "deals": (10, 6)})

    assert (score(shop, 60).band, score(shop, 59).band) == ("pass", "fail")


LOCKED = PLUGIN.replace(
    "    bands:",
    """    lock: =end_of(nth_workday(self.period + 31d, 3))
    cap: 120
    bands:""",
).replace("by: boss,", "by: boss, parts: {team: {en: Team, zh: 协作}, care: {en: Care, zh: 维护}},")


def test_locked_figures_stay_whatever_the_records_say_later(a_shop: Callable[..., Shop]) -> None:
    shop = office(a_shop, plugin=LOCKED)
    enter(shop, S4)
    shop.go("2026-04-03 23:59")  # the third working day of April
    assert card(shop).values["state"] == "open"
    shop.go("2026-04-04 00:01")
    assert card(shop).values["state"] == "locked"
    enter(shop, {"visits": (0, 2)})  # entered too late to count

    hu = Actor("hu", shop.store, frozenset({"boss"}), "Hu")
    shop.do("form.mark", hu, card(shop).id, mark_daily_team=100, mark_daily_care=80)
    shop.do("form.close", hu, card(shop).id)

    closed = card(shop).values
    assert (closed["state"], closed["total"]) == ("closed", Decimal("95.00"))  # 27 + 30 (capped at 120 %) + 20 + 18
    assert closed["items"]["visits"]["value"] == "18"  # type: ignore[index]


def test_a_mark_stands_only_when_all_its_parts_do(a_shop: Callable[..., Shop]) -> None:
    shop = office(a_shop, plugin=LOCKED)
    enter(shop, S4)
    shop.go("2026-04-04 00:01")
    hu = Actor("hu", shop.store, frozenset({"boss"}), "Hu")
    shop.do("form.mark", hu, card(shop).id, mark_daily_team=100)

    with pytest.raises(ActionRefused) as refused:
        shop.do("form.close", hu, card(shop).id)
    assert [problem.code for problem in refused.value.problems] == ["no-mark"]
