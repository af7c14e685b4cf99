from core.model.errors import Text
from tests.core.language.bench import Faults, Load

VISIT = """
records:
  visit:
    label: {en: Visit, zh: 拜访}
    fields:
      owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}
      day:   {type: date, default: =today, label: {en: Day, zh: 日期}}
      cost:  {type: money, default: 0, label: {en: Cost, zh: 费用}}
    by: desk
    actions: {log: {from: new, ask: [owner, day, cost], label: {en: Log, zh: 登记}}}
views:
"""


def test_a_view_is_plain_data_with_compiled_conditions(load: Load) -> None:
    view = load(
        VISIT
        + """
  mine: {kind: list, of: visit, where: self.owner == me, columns: [day, owner.name], sort: -day, excel: {export: chief, import: log}, label: {en: Mine, zh: 我的}}
"""
    ).views["mine"]
    assert view["of"] == "shop.visit"
    assert view["columns"] == ("day", "owner.name")
    assert view["excel"] == {"export": ("chief",), "import": "log"}
    assert getattr(view["where"], "own", None) == "self"


def test_what_a_view_shows_must_exist(faults: Faults) -> None:
    faults(
        VISIT
        + """
  a: {kind: lst, of: visit, label: {en: A, zh: 甲}}  # <- unknown-view-kind
  b: {kind: list, of: vist, label: {en: B, zh: 乙}}  # <- unknown-record
  c: {kind: list, of: visit, columns: [dya], sort: [-dey], label: {en: C, zh: 丙}}  # <- unknown-field
  d: {kind: list, of: visit, columns: [owner.nmae, day.year], label: {en: D, zh: 丁}}  # <- unknown-field
  e: {kind: list, of: visit, excel: {export: cheif, import: lgo}, label: {en: E, zh: 戊}}  # <- unknown-role unknown-action
  f: {kind: list, of: visit, where: self.dya == today, label: {en: F, zh: 己}}  # <- unknown-field
  g: {kind: form, of: visit, sections: [{fields: [dya]}], label: {en: G, zh: 庚}}  # <- unknown-field
"""
    )


def test_each_kind_of_view_has_its_own_keys(faults: Faults) -> None:
    faults(
        VISIT
        + """
  a: {kind: calendar, of: visit, label: {en: A, zh: 甲}}  # <- missing-key
  b: {kind: list, label: {en: B, zh: 乙}}  # <- missing-key
  c: {kind: list, of: visit, date: day, label: {en: C, zh: 丙}}  # <- needless-key
"""
    )


def test_a_printed_sheet_has_sections_and_lines_to_sign(load: Load, faults: Faults) -> None:
    view = load(
        VISIT
        + """
  sheet: {kind: print, of: visit, sections: [{fields: [day], when: has(self.day)}], sign: [{en: Owner, zh: 负责人}], label: {en: Sheet, zh: 单据}}
"""
    ).views["sheet"]
    assert view["sign"] == (Text("Owner", "负责人"),)
    assert view["sections"][0]["fields"] == ("day",)  # type: ignore[index]
    faults(
        VISIT
        + """
  a: {kind: print, of: visit, label: {en: A, zh: 甲}}  # <- missing-key
  b: {kind: list, of: visit, sign: [{en: B, zh: 乙}], label: {en: B, zh: 乙}}  # <- needless-key
"""
    )


TWICE = (
    VISIT.replace("views:\n", "")
    + """
  again:
    label: {en: Again, zh: 重复}
    fields:
      visit: {type: ref, to: visit, label: {en: Known, zh: 已有}}
      cost:  {type: money, label: {en: Cost, zh: 费用}}
      taken: {type: list, of: {type: enum, of: {cost: {en: Cost, zh: 费用}}}, label: {en: Taken, zh: 采用}}
      other: {type: list, of: {type: enum, of: {day: {en: Day, zh: 日期}}}, label: {en: Other, zh: 其他}}
    by: desk
    actions: {find: {from: new, ask: [visit, cost], label: {en: Find, zh: 发现}}}
views:
"""
)


def test_a_pair_is_set_against_what_its_ref_points_to(load: Load, faults: Faults) -> None:
    view = load(
        TWICE
        + """
  twice: {kind: pairs, of: again, against: visit, compare: {cost: cost}, take: taken, label: {en: Twice, zh: 重复}}
"""
    ).views["twice"]
    assert (view["against"], view["compare"], view["take"]) == ("visit", {"cost": "cost"}, "taken")
    faults(
        TWICE
        + """
  a: {kind: pairs, of: again, against: visit, label: {en: A, zh: 甲}}  # <- missing-key
  b: {kind: pairs, of: again, against: cost, compare: {cost: cost}, label: {en: B, zh: 乙}}  # <- not-a-ref
  c: {kind: pairs, of: again, against: visit, compare: {cots: cost}, label: {en: C, zh: 丙}}  # <- unknown-field
  d: {kind: pairs, of: again, against: visit, compare: {cost: cots}, label: {en: D, zh: 丁}}  # <- unknown-field
  e: {kind: pairs, of: again, against: visit, compare: {cost: cost}, take: other, label: {en: E, zh: 戊}}  # <- bad-take
  f: {kind: pairs, of: again, against: visit, compare: {cost: cost}, take: cost, label: {en: F, zh: 己}}  # <- bad-take
  g: {kind: list, of: again, against: visit, label: {en: G, zh: 庚}}  # <- needless-key
"""
    )


def test_tiles_show_scorecards_or_figures(faults: Faults) -> None:
    faults(
        VISIT
        + """
  board:
    kind: dashboard
    label: {en: Board, zh: 看板}
    tiles:
      - {sum: visit.cost, by: owner, where: visit.day == today}
      - {scorecard: montly}  # <- unknown-scorecard
      - {count: vist}  # <- unknown-record
      - {sum: visit.csot}  # <- unknown-field
      - {label: {en: Empty, zh: 空}}  # <- bad-tile
      - {count: visit, by: onwer}  # <- unknown-field
"""
    )


def test_beside_a_row_of_a_timeline_stands_what_its_record_says(faults: Faults) -> None:
    faults(
        VISIT
        + """
  a: {kind: timeline, of: visit, rows: owner, span: [day], columns: [owner.name], label: {en: A, zh: 甲}}
  b: {kind: timeline, of: visit, rows: owner, span: [day], columns: [cost], label: {en: B, zh: 乙}}  # <- not-of-the-row
"""
    )
