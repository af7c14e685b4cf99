"""Timers: a state that waits for a timer must not wait for ever."""

from __future__ import annotations

from collections.abc import Iterator

from core.language.checks.inspection import Inspection
from core.language.checks.states import running_states
from core.language.compile.drafts import Blueprint
from core.language.definition import Action, RecordType, Timer
from core.language.expressions import Cases, Expression, Formula, Literal
from core.language.expressions.guards import path_of
from core.language.expressions.tree import Call, Choose, Compare, Constant, FieldOf, Logic, Node, Not, Part, children
from core.language.source import KeyPath
from core.model.errors import Text


def check_timers(inspection: Inspection) -> None:
    """Find timers that may never be armed, and timers whose action does not start from their state."""
    for plan, record in inspection.written():
        actions = {**(plan.target.actions if plan.target else {}), **record.actions}
        for timer in record.timers.values():
            action = actions.get(timer.then)
            if action is None:
                continue
            _check_start(inspection, plan, record, timer, action)
            if any(outcome.to for outcome in action.outcomes):
                _check_armed(inspection, plan, record, timer)


def may_lack(due: Formula) -> tuple[str, ...]:
    """Return what a due may want: fields that can be empty, or "" when no row may match. Nothing: it is sure.

    A last row that says ``is: null`` is meant: the author has seen that there is no due.
    """
    if isinstance(due, Cases):
        rows = [lack for row in due.rows for lack in (() if isinstance(row.is_, Literal) else may_lack(row.is_))]
        return tuple(rows) if any(row.when is None for row in due.rows) else (*rows, "")
    if isinstance(due, Expression):
        return tuple(dict.fromkeys(_lacks(due.tree)))
    return ("",) if due.may_be_empty and not isinstance(due, Literal) else ()


def _check_armed(inspection: Inspection, plan: Blueprint, record: RecordType, timer: Timer) -> None:
    lacks = may_lack(timer.due)
    if not lacks or _another_ends_it(record, timer):
        return
    path: KeyPath = (*plan.path, "timers", timer.name, "due")
    where = ", ".join(sorted(running_states(timer, record))) or plan.name
    fields = ", ".join(lack for lack in lacks if lack)
    en, zh = (f"when {fields} is empty", f"当 {fields} 为空时") if fields else ("when no row fits", "当没有匹配的行时")
    inspection.shop.fault(
        "may-last-for-ever",
        f"{where} may last for ever {en}: the timer is then not armed",
        f"{zh}定时器不会启动，{where} 可能永远持续",
        path,
        Text(
            "add a last row without `when` (`is: null` if no end is meant)",
            "请加一行不带 `when` 的默认值（若确实无期限，写 `is: null`）",
        ),
    )


def _another_ends_it(record: RecordType, timer: Timer) -> bool:
    """Whether in every state of this timer another one is sure to fire."""
    others = [other for other in record.timers.values() if other.name != timer.name and not may_lack(other.due)]
    covered = frozenset[str]().union(*(running_states(other, record) for other in others))
    return bool(record.states) and running_states(timer, record) <= covered


def _check_start(inspection: Inspection, plan: Blueprint, record: RecordType, timer: Timer, action: Action) -> None:
    if action.sources is None or not record.states:
        return
    missing = sorted(running_states(timer, record) - action.sources)
    if missing:
        inspection.shop.fault(
            "timer-does-not-fit",
            f"the timer runs in {', '.join(missing)}, but `{timer.then}` does not start from there",
            f"定时器在 {'、'.join(missing)} 中运行，但 `{timer.then}` 不能从该状态开始",
            (*plan.path, "timers", timer.name, "then"),
            Text("narrow `while`, or add the state to `from`", "请缩小 `while` 的范围，或在 `from` 中加上该状态"),
        )


def _lacks(node: Node) -> Iterator[str]:
    """Yield the paths without which the expression has no value. Settings are not among them (C-11)."""
    if isinstance(node, Compare | Logic | Not):
        return
    if isinstance(node, Constant):
        if node.value is None:
            yield ""
    elif isinstance(node, Choose):
        yield from _lacks(node.yes)
        yield from _lacks(node.no)
    elif isinstance(node, Call):
        sees = node.function is not None and node.function.nulls == "see"
        if sees or not node.args:
            if node.may_be_empty:
                yield node.name + "()"
            return
        for argument in node.args:
            yield from _lacks(argument)
    elif isinstance(node, FieldOf | Part):
        if node.may_be_empty:
            yield path_of(node) or node.name
    else:
        for child in children(node):
            yield from _lacks(child)
