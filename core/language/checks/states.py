"""States: every one can be reached, and a running timer's state can be left."""

from __future__ import annotations

from collections.abc import Iterator

from core.language.checks.inspection import Inspection
from core.language.checks.outcomes import states_in
from core.language.compile.drafts import Blueprint
from core.language.definition import Action, RecordType, Timer
from core.language.expressions import Expression
from core.language.outcomes import Create, Outcome
from core.model.errors import Text


def check_states(inspection: Inspection) -> None:
    """Find states nobody can reach, states with a timer nobody can leave, and births without a state."""
    for plan, record in inspection.written():
        if not plan.draft.states:
            continue
        _check_births(inspection, plan, record)
        if plan.target is None:
            _check_reached(inspection, plan, record)
            _check_left(inspection, plan, record)


def reachable(inspection: Inspection, record: RecordType) -> set[str]:
    """Return the states a record can get into."""
    reached = set(_first_states(inspection, record)) or {next(iter(record.states))}
    moves = [*_moves(record), *_moved_by_others(inspection, record)]
    while True:
        more = {
            to for sources, to in moves if (reached if sources is None else sources & reached) and to not in reached
        }
        if not more:
            return reached
        reached |= more


def _first_states(inspection: Inspection, record: RecordType) -> Iterator[str]:
    for action in record.actions.values():
        if action.new:
            yield from (outcome.to for outcome in action.outcomes if outcome.to)
    if record.every is not None:
        yield next(iter(record.states))
    for other in inspection.compiled.values():
        for action in other.actions.values():
            for outcome in action.outcomes:
                yield from (made.state for made in _made(outcome) if made.record == record.key and made.state)


def _made(outcome: Outcome) -> tuple[Create, ...]:
    return (*outcome.create, *([outcome.instead] if outcome.instead else []))


def _moves(record: RecordType) -> Iterator[tuple[frozenset[str] | None, str]]:
    for action in record.actions.values():
        for outcome in action.outcomes if not action.new else ():
            if outcome.to:
                yield _sources(action, outcome.when), outcome.to


def _moved_by_others(inspection: Inspection, record: RecordType) -> Iterator[tuple[frozenset[str] | None, str]]:
    for other in inspection.compiled.values():
        for action in other.actions.values():
            for outcome in action.outcomes:
                yield from ((None, one.to) for one in outcome.update if one.record == record.key and one.to)


def _sources(action: Action, when: object) -> frozenset[str] | None:
    limit = states_in(when.tree) if isinstance(when, Expression) else None
    if limit is None or action.sources is None:
        return action.sources if limit is None else limit
    return action.sources & limit


def _check_births(inspection: Inspection, plan: Blueprint, record: RecordType) -> None:
    for action in record.actions.values():
        if action.new and any(not (outcome.to or outcome.refuse or outcome.instead) for outcome in action.outcomes):
            inspection.shop.key_fault(
                "no-first-state",
                f"`{action.name}` creates a {plan.name} without a state",
                f"`{action.name}` 新建的 {plan.name} 没有状态",
                (*plan.path, "actions", action.name),
                Text("add `to: state`", "请补 `to: 状态`"),
            )


def _check_reached(inspection: Inspection, plan: Blueprint, record: RecordType) -> None:
    reached = reachable(inspection, record)
    for state in record.states:
        if state not in reached:
            inspection.shop.key_fault(
                "unreachable-state",
                f"no action leads to the state `{state}`",
                f"没有操作能进入状态 `{state}`",
                (*plan.path, "states", state),
                Text("let an action move `to` it, or remove it", "请让某个操作 `to` 该状态，或删除它"),
            )


def _check_left(inspection: Inspection, plan: Blueprint, record: RecordType) -> None:
    """A final state needs no way out. One in which a timer runs is not final: it must have one."""
    for timer in record.timers.values():
        for state in sorted(running_states(timer, record)):
            leads_out = any(
                (sources is None or state in sources) and to != state
                for sources, to in (*_moves(record), *_moved_by_others(inspection, record))
            ) or any(action.deletes for action in record.actions.values())
            if not leads_out and _moves_at_all(record, timer):
                inspection.shop.key_fault(
                    "trapped-state",
                    f"a timer runs in the state `{state}`, but no action leads out of it",
                    f"状态 `{state}` 中有定时器运行，但没有操作能离开该状态",
                    (*plan.path, "states", state),
                    Text(f"let `{timer.then}` start from it", f"请让 `{timer.then}` 可以从该状态开始"),
                )


def _moves_at_all(record: RecordType, timer: Timer) -> bool:
    action = record.actions.get(timer.then)
    return action is not None and any(outcome.to for outcome in action.outcomes)


def running_states(timer: Timer, record: RecordType) -> frozenset[str]:
    """Return the states in which a timer runs: those its `while` names, else all of them."""
    limit = states_in(timer.running.tree) if isinstance(timer.running, Expression) else None
    return frozenset(record.states) if limit is None else limit & frozenset(record.states)
