from tests.core.language.bench import Faults, Load

SHOP = """
records:
  order:
    label: {en: Order, zh: 订单}
    fields: {n: {type: int, default: 0, label: {en: N, zh: 数}}}
    states: {fresh: {en: New, zh: 新}, old: {en: Old, zh: 旧}}
    by: desk
    actions:
      open: {from: new, to: fresh, label: {en: Open, zh: 开}}
      close: {from: fresh, to: old, label: {en: Close, zh: 关}}
      age: {to: old, by: system, label: {en: Age, zh: 老化}}
views:
  all: {kind: list, of: order, columns: [n], label: {en: All, zh: 全部}}
"""


def test_a_duty_stands_at_records_actions_roles_and_views(load: Load) -> None:
    plugin = load(f"""{SHOP}
guidance:
  polite:
    cite: HR-9
    label: {{en: Courtesy, zh: 礼貌}}
    at: [order, order.open, role:desk, view:all]
    text: {{en: Greet first., zh: 先问好。}}
  dress: {{label: {{en: Dress, zh: 着装}}, at: role:desk, items: [{{en: Badge, zh: 工牌}}, {{en: Tie, zh: 领带}}]}}
""")
    polite, dress = plugin.guidance.values()
    assert [(p.record, p.action, p.role, p.view) for p in polite.at] == [
        ("shop.order", None, None, None),
        ("shop.order", "open", None, None),
        (None, None, "desk", None),
        (None, None, None, "all"),
    ]
    assert polite.text is not None
    assert polite.text.zh == "先问好。"
    assert [item.en for item in dress.items] == ["Badge", "Tie"]
    assert [(one.number, one.where) for one in plugin.citations] == [("HR-9", "guidance.polite")]


def test_the_place_must_be_there_and_somebody_must_see_it(faults: Faults) -> None:
    problems = faults(f"""{SHOP}
guidance:
  one:
    label: {{en: One, zh: 一}}
    text: {{en: One., zh: 一。}}
    at:
    - orderr  # <- unknown-record
    - order.opne  # <- unknown-action
    - role:dsk  # <- unknown-role
    - view:al  # <- unknown-view
    - order.age  # <- guidance-unseen
""")
    assert [problem.fix.en for problem in problems[:4] if problem.fix] == [
        "did you mean `order`?",
        "did you mean `open`?",
        "did you mean `desk`?",
        "did you mean `all`?",
    ]


def test_it_says_one_text_or_a_list_and_stands_somewhere(faults: Faults) -> None:
    faults("""
guidance:
  none: {label: {en: One, zh: 一}, at: role:desk}  # <- text-or-items
  both: {label: {en: One, zh: 一}, at: role:desk, text: {en: A, zh: 甲}, items: [{en: A, zh: 甲}]}  # <- text-or-items
  unnamed: {at: role:desk, text: {en: A, zh: 甲}}  # <- label-missing
""")
    faults("guidance: {lost: {label: {en: One, zh: 一}, at: [], text: {en: A, zh: 甲}}}  # <- wrong-shape")


def test_no_record_may_hide_the_address_of_the_guidance(faults: Faults) -> None:
    faults("records: {guidance: {label: {en: G, zh: 引}, by: desk, actions: {a: {from: new}}}}  # <- reserved-name")
