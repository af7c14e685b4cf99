from tests.core.language.bench import Faults, Load

TURN = """
records:
  staff:
    fields: {rank: {type: int, label: {en: Rank, zh: 级别}}}
  project:
    label: {en: Project, zh: 项目}
    fields: {designer: {type: ref, to: staff, label: {en: Designer, zh: 设计师}}, size: {type: int, label: {en: Size, zh: 面积}}}
    by: desk
    actions: {propose: {from: new, pick: {designer: turn}, label: {en: Propose, zh: 提名}}}
dispatch:
  turn:
    of: staff
"""


def test_a_policy_says_who_is_eligible_and_who_comes_first(load: Load) -> None:
    turn = load(
        TURN
        + """
    eligible:
      a_designer: {rule: '"desk" in staff.roles'}
      senior: {rule: self.size < 100 or staff.rank > 3, message: {en: Too junior, zh: 级别不够}}
    prefer:
      - {key: '=on_duty(staff, today)', label: {en: On duty today, zh: 今日当班}}
      - {key: '=waiting_since(staff, "turn")', first: least, name: waiting, label: {en: Longest waiting, zh: 最久未派}}
"""
    ).dispatch["turn"]
    assert (turn.of, [check.name for check in turn.eligible]) == ("core.staff", ["a_designer", "senior"])
    assert [(key.name, key.least_first) for key in turn.prefer] == [("on_duty_today", False), ("waiting", True)]


def test_the_order_of_the_keys_can_be_a_setting_that_offers_only_keys(load: Load, faults: Faults) -> None:
    order = """
    order: =settings.turn_order{}
    prefer: [{{key: =staff.rank, name: rank, label: {{en: Rank, zh: 级别}}}}, {{key: =staff.badge, name: badge, label: {{en: Badge, zh: 工号}}}}]
settings:
  turn_order:
    type: list
    of: {{type: enum, of: {{rank: {{en: Rank, zh: 级别}}, {}: {{en: Badge, zh: 工号}}}}}}
    default: [rank]
    label: {{en: Order, zh: 顺序}}
"""
    turn = load(TURN + order.format("", "badge")).dispatch["turn"]
    assert turn.order is not None
    assert turn.order.text == "settings.turn_order"
    faults(TURN + order.format("  # <- unknown-key-name", "bagde"))


def test_names_in_a_policy_must_exist(faults: Faults) -> None:
    faults(
        TURN
        + """
    eligible:
      senior: {rule: staff.rnak > 3, message: {en: "{staff.rnk}", zh: 级别不够}}  # <- unknown-field
      large: {rule: self.sise > 3, message: {en: Small, zh: 小}}  # <- unknown-field
    prefer:
      - {key: =staff.roles, label: {en: Roles, zh: 岗位}}  # <- wrong-kind
      - {key: '=waiting_since(staff, "trun")', label: {en: Longest waiting, zh: 最久未派}}  # <- unknown-dispatch
  other: {of: stff}  # <- unknown-record
"""
    )


def test_a_policy_without_an_order_is_warned_of(faults: Faults) -> None:
    faults("""
dispatch:
  turn: {of: staff}  # ~ no-order
""")


def test_a_policy_knows_whether_its_order_depends_on_what_somebody_is_picked_for(load: Load) -> None:
    of_project = "eligible: {senior: {rule: self.size < 100, message: {en: Too large, zh: 面积过大}}}"
    by_count = "prefer: [{key: {count: project, where: project.size == self.size}, label: {en: Alike, zh: 同类}}]"
    by_badge = "prefer: [{key: =staff.badge, label: {en: Badge, zh: 工号}}]"

    found = [load(f"{TURN}    {rules}\n").dispatch["turn"].item for rules in (of_project, by_count, by_badge)]

    assert found == ["shop.project", "shop.project", None]
