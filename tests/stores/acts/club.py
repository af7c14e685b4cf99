"""The club that several tests of actions stand in, and what they do to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from core.model.errors import NodeError
from stores.actor import SYSTEM_ACTOR
from tests.stores.shop import Shop

PLUGIN = """
settings:
  cap: {type: money, default: null, label: {en: Cap, zh: 上限}}
  share: {type: decimal, digits: 2, default: null, label: {en: Share, zh: 比例}}
  fine: {type: money, default: null, label: {en: Fine, zh: 罚款}}
  hold: {type: duration, default: 20m, label: {en: Hold, zh: 保留}}
ledgers:
  credit: {account: staff, unit: CNY, label: {en: Credit, zh: 业绩}}
records:
  task:
    label: {en: Task, zh: 任务}
    fields: {about: {type: ref, to: booking, label: {en: About, zh: 关于}}, what: {type: text, label: {en: What, zh: 内容}}, tag: {type: text, unique: true, label: {en: Tag, zh: 标签}}}
    by: desk
    actions: {add: {from: new, ask: [what, about], label: {en: Add, zh: 新增}}}
  booking:
    label: {en: Booking, zh: 订房}
    number: "{store}-{seq:3}"
    fields:
      guest: {type: text, required: true, label: {en: Guest, zh: 客人}}
      room: {type: text, label: {en: Room, zh: 房间}}
      amount: {type: money, label: {en: Amount, zh: 金额}}
      third: {type: money, label: {en: Third, zh: 三分之一}}
      limit: {type: money, value: =settings.cap * 2, label: {en: Limit, zh: 限额}}
      paid_at: {type: datetime, label: {en: Paid at, zh: 付款时间}}
      by: {type: ref, to: staff, label: {en: By, zh: 经手}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 到房}, void: {en: Void, zh: 作废}}
    by: desk
    actions:
      book:
        from: new
        ask: [guest, room, amount]
        to: held
        checks:
          capped: {rule: self.amount <= settings.cap, message: {en: "{self.amount} is above {settings.cap}", zh: "{self.amount} 超过 {settings.cap}"}}
          twice: {rule: self.amount <= self.limit, message: {en: Above twice the cap, zh: 超过两倍上限}}
          roomy: {rule: has(self.room), level: warn, message: {en: No room yet, zh: 尚未给房}}
        set: {third: =self.amount / 3}
        label: {en: Book, zh: 订房}
      arrive:
        from: held
        to: seated
        ask: [{tip: {type: money, label: {en: Tip, zh: 小费}}}]
        set: {by: =me, amount: =self.amount * settings.share}
        post: {credit: [{account: =me, amount: 1}, {account: =me, amount: =settings.fine}]}
        create: {task: {with: {what: '="clean " + self.room', about: =self}}}
        notice: arrived
        label: {en: Arrive, zh: 到房}
      sort:
        from: held
        outcomes:
          - {when: self.amount > settings.cap, to: void}
          - {when: self.amount > 5000, refuse: {en: "{self.guest} owes too much", zh: "{self.guest} 欠款过多"}}
          - {when: self.amount > 0, to: seated}
        label: {en: Sort, zh: 分流}
      tag: {from: held, create: {task: {with: {what: x, tag: =self.guest}}}, label: {en: Tag, zh: 标记}}
      pay: {from: seated, set: {paid_at: =now}, label: {en: Pay, zh: 付款}}
      drop: {delete: true, label: {en: Delete, zh: 删除}}
      restore: {undelete: true, label: {en: Restore, zh: 恢复}}
      blow: {from: held, set: {amount: =self.amount * 999999999999999999}, label: {en: Blow up, zh: 放大}}
      sweep: {by: system, from: held, to: void, checks: {odd: {rule: has(self.paid_at), level: warn, message: {en: Unpaid, zh: 未付}}}, label: {en: Sweep, zh: 清理}}
notices:
  arrived: {to: [desk, =self.by], text: {en: "{self.guest} came at {now}", zh: "{self.guest} 于 {now} 到店"}}
"""
BOOKING = {"guest": "Chen", "room": "V8", "amount": "300"}


def codes(refusal: pytest.ExceptionInfo[NodeError]) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def configure(shop: Shop, **values: str) -> None:
    for name, value in values.items():
        shop.do("setting.set", SYSTEM_ACTOR, plugin="club", name=name, value=value)


class PowerCut(BaseException):
    """The plug is pulled: nothing in the program may catch it."""


def cut_at(shop: Shop, nth: int) -> Callable[[], None]:
    """Pull the plug before the ``nth`` statement of the writer; returns what puts it back."""
    left = [nth]

    def before(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise PowerCut

    engine = shop.node.database._writer
    event.listen(engine, "before_cursor_execute", before)
    return lambda: event.remove(engine, "before_cursor_execute", before)


def picture(shop: Shop) -> dict[str, list[Any]]:
    """Return everything the shop has, hidden columns and timers too."""
    names = [name for (name,) in shop.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [tuple(row) for row in shop.sql(f'SELECT * FROM "{name}"')] for name in sorted(names)}
