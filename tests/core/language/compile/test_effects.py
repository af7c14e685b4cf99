from core.language.expressions import Literal
from tests.core.language.bench import Faults, Load

SITE = """
settings:
  calls: {type: list, default: [{stage: first, within: 15d}, {stage: half, within: 6mo}], label: {en: Calls, zh: 回访}}
ledgers:
  credit: {account: staff, unit: booking, label: {en: Credit, zh: 业绩}}
  fines:  {account: staff, unit: CNY, label: {en: Fines, zh: 罚款}}
records:
  check:
    label: {en: Check, zh: 验收}
    fields:
      site:  {type: ref, to: site, label: {en: Site, zh: 工地}}
      stage: {type: enum, of: {wiring: {en: Wiring, zh: 水电}, final: {en: Final, zh: 竣工}}, label: {en: Stage, zh: 工序}}
      order: {type: int, label: {en: Order, zh: 顺序}}
      day:   {type: date, label: {en: Day, zh: 日期}}
    states: {todo: {en: To do, zh: 待办}, passed: {en: Passed, zh: 通过}}
    by: desk
    actions: {pass: {from: todo, to: passed, label: {en: Pass, zh: 通过}}}
  site:
    label: {en: Site, zh: 工地}
    fields: {owner: {type: ref, to: staff, label: {en: Owner, zh: 负责人}}}
    by: desk
    actions:
      start:
        from: new
"""


def test_each_goes_through_the_options_of_an_enum(load: Load) -> None:
    create = (
        load(
            SITE
            + """
        create: {check: {each: check.stage, with: {site: =self, stage: =item, order: =index}}}
"""
        )
        .records["site"]
        .actions["start"]
        .outcomes[0]
        .create[0]
    )
    assert isinstance(create.each, Literal)
    assert create.each.value == ["wiring", "final"]
    assert (create.record, create.state, set(create.values)) == ("shop.check", "todo", {"site", "stage", "order"})


def test_each_goes_through_a_list_of_a_setting_whose_parts_have_types(load: Load) -> None:
    create = (
        load(
            SITE
            + """
        create: {check: {each: settings.calls, with: {day: '=after(today, item.within)'}}}
"""
        )
        .records["site"]
        .actions["start"]
        .outcomes[0]
        .create[0]
    )
    assert create.each
    assert create.each.text == "settings.calls"


def test_each_needs_a_list_that_is_declared(faults: Faults) -> None:
    faults(
        SITE
        + """
        outcomes:
          - {when: has(self.owner), create: {check: {each: check.order}}}  # <- unknown-field
          - {create: {check: {each: today}}}  # <- wrong-kind
"""
    )


def test_a_created_record_gets_only_fields_it_has(faults: Faults) -> None:
    faults(
        SITE
        + """
        create:
          check:
            state: doing  # <- unknown-state
            with:
              sight: =self  # <- unknown-field
              site: =me  # <- wrong-kind
              stage: tiling  # <- bad-choice
"""
    )


def test_several_entries_of_one_ledger_are_a_list(load: Load) -> None:
    posts = (
        load(
            SITE
            + """
        post:
          credit: [{account: =self.owner, amount: 1}, {account: =me, amount: 2, why: {en: For {self.owner}, zh: 为}}]
          fines: {account: =self.owner, amount: -12.5}
""".replace("For {self.owner}", '"For {self.owner}"')
        )
        .records["site"]
        .actions["start"]
        .outcomes[0]
        .post
    )
    assert [post.ledger for post in posts] == ["credit", "credit", "fines"]
    assert posts[0].why.zh == "业绩"
    assert set(posts[1].fills) == {"self.owner"}


def test_an_entry_goes_to_an_account_of_the_ledger_and_is_a_number(faults: Faults) -> None:
    faults(
        SITE
        + """
        post:
          credit:
            account: =self  # <- wrong-kind
            amount: =today  # <- wrong-kind
"""
    )


def test_a_policy_picks_for_a_ref_to_its_candidates(faults: Faults) -> None:
    faults(
        """
dispatch: {turn: {of: staff, eligible: {here: {rule: staff.active}}, prefer: [{key: =staff.badge, label: {en: Badge, zh: 工号}}]}}
"""
        + SITE.lstrip()
        + """
        pick: {owner: turn}
  tour:
    label: {en: Tour, zh: 巡查}
    fields: {site: {type: ref, to: site, label: {en: Site, zh: 工地}}}
    by: desk
    actions: {plan: {from: new, pick: {site: turn}}}  # <- pick-mismatch
"""
    )


def test_what_is_offered_by_a_policy_is_a_ref_to_its_candidates_that_somebody_enters(faults: Faults) -> None:
    faults(
        """
dispatch: {turn: {of: staff, eligible: {here: {rule: staff.active}}, prefer: [{key: =staff.badge, label: {en: Badge, zh: 工号}}]}}
records:
  tour:
    label: {en: Tour, zh: 巡查}
    fields:
      guard: {type: ref, to: staff, offer: turn, label: {en: Guard, zh: 巡查人}}
      boss:  {type: ref, to: staff, offer: turns, label: {en: Boss, zh: 负责人}}  # <- unknown-policy
      before: {type: ref, to: tour, offer: turn, label: {en: Before, zh: 上一次}}  # <- offer-mismatch
      first: {type: ref, to: staff, offer: turn, value: =self.guard, label: {en: First, zh: 首位}}  # <- offer-mismatch
    by: desk
    actions: {plan: {from: new, ask: [guard, boss, before]}}
"""
    )
