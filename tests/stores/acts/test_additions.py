"""What a plugin adds to core's people works by that plugin's settings, notices and ledgers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.stores.shop import Shop

PLUGIN = """
settings:
  points: {type: int, default: 3, label: {en: Points, zh: 分值}}
  bonus:  {type: int, default: null, label: {en: Bonus, zh: 奖励}}
ledgers:
  score: {account: staff, unit: point, label: {en: Score, zh: 积分}}
notices:
  praised: {to: [=self], text: {en: "{self.name} was praised", zh: "{self.name} 受表扬"}}
records:
  staff:
    fields:
      praise: {type: int, default: 0, label: {en: Praise, zh: 表扬次数}}
      worth:  {type: int, value: '=coalesce(self.praise, 0) * settings.points', label: {en: Worth, zh: 分值}}
      extra:  {type: int, value: '=settings.bonus', label: {en: Extra, zh: 额外}}
    actions:
      commend:
        by: boss
        set: {praise: '=coalesce(self.praise, 0) + 1'}
        post: {score: {account: =self, amount: =settings.points}}
        notice: praised
        label: {en: Praise, zh: 表扬}
      check_worth: {by: boss, checks: {worth: {rule: self.worth >= settings.points, message: {en: Not yet, zh: 未达}}, extra: {rule: self.extra > 0, message: {en: No, zh: 否}}}, label: {en: Check, zh: 核对}}
  visit:
    label: {en: Visit, zh: 来访}
    fields:
      host:   {type: ref, to: staff, label: {en: Host, zh: 接待人}}
      worthy: {type: int, value: {count: staff, where: staff.worth >= 3}, label: {en: Worthy, zh: 达标人数}}
    by: desk
    actions: {come: {from: new, ask: [host], checks: {one: {rule: self.worthy == 1, message: {en: Nobody, zh: 无人}}}, label: {en: Come, zh: 来访}}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def test_an_added_action_posts_and_tells_by_its_own_plugin(shop: Shop) -> None:
    boss, li = shop.hire("boss", "boss"), shop.hire("li", "desk")

    shop.do("staff.commend", boss, li.id)

    assert shop.row("staff", li.id)["praise"] == 1
    assert [entry.values["amount"] for entry in shop.rows("score")] == [3]
    assert [notice.values["en"] for notice in shop.notices("praised")] == ["Li was praised"]


def test_an_added_computed_field_reads_its_own_settings_in_rules_and_in_the_database(shop: Shop) -> None:
    boss, li = shop.hire("boss", "boss"), shop.hire("li", "desk")
    shop.do("staff.commend", boss, li.id)

    shop.do("staff.check_worth", boss, li.id)  # `extra` needs a blank figure: that check does not apply
    shop.do("visit.come", li, host=li.id)
