"""Timers follow the records they look at: children by their reference, parents by one's own, and further."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from stores.acts.following import Link, Step, links
from tests.stores.shop import Shop

PLUGIN = """
records:
  customer:
    label: {en: Customer, zh: 客户}
    fields:
      promised: {type: date, label: {en: Promised, zh: 承诺日}}
    by: desk
    actions: {add: {from: new, ask: [promised], label: {en: Add, zh: 新增}}, promise: {ask: [promised], label: {en: Promise, zh: 承诺}}}
  site:
    label: {en: Site, zh: 工地}
    fields:
      customer: {type: ref, to: customer, label: {en: Customer, zh: 客户}}
      start: {type: date, required: true, label: {en: Start, zh: 开工}}
      last: {type: date, value: {max: patrol.day, where: patrol.site == self}, label: {en: Last patrol, zh: 上次巡视}}
    by: desk
    actions:
      open: {from: new, ask: [customer, start], label: {en: Open, zh: 开工}}
      warn: {by: system, notice: overdue, label: {en: Warn, zh: 提醒}}
    timers:
      patrol: {while: has(self.start), due: [{when: has(self.last), is: =end_of(self.last + 5d)}, {is: =end_of(self.start + 5d)}], then: warn}
      promise: {while: has(self.customer.promised), due: =end_of(self.customer.promised), then: warn}
  account:
    label: {en: Account, zh: 客户}
    fields:
      code: {type: text, label: {en: Code, zh: 代码}}
      since: {type: date, label: {en: Since, zh: 登记日}}
      first: {type: date, value: {min: account.since, where: account.code == self.code}, label: {en: First, zh: 最早}}
    by: desk
    actions:
      enter: {from: new, ask: [code, since], label: {en: Enter, zh: 登记}}
      yield: {by: system, notice: overdue, label: {en: Yield, zh: 让出}}
    timers:
      second: {while: has(self.first) and has(self.since) and self.first < self.since, due: =end_of(self.since), then: yield}
  patrol:
    label: {en: Patrol, zh: 巡视}
    fields:
      site: {type: ref, to: site, required: true, label: {en: Site, zh: 工地}}
      day: {type: date, default: =today, label: {en: Day, zh: 日期}}
      found: {type: int, value: {count: patrol, where: patrol.site == self.site}, label: {en: Patrols, zh: 巡视数}}
    by: desk
    actions: {enter: {from: new, ask: [site, day], label: {en: Enter, zh: 登记}}}
notices:
  overdue: {to: [desk], text: {en: Overdue, zh: 逾期}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def due(shop: Shop) -> dict[str, str]:
    """Return when each timer is due, as the day on which its last instant falls in the branch."""
    return {t["name"]: t["due"][:10] for t in shop.timers() if t["due"]}


def test_a_patrol_moves_the_timer_of_its_site(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    site = shop.do("site.open", li, start="2026-03-07").id
    assert due(shop) == {"patrol": "2026-03-12"}

    shop.do("patrol.enter", li, site=site, day="2026-03-10")

    assert due(shop) == {"patrol": "2026-03-15"}


def test_a_change_of_the_customer_moves_the_timer_of_the_site(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    customer = shop.do("customer.add", li).id
    shop.do("site.open", li, customer=customer, start="2026-03-07")
    assert "promise" not in due(shop)

    shop.do("customer.promise", li, customer, promised="2026-03-20")
    assert due(shop)["promise"] == "2026-03-20"
    shop.do("customer.promise", li, customer, promised=None)
    assert "promise" not in due(shop)


def test_other_sites_are_left_alone(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    sites = [shop.do("site.open", li, start="2026-03-07").id for _ in range(2)]

    shop.do("patrol.enter", li, site=sites[0], day="2026-03-10")

    assert sorted(t["due"][:10] for t in shop.timers()) == ["2026-03-12", "2026-03-15"]


def test_the_ways_are_read_from_the_rules(shop: Shop) -> None:
    found = links(shop.node.catalog)

    assert found["club.patrol"] == (Link("club.site", (Step("club.patrol", "site", back=True),)),)
    assert found["club.customer"] == (Link("club.site", (Step("club.site", "customer", back=False),)),)


def test_an_earlier_record_of_the_same_code_is_noticed_by_the_later_one(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    shop.do("account.enter", li, code="91310000A", since="2026-04-05")
    shop.do("account.enter", li, code="91310000B", since="2026-04-05")
    assert due(shop) == {}

    shop.do("account.enter", li, code="91310000A", since="2026-04-02")

    assert [(t["name"], t["due"][:10]) for t in shop.timers() if t["due"]] == [("second", "2026-04-05")]
