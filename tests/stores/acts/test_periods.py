"""Records that are made once per person and period: at its start, in order with all timers, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.model.errors import NodeError
from stores.acts import firing
from stores.storage.database import Busy
from tests.stores.acts.club import PowerCut, cut_at
from tests.stores.shop import Shop, local

PLUGIN = """
records:
  plan:
    label: {en: Plan, zh: 计划}
    every: {month: {for: staff, where: '"desk" in staff.roles', with: {owner: =staff, month: =period.start, size: '=size(staff.badge) + 1'}}}
    fields:
      owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}
      month: {type: date, label: {en: Month, zh: 月份}}
      size: {type: int, label: {en: Size, zh: 数量}}
    states: {open: {en: Open, zh: 待写}, late: {en: Late, zh: 逾期}}
    by: desk
    actions:
      write: {from: [open, late], to: open, label: {en: Write, zh: 提交}}
      slip: {from: open, to: late, by: system, label: {en: Slip, zh: 逾期}}
    timers:
      due: {while: self.state == "open", due: =end_of(self.month), then: slip}
    sync: {scope: store, home: HOME}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN.replace("HOME", "store"), now="2026-03-01 08:00")
    return made


def plans(shop: Shop) -> list[tuple[str, str, str]]:
    found = [(p.values["owner"], str(p.values["month"]), p.values["store"]) for p in shop.rows("plan")]
    return sorted(found)  # type: ignore[arg-type]


def test_everybody_the_rule_means_gets_a_plan_on_the_first_and_nobody_a_second(shop: Shop) -> None:
    shop.hire("li", "desk")
    shop.hire("hu", "boss")
    shop.hire("wu", "desk", active=False)
    shop.open_periods()

    shop.go("2026-04-02 08:00")

    assert plans(shop) == [("li", "2026-03-01", "0755"), ("li", "2026-04-01", "0755")]
    (line,) = [line for line in shop.log() if line.action == "club.plan.open" and line.at.startswith("2026-03-31")]
    assert line.facts == {
        "period": "2026-04-01",
        "version": "1.0.0",
    }  # 1 April in the shop is still 31 March in the log's time


def test_who_is_hired_in_the_month_gets_a_plan_the_same_day(shop: Shop) -> None:
    shop.open_periods()
    shop.go("2026-03-10 15:00")

    shop.do("staff.hire", shop.hire("admin", "store_admin"), name="Li", badge="7", roles=["desk"])
    shop.go("2026-03-10 15:01")

    (plan,) = shop.rows("plan")
    assert (str(plan.values["month"]), plan.values["size"]) == ("2026-03-01", 2)
    shop.go("2026-03-12 00:00")
    assert len(shop.rows("plan")) == 1


def test_who_joins_while_the_pc_was_off_does_not_make_it_skip_a_day(shop: Shop) -> None:
    shop.hire("li", "desk")
    shop.open_periods()
    shop.go("2026-03-30 08:00")

    shop.now = local("2026-04-02 08:00")
    shop.hire("wu", "desk")
    shop.go("2026-04-02 08:00")

    assert plans(shop) == [("li", "2026-03-01", "0755"), ("li", "2026-04-01", "0755"), ("wu", "2026-03-01", "0755"),
                           ("wu", "2026-04-01", "0755")]  # fmt: skip


def test_a_period_opens_before_the_timers_of_its_day_and_after_those_of_the_day_before(shop: Shop) -> None:
    shop.hire("li", "desk")
    shop.open_periods()

    shop.go("2026-04-02 08:00", stop=False)

    acts = [line.action.removeprefix("club.plan.") for line in shop.log() if line.type == "club.plan"]
    assert acts == ["open", "slip", "open", "slip"]


def test_a_deleted_plan_is_not_made_again(shop: Shop) -> None:
    shop.hire("li", "desk")
    shop.open_periods()
    shop.go("2026-03-01 09:00")
    shop.sql("UPDATE club_plan SET _life = 2")

    shop.go("2026-03-05 09:00")

    assert len(shop.rows("plan")) == 1


def test_where_headquarters_decides_it_opens_the_period_for_every_store(a_shop: Callable[..., Shop]) -> None:
    plugin = PLUGIN.replace("HOME", "hq")
    headquarters = a_shop(plugin, store="hq", now="2026-03-01 08:00")
    branch = a_shop(plugin, store="0755", upstream="https://hq", now="2026-03-01 08:00")
    for shop in (headquarters, branch):
        shop.hire("li", "desk", store="0755")
        shop.hire("qin", "desk", store="hq")
        shop.open_periods()
        shop.go("2026-03-01 09:00")

    assert plans(headquarters) == [("li", "2026-03-01", "0755"), ("qin", "2026-03-01", "hq")]
    assert (plans(branch), branch.timers()) == ([], [])


def test_what_a_rule_cannot_work_out_stays_empty(shop: Shop) -> None:
    shop.hire("li", "desk", badge="12")
    shop.open_periods()

    shop.go("2026-03-01 09:00")

    assert shop.rows("plan")[0].values["size"] == 3


def test_a_period_may_be_for_things_that_nobody_dismisses(a_shop: Callable[..., Shop]) -> None:
    shop = a_shop(
        """
records:
  room: {label: {en: Room, zh: 房间}, fields: {name: {type: text, label: {en: Name, zh: 名称}}}, by: desk, actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}}}
  check:
    label: {en: Check, zh: 检查}
    every: {day: {for: room, with: {room: =room}}}
    fields: {room: {type: ref, to: room, label: {en: Room, zh: 房间}}}
    by: desk
    actions: {note: {ask: [room], label: {en: Note, zh: 记录}}}
""",
        now="2026-03-01 08:00",
    )
    shop.put("room", "v8", name="V8")
    shop.open_periods()

    shop.go("2026-03-03 09:00")

    assert [row.values["room"] for row in shop.rows("check")] == ["v8"] * 3


def test_arming_again_changes_nothing_and_a_plugin_that_is_gone_takes_its_timer_along(shop: Shop) -> None:
    shop.open_periods()
    shop.go("2026-03-02 09:00")
    before = shop.timers()

    shop.open_periods()
    assert shop.timers() == before
    shop.sql(
        "INSERT INTO timer (type, pk, name, due, next_at, stage) VALUES ('every:club.gone', '0755', 'open', 'x', 'x', 0)"
    )
    shop.open_periods()

    assert shop.timers() == before


def test_a_period_of_a_plugin_that_is_gone_is_forgotten_when_it_comes_up(shop: Shop) -> None:
    shop.open_periods()
    shop.sql("UPDATE timer SET type = 'every:club.gone'")

    shop.go("2026-03-02 09:00")

    assert shop.timers() == []


def test_a_period_that_cannot_be_opened_is_noted_and_holds_nobody_up(shop: Shop, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise NodeError.of("broken", "no plan today", "今日无计划")

    shop.hire("li", "desk")
    shop.open_periods()
    with monkeypatch.context() as patch:
        patch.setattr("stores.acts.effects.new_row", refuse)
        shop.go("2026-03-01 09:00")
    with shop.node.database.read() as connection:
        ((type_, _, _, why),) = firing.faults(connection)
    assert (type_, "no plan today" in why) == ("every:club.plan", True)

    shop.go("2026-03-02 09:00")

    assert len(shop.rows("plan")) == 1
    with shop.node.database.read() as connection:
        assert list(firing.faults(connection)) == []


def test_a_busy_database_opens_the_period_later_today(shop: Shop, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise Busy(())

    shop.hire("li", "desk")
    shop.open_periods()
    with monkeypatch.context() as patch:
        patch.setattr("stores.acts.periods.open_period", refuse)
        with pytest.raises(Busy):
            shop.go("2026-03-01 09:00")

    shop.go("2026-03-01 09:00")

    assert len(shop.rows("plan")) == 1


def test_a_power_cut_while_a_period_opens_makes_all_plans_or_none_and_then_all(tmp_path: Path) -> None:
    shop = Shop(PLUGIN.replace("HOME", "store"), f"sqlite:///{tmp_path}/club.db", now="2026-03-01 08:00")
    for name in ("li", "wu", "he"):
        shop.hire(name, "desk")
    shop.open_periods()
    for nth in range(1, 200):
        mend = cut_at(shop, nth)
        try:
            firing.fire_due(shop.node)
        except PowerCut:
            shop.close()
            shop.open()
            assert len(shop.rows("plan")) in {0, 3}
            continue
        mend()
        break

    assert nth > 10
    assert len(shop.rows("plan")) == 3
    assert [timer["name"] for timer in shop.timers()] == ["due", "due", "due", "open"]
    shop.close()
