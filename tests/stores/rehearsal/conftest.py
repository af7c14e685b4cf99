"""A small shop whose scenarios the tests write themselves: lockers that are rented, with a deposit and an hour's limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.host.host import Host
from stores.rehearsal import ZONE, Verdict, rehearse
from stores.rehearsal.cast import Cast
from stores.rehearsal.stage import Stage

PLUGIN = """\
plugin: lockers
version: 1.0.0
requires: {core: ^1}
label: {en: Lockers, zh: 储物柜}
settings:
  limit: {type: duration, default: 1h, max: 2h, label: {en: Limit, zh: 时限}}
  price: {type: money, default: 5, label: {en: Price, zh: 价格}}
calendar: {day_starts: "08:00", holidays: cn}
roles:
  desk:    {label: {en: Desk, zh: 前台}}
  chief:   {label: {en: Chief, zh: 主管}, deputy: stand_in}
  stand_in: {label: {en: Stand-in, zh: 代理}}
ledgers:
  deposits: {account: rental, unit: CNY, label: {en: Deposits, zh: 押金}}
records:
  locker:
    label: {en: Locker, zh: 柜}
    fields: {code: {type: text, required: true, label: {en: Code, zh: 编号}}}
    by: chief
    actions: {add: {from: new, ask: [code], label: {en: Add, zh: 新增}}}
  rental:
    label: {en: Rental, zh: 租用}
    number: "{store}-{seq:3}"
    fields:
      guest:  {type: text, required: true, label: {en: Guest, zh: 客人}}
      phone:  {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      locker: {type: ref, to: locker, label: {en: Locker, zh: 柜}}
      others: {type: list, of: text, label: {en: Others, zh: 同行}}
      from_at: {type: datetime, default: =now, label: {en: From, zh: 开始}}
      came_at: {type: datetime, label: {en: Came at, zh: 到达}}
      bag:
        type: map
        of: {seen_at: {type: datetime, label: {en: Seen at, zh: 查看时间}}, from: {type: ref, to: locker, label: {en: From, zh: 来自}}}
        label: {en: Bag, zh: 行李}
    states: {open: {en: Open, zh: 租用中}, over: {en: Over, zh: 超时}, done: {en: Done, zh: 结束}}
    by: desk
    actions:
      take:
        label: {en: Take, zh: 租用}
        from: new
        to: open
        ask: [guest, phone, locker, others, from_at, bag]
        checks:
          known: {rule: has(self.phone), level: warn, message: {en: No phone noted, zh: 未留电话}}
          named: {rule: self.guest != "Nobody", message: {en: Nobody is not a name, zh: 姓名无效}}
        post: {deposits: {account: =self, amount: =settings.price, why: {en: Deposit, zh: 押金}}}
      finish:
        label: {en: Finish, zh: 结束}
        from: [open, over]
        to: done
        notice: finished
      came:    {from: [open, over], at: 30m, to: open, set: {came_at: =now}, label: {en: Came back, zh: 返回}}
      reopen:  {from: done, to: open, by: chief, label: {en: Reopen, zh: 重开}}
      reset:   {from: over, to: open, by: chief, label: {en: Reset, zh: 重置}}
      scrap:   {from: done, confirm: [desk, chief], by: [desk, chief], set: {guest: Scrapped}, label: {en: Scrap, zh: 作废}}
      expire:  {from: open, to: over, by: system, label: {en: Expire, zh: 超时}}
    timers:
      limit: {while: 'self.state == "open" and not has(self.came_at)', due: =self.from_at + settings.limit,
              remind: [{before: 5m, notice: soon}], then: expire}
    read:
      desk: {}
      chief: {mask: [phone]}
      stand_in: {where: 'self.state == "done"', hide: [phone]}
  round:
    label: {en: Daily round, zh: 每日巡查}
    every: {day: {for: staff, where: '"desk" in staff.roles', with: {who: =staff}}}
    fields: {who: {type: ref, to: staff, label: {en: Who, zh: 人员}}}
    by: desk
    states: {todo: {en: To do, zh: 待办}, done: {en: Done, zh: 已办}}
    actions: {do: {from: todo, to: done, label: {en: Do, zh: 完成}}}
notices:
  soon: {to: [desk], text: {en: "{self.number} ends soon", zh: "{self.number} 即将到时"}}
  finished: {to: [desk], text: {en: Finished, zh: 已结束}}
reports:
  today:
    label: {en: Today, zh: 当日}
    every: day
    due: '=at(period.end, time("20:00"))'
    figures:
      rentals: {count: rental, where: rental.from_at in period, by: locker, label: {en: Rentals, zh: 租用}}
      busy:    {count: rental, where: rental.from_at in period and rental.state == "open", label: {en: Out now, zh: 在租}}
    read: {desk: {hide: [busy]}, chief: {}}
scorecards:
  month:
    label: {en: Month, zh: 月度考核}
    every: {month: {for: staff, where: '"desk" in staff.roles'}}
    items:
      rentals: {weight: 60, target: 2, value: {count: rental, where: rental.from_at in period}, label: {en: Rentals, zh: 租用}}
      manners: {weight: 40, by: chief, label: {en: Manners, zh: 服务态度}}
    bands: {good: 60, poor: 0}
samples:
  staff:
    dora: {name: Dora, roles: [desk]}
    carl: {name: Carl, roles: [chief]}
    sue:  {name: Sue, roles: [stand_in]}
    hana: {name: Hana, roles: [desk], store: hq}
  locker: {a1: {code: A1}, a2: {code: A2}}
  rental:
    gao: {guest: Gao, phone: "13800001111", locker: a1}
    ma:  {guest: Ma, phone: "13900002222", locker: locker.a2}
"""


@pytest.fixture
def play(tmp_path: Path) -> Callable[[str], Verdict]:
    """Play one scenario, written as in YAML, of the shop with the lockers; unless given, it is a Saturday morning."""

    def play_(scenario: str) -> Verdict:
        folder = tmp_path / "lockers"
        folder.mkdir(exist_ok=True)
        scenario = scenario.strip("\n")
        given = "" if scenario.startswith("given:") else 'given: {now: "2026-05-02 09:00", as: dora}\n'
        body = "\n".join("    " + line for line in (given + scenario).splitlines())
        (folder / "plugin.yaml").write_text(f"{PLUGIN}scenarios:\n  the_one:\n{body}\n", encoding="utf-8")
        host = Host([folder], entry_points=False, environment={})
        assert [problem.render() for fault in host.catalog.faults for problem in fault.problems] == []
        plugin = host.catalog.plugin("lockers")
        return rehearse(host, plugin, plugin.scenarios["the_one"])

    return play_


@pytest.fixture
def cast(tmp_path: Path) -> Iterator[Cast]:
    """The samples of that shop on an empty stage, for what a scenario that was checked could not write."""
    folder = tmp_path / "lockers"
    folder.mkdir()
    (folder / "plugin.yaml").write_text(PLUGIN, encoding="utf-8")
    host = Host([folder], entry_points=False, environment={})
    with Stage.opened(host, host.catalog.plugin("lockers"), "2026-05-02 09:00", ZONE, None) as stage:
        yield Cast(stage)
