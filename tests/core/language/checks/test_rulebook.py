from tests.core.language.bench import Faults

RULES = """
rules:
  R-1: {mark: S, en: A., zh: 甲。}
  R-2: {mark: F, en: B., zh: 乙。}  # ~ rule-not-proved
  R-3: {mark: S, en: C., zh: 丙。}  # ~ rule-not-carried-out
  R-4: {mark: D, en: D., zh: 丁。}
  R-5: {mark: S, en: E., zh: 戊。}
  R-6: {mark: S, en: F., zh: 己。, also: core:records.duty.actions.sign_in}
settings:
  one: {type: int, default: 1, cite: R-1, label: {en: One, zh: 一}}
  two: {type: int, default: 2, cite: R-2, label: {en: Two, zh: 二}}
records:
  order:
    label: {en: Order, zh: 订单}
    fields: {n: {type: int, value: =settings.one + settings.two, label: {en: N, zh: 数}}}
    by: desk
    actions: {open: {from: new, label: {en: Open, zh: 开}}}
guidance:
  greet: {label: {en: Greet, zh: 问候}, at: role:desk, text: {en: Say hello., zh: 问好。}, cite: R-5}
scenarios:
  first: {cite: [R-1, R-6], given: {now: "2026-01-01 10:00"}, then: settings.one == 1}
"""


def test_what_stands_in_the_source_is_carried_out_and_proved(faults: Faults) -> None:
    assert [problem.code for problem in faults(RULES)] == ["rule-not-proved", "rule-not-carried-out"]


def test_a_place_in_another_plugin_is_really_there(faults: Faults) -> None:
    faults("""
rules:
  R-1: {mark: S, en: A., zh: 甲。, also: core:records.duty.actions.sing_in}  # <- no-such-place
  R-2: {mark: S, en: A., zh: 甲。, also: croe:records.duty}  # <- unknown-plugin
""")
