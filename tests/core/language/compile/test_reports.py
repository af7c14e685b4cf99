"""Reports: what may be counted, grouped and worked out, told where it is written."""

from __future__ import annotations

from core.language.manifest import json_schema
from tests.core.language.bench import Faults, Load

VISITS = """
records:
  site: {label: {en: Site, zh: 工地}, fields: {name: {type: text, label: {en: N, zh: 名}}, kind: {type: enum, of: {flat: {en: Flat, zh: 公寓}, house: {en: House, zh: 别墅}}, label: {en: K, zh: 类}}}}
  visit:
    label: {en: Visit, zh: 拜访}
    fields:
      owner: {type: ref, to: staff, label: {en: O, zh: 人}}
      site:  {type: ref, to: site, label: {en: S, zh: 工地}}
      day:   {type: date, default: =today, label: {en: D, zh: 日}}
      cost:  {type: money, label: {en: C, zh: 费用}}
      tags:  {type: list, of: text, label: {en: T, zh: 标签}}
      lasted: {type: duration, label: {en: L, zh: 时长}}
"""


def test_a_report_has_figures_counted_grouped_and_worked_out(load: Load) -> None:
    report = load(
        VISITS
        + """
reports:
  weekly:
    label: {en: Weekly, zh: 周报}
    every: week
    due: '=end_of(period.end)'
    figures:
      visits: {count: visit, where: visit.day in period, by: site.kind, label: {en: Visits, zh: 拜访数}}
      cost:   {sum: visit.cost, where: visit.day in period, label: {en: Cost, zh: 费用}}
      each:   {value: =cost / visits, unit: CNY, label: {en: Each, zh: 每次}}
      double: {value: =2 * each, label: {en: Twice, zh: 两倍}}
    read: {chief: {}, desk: {hide: cost}}
"""
    ).reports["weekly"]

    visits, double = report.figures["visits"], report.figures["double"]
    assert report.period == "week"
    assert visits.group is not None
    assert visits.group.text == "visit.site.kind"
    assert double.parts == {"each", "cost", "visits"}, "what it is worked out from, all the way down"
    assert report.read is not None
    assert report.read["desk"].hide == {"cost"}


def test_what_does_not_fit_is_told_where_it_stands(faults: Faults) -> None:
    faults(
        VISITS
        + """
reports:
  wrong:
    label: {en: Wrong, zh: 错误}
    every: {month: {for: staff, where: 'holds_role(staff, "desk")'}}
    figures:
      a: {count: visits, label: {en: A, zh: 甲}}  # <- unknown-record
      b: {count: visit, sum: visit.cost, label: {en: B, zh: 乙}}  # <- bad-figure
      c: {label: {en: C, zh: 丙}}  # <- bad-figure
      d: {count: visit, by: site, label: {en: D, zh: 丁}}  # <- wrong-kind
      e: {count: visit, by: ower, label: {en: E, zh: 戊}}  # <- unknown-field
      f: {sum: visit.lasted, label: {en: F, zh: 己}}  # <- wrong-kind
      g: {value: =h * 2, label: {en: G, zh: 庚}}  # <- unknown-name
      h: {value: =1, by: owner, label: {en: H, zh: 辛}}  # <- needless-key
      today: {count: visit, label: {en: T, zh: 今}}  # <- reserved-name
    due: =period.end  # <- wrong-kind
    read: {boss: {}, desk: {hide: z, where: staff.nme == me}}  # <- unknown-role unknown-figure unknown-field
  grouped:
    label: {en: Grouped, zh: 分组}
    every: day
    figures: {a: {count: visit, by: tags, label: {en: A, zh: 甲}}}  # <- wrong-kind
    read: {desk: {where: me != null}}  # <- no-rows
"""
    )


def test_the_schema_knows_both_ways_to_say_every() -> None:
    schema = json_schema()["$defs"]["ReportShape"]["properties"]["every"]
    assert {each["type"] for each in schema["anyOf"]} == {"string", "object"}


def test_who_is_told_that_a_report_is_due_can_read_it(faults: Faults) -> None:
    faults(
        VISITS
        + """
reports:
  weekly:
    label: {en: Weekly, zh: 周报}
    every: week
    tell: [chief]  # <- no-due
    figures: {visits: {count: visit, where: visit.day in period, label: {en: Visits, zh: 拜访数}}}
  monthly:
    label: {en: Monthly, zh: 月报}
    every: month
    due: '=end_of(period.end)'
    tell: [chief, desk, nobody]  # <- told-unread unknown-role
    figures: {visits: {count: visit, where: visit.day in period, label: {en: Visits, zh: 拜访数}}}
    read: {chief: {}}
"""
    )


def test_a_deadline_of_which_nobody_hears_is_warned_of(faults: Faults) -> None:
    faults(
        VISITS
        + """
reports:
  weekly:
    label: {en: Weekly, zh: 周报}
    every: week
    due: '=end_of(period.end)'  # ~ tells-nobody
    figures: {visits: {count: visit, where: visit.day in period, label: {en: Visits, zh: 拜访数}}}
"""
    )
