"""Changing other records: what is refused when the plugin is loaded."""

from __future__ import annotations

from tests.core.language.bench import Faults, Load

TASKS = """
ledgers: {points: {account: staff, unit: point, label: {en: Points, zh: 分}}}
records:
  job:
    label: {en: Job, zh: 工作}
    fields: {size: {type: int, label: {en: Size, zh: 大小}}}
    states: {todo: {en: To do, zh: 待办}, done: {en: Done, zh: 完成}}
    by: desk
    actions: {add: {from: new, to: todo, ask: [size], label: {en: Add, zh: 新增}}}
  day:
    label: {en: Day, zh: 日}
    fields: {limit: {type: int, label: {en: Limit, zh: 上限}}}
    by: desk
    actions:
      close:
        label: {en: Close, zh: 结束}
"""


def test_a_state_that_only_others_move_a_record_to_is_reached(load: Load) -> None:
    plugin = load(TASKS + "        update: {job: {where: job.size <= self.limit, to: done}}\n")
    (update,) = plugin.records["day"].actions["close"].outcomes[0].update
    assert (update.record, update.to, update.query.text) == (
        "shop.job",
        "done",
        "count job where job.size <= self.limit",
    )
    assert plugin.records["day"].actions["close"].decisive


def test_what_core_keeps_is_changed_by_its_own_actions_only(faults: Faults) -> None:
    faults(
        TASKS
        + """
        update:
          job: {where: true, to: done}
          staff: {where: true, set: {active: false}}  # <- updates-core
"""
    )


def test_unknown_names_are_told(faults: Faults) -> None:
    faults(
        TASKS
        + """
        update:
          job:
            - {where: job.size == 1, to: dome}        # <- unknown-state
            - {where: job.sise == 1, to: done}        # <- unknown-field
            - {where: true, set: {state: done}}       # <- sets-state
        void: {point: {where: true}}                  # <- unknown-ledger
"""
    )


def test_a_ledger_keeps_what_every_entry_has(faults: Faults) -> None:
    faults("""
ledgers:
  points:
    account: staff
    unit: point
    label: {en: Points, zh: 分}
    fields:
      amount: {type: int, label: {en: Amount, zh: 数}}  # <- defined-twice
""")
