"""Which columns deserve an index: what the rules themselves look records up by, both columns at once where they do."""

from __future__ import annotations

from collections.abc import Callable

from stores.storage.indexes import index_columns
from tests.stores.shop import Shop

PLUGIN = """
records:
  visit:
    label: {en: Visit, zh: 拜访}
    fields:
      owner: {type: ref, to: staff, label: {en: Owner, zh: 专员}}
      day:   {type: date, default: =today, label: {en: Day, zh: 日期}}
      ended: {type: datetime, label: {en: Ended, zh: 结束}}
      kind:  {type: text, label: {en: Kind, zh: 类别}}
    by: desk
    actions: {log: {from: new, ask: [owner, day, kind, ended], label: {en: Log, zh: 登记}}}
scorecards:
  monthly:
    label: {en: Monthly, zh: 月度}
    every: {month: {for: staff}}
    items: {visits: {weight: 100, target: 4, label: {en: Visits, zh: 拜访}, value: {count: visit, where: visit.owner == staff and visit.day in period}}}
reports:
  month:
    label: {en: Month, zh: 月报}
    every: month
    figures:
      visits: {count: visit, where: visit.day in period, label: {en: Visits, zh: 拜访}}
      late:   {count: visit, where: 'visit.kind == "x" and (visit.ended > now or visit.ended < now)', label: {en: Late, zh: 迟}}
"""


def test_a_persons_month_and_a_stores_month_are_found_by_both_columns(a_shop: Callable[..., Shop]) -> None:
    columns = index_columns(a_shop(PLUGIN).node.catalog)["club.visit"]

    assert ("owner", "day") in columns
    assert ("_store", "day") in columns
    assert ("owner",) not in columns, "what another index begins with needs none of its own"
    assert not [pair for pair in columns if "ended" in pair and len(pair) > 1], "either side of an `or` is no stretch"
