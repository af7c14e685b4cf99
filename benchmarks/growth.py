"""How lists, timers, scorecards and reports grow with what a store has on file: the same questions at each size.

A month of fifty specialists with two thousand visits is always the same; what grows is everything around it. What stays
flat is answered from indexes; the ratio to the smallest size says so, whatever the machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median

from benchmarks import workbench
from core.language.expressions import Row
from stores import rows
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts import firing, scorecards, timers
from stores.acts.act import act
from stores.acts.calls import Call
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.reads import records
from stores.reads.reports import show_report
from stores.world import NodeWorld

SPECIALISTS = 50
VISITS = 2_000  # of the month that is scored
BATCH = 2_000
TIMES = 15
SIZES = (2_000, 10_000, 100_000, 1_000_000)
MONTH = date(2026, 2, 1)
PLUGIN = """
plugin: visits
version: 1.0.0
label: {en: Visits, zh: 拜访}
roles: {specialist: {label: {en: Specialist, zh: 专员}}, chief: {label: {en: Chief, zh: 经理}}}
records:
  visit:
    label: {en: Visit, zh: 拜访}
    fields:
      owner: {type: ref, to: staff, required: true, label: {en: Owner, zh: 专员}}
      day:   {type: date, default: =today, label: {en: Day, zh: 日期}}
      kind:  {type: enum, of: {regular: {en: Regular, zh: 常规}, expansion: {en: Expansion, zh: 拓展}, deal: {en: Deal, zh: 成交}}, label: {en: Kind, zh: 类别}}
      cost:  {type: money, label: {en: Cost, zh: 费用}}
      due_at: {type: datetime, label: {en: Due, zh: 期限}}
    states: {planned: {en: Planned, zh: 计划}, done: {en: Done, zh: 完成}, missed: {en: Missed, zh: 未完成}}
    by: [specialist, chief]
    actions:
      plan: {from: new, to: planned, ask: [owner, day, kind, cost, due_at], label: {en: Plan, zh: 计划}}
      finish: {from: planned, to: done, label: {en: Finish, zh: 完成}}
      miss: {from: planned, to: missed, by: system, label: {en: Missed, zh: 未完成}}
    timers: {due: {while: self.state == "planned", due: [{when: has(self.due_at), is: =self.due_at}, {is: null}], then: miss}}
    sync: {scope: store, home: store}
scorecards:
  monthly:
    label: {en: Monthly, zh: 月度考核}
    every: {month: {for: staff, where: '"specialist" in staff.roles'}}
    items:
      visits: {weight: 40, target: 40, label: {en: Visits, zh: 拜访}, value: {count: visit, where: 'visit.owner == staff and visit.day in period and visit.state == "done"'}}
      expansion: {weight: 30, target: {count: visit, where: 'visit.owner == staff and visit.day in period and visit.kind == "expansion"'}, label: {en: Expansion, zh: 拓展},
                  value: {count: visit, where: 'visit.owner == staff and visit.day in period and visit.kind == "expansion" and visit.state == "done"'}}
      cost: {weight: 30, target: 4000, label: {en: Cost, zh: 费用}, value: {sum: visit.cost, where: visit.owner == staff and visit.day in period}}
    read: {chief: {}}
reports:
  month:
    label: {en: Month, zh: 月报}
    every: {month: {for: staff, where: '"specialist" in staff.roles'}}
    figures:
      planned: {count: visit, where: visit.day in period, by: owner, label: {en: Planned, zh: 计划}}
      done:    {count: visit, where: 'visit.day in period and visit.state == "done"', by: owner, label: {en: Done, zh: 完成}}
      rate:    {value: =done / planned, unit: percent, label: {en: Rate, zh: 完成率}}
      cost:    {sum: visit.cost, where: visit.day in period, by: owner, label: {en: Cost, zh: 费用}}
    read: {chief: {}}
"""  # noqa: E501 - YAML

CHIEF = Actor("chief", "s001", frozenset({"chief"}), "chief")


def run(sizes: list[int]) -> Iterator[tuple[str, str]]:
    """Ask the same at every size and yield the figures, each with its ratio to the smallest size."""
    first: dict[str, float] = {}
    with workbench.folder() as path:
        (path / "plugins" / "visits").mkdir()
        (path / "plugins" / "visits" / "plugin.yaml").write_text(PLUGIN, encoding="utf-8")
        node = workbench.open_node(path, "s001", "http://127.0.0.1:1")
        staff = _hire(node)
        _fill(node, staff, MONTH, VISITS, 0)
        held = VISITS
        for size in sorted(sizes):
            _fill(node, staff, MONTH - timedelta(days=1), max(0, size - held), held)
            held = max(held, size)
            for label, ask in _questions(node, staff, path):
                took = median(_cpu_seconds(ask) for _ in range(TIMES))
                ratio = took / first.setdefault(label, took)
                yield f"{label}, {held:,} records", f"{took * 1000:.1f} ms  x{ratio:.1f}"
        node.database.close()


def _cpu_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of ``work``: it swings less with the neighbours on the machine."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _questions(node: Node, staff: list[str], _path: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    record = node.catalog.record("visits", "visit")
    plugin = node.catalog.plugin("visits")
    owner = staff[7]
    newest = {"limit": 50}
    yield "a page of the list, newest first", lambda: records.query(node, CHIEF, record, **newest)  # type: ignore[arg-type]
    yield (
        "a page of one owner's visits by day",
        lambda: records.query(node, CHIEF, record, where=[("owner", "eq", owner)], sort=["-day"], limit=50),
    )
    yield "one action with its timer", lambda: _plan(node, owner)
    yield "one timer that fires", lambda: _fire(node, owner)
    yield f"a month of {SPECIALISTS} specialists and {VISITS:,} visits scored", lambda: _score(node, staff)
    report = plugin.reports["month"]
    yield "the report of that month, by person", lambda: show_report(node, CHIEF, plugin, report, MONTH)


def _hire(node: Node) -> list[str]:
    record = node.catalog.records["core.staff"]
    ids = [node.new_id() for _ in range(SPECIALISTS)]
    people = [{"name": f"专员{n}", "roles": ["specialist"], "active": True} for n in range(SPECIALISTS)]
    edits = [
        Edit(record, id, node.store, "create", rows.to_cells(record, each))
        for id, each in zip(ids, people, strict=True)
    ]
    with node.database.write() as connection:
        commit(connection, node, Deed(node.new_id(), "", "system", node.now()), edits)
    return ids


def _fill(node: Node, staff: list[str], last: date, count: int, begin: int) -> None:
    """Put visits on file as they would be: by the log, every tenth of them still planned with its timer armed.

    Those of the scored month lie in it; the others in the two thousand days before.
    """
    record = node.catalog.record("visits", "visit")
    far = datetime(2030, 1, 1, tzinfo=UTC)
    for start in range(begin, begin + count, BATCH):
        edits = []
        for n in range(start, min(start + BATCH, begin + count)):
            day = MONTH + timedelta(days=n % 28) if last == MONTH else last - timedelta(days=n % 2_000)
            planned = n % 10 == 0
            values = {
                "owner": staff[n % SPECIALISTS],
                "day": day,
                "kind": ("regular", "expansion", "deal")[n % 3],
                "cost": Decimal(n % 300),
                "state": "planned" if planned else "done",
                "due_at": far + timedelta(seconds=n) if planned else None,
            }
            edits.append(Edit(record, node.new_id(), node.store, "create", rows.to_cells(record, values)))
        with node.database.write() as connection:
            commit(connection, node, Deed(node.new_id(), "", "system", node.now()), edits)
            timers.rearm(
                connection, node, [(record.key, edit.id) for edit in edits if edit.values["state"] == "planned"]
            )


def _plan(node: Node, owner: str, due_at: str | None = None) -> str:
    ask = {
        "owner": owner,
        "day": "2025-01-02",
        "kind": "regular",
        "cost": "12.00",
        "due_at": due_at or "2031-01-01T08:00",
    }
    return act(node, Call(node.catalog.record("visits", "visit"), "plan", CHIEF, ask=ask)).id


def _fire(node: Node, owner: str) -> None:
    """Let one timer among all those armed fire; the action that arms it is not what is measured, but it is in it."""
    _plan(node, owner, (node.now() - timedelta(seconds=1)).isoformat())
    assert len(firing.fire_due(node)) == 1, "one timer is due"


def _score(node: Node, staff: list[str]) -> None:
    card = node.catalog.plugin("visits").scorecards["monthly"]
    with node.database.read() as connection:
        world = NodeWorld(connection, node, "visits", node.store)
        period = world.calendar().period("month", MONTH)
        env = world.env(None, node.now(), SYSTEM_ACTOR)
        for id in staff:
            subject = world.row("core.staff", id)
            assert isinstance(subject, Row)
            assert scorecards.compute(card, subject, period, {}, env).total is not None
