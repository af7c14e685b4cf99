from tests.core.language.bench import Load


def test_every_cited_rule_is_listed_with_the_place_that_carries_it_out(load: Load) -> None:
    rules = load("""
settings:
  cap: {type: int, default: 3, cite: HR-21, label: {en: Cap, zh: 上限}}
records:
  order:
    label: {en: Order, zh: 订单}
    cite: [HR-1, HR-2]
    fields: {n: {type: int, default: 0, cite: [HR-3], label: {en: N, zh: 数}}}
    by: desk
    actions:
      open:
        label: {en: Open, zh: 开}
        from: new
        checks: {few: {rule: self.n < settings.cap, cite: HR-4, message: {en: Too many, zh: 太多}}}
        outcomes: [{when: self.n > 1, cite: HR-5}, {}]
""").rules
    assert [(rule.number, rule.where) for rule in rules] == [
        ("HR-21", "settings.cap"),
        ("HR-1", "records.order"),
        ("HR-2", "records.order"),
        ("HR-3", "records.order.fields.n"),
        ("HR-4", "records.order.actions.open.checks.few"),
        ("HR-5", "records.order.actions.open.outcomes[0]"),
    ]
    assert rules[-1].place.line == 19
