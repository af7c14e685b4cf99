"""``written_at`` is a name every record has: when it was last written, for rules, lists and totals alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stores.shop import Shop, local

PLUGIN = """
records:
  guest:
    label: {en: Guest, zh: 客人}
    fields:
      name:  {type: text, label: {en: Name, zh: 姓名}}
      fresh: {type: int, value: {count: guest, where: 'guest.written_at > datetime("2026-03-08 00:00")'}, label: {en: Fresh, zh: 新近}}
      last:  {type: datetime, value: {max: guest.written_at}, label: {en: Last, zh: 最近}}
    by: desk
    actions:
      add:  {from: new, ask: [name], checks: {new: {rule: not has(self.written_at), message: {en: Old, zh: 旧}}}, label: {en: Add, zh: 新增}}
      edit: {ask: [name], label: {en: Edit, zh: 修改}}
      flag: {by: system, notice: stale, label: {en: Flag, zh: 提醒}}
      show: {checks: {recent: {rule: self.fresh == 1 and self.last == self.written_at, message: {en: No, zh: 否}}}, label: {en: Show, zh: 显示}}
    timers:
      stale: {while: has(self.name), due: '=end_of(after(date(self.written_at), duration("30d")))', then: flag}
notices:
  stale: {to: [desk], text: {en: Stale, zh: 久未更新}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def test_a_field_only_edit_moves_the_timer_that_counts_from_the_last_change(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    guest = shop.do("guest.add", li, name="Chen").id
    assert shop.row("guest", guest)["written_at"] == local("2026-03-07 20:30")
    shop.now = local("2026-03-20 10:00")

    shop.do("guest.edit", li, guest, name="Cheng")

    assert shop.row("guest", guest)["written_at"] == local("2026-03-20 10:00")
    assert [timer["due"] for timer in shop.timers()] == ["2026-04-19T16:00:00.000Z"]
    shop.go("2026-04-20 00:00:01")
    assert len(shop.notices("stale")) == 1


def test_the_database_counts_by_it_too(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    shop.do("guest.add", li, name="Chen")
    shop.now = local("2026-03-08 10:00")
    guest = shop.do("guest.add", li, name="Wu").id

    shop.do("guest.show", li, guest)
