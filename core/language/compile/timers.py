"""Timers and exclusive keys: what the home node keeps an eye on."""

from __future__ import annotations

from core.language.compile.drafts import Blueprint
from core.language.compile.typed import duration
from core.language.compile.values import condition, fills, formula
from core.language.compile.workshop import Workshop, text_of
from core.language.definition import SYSTEM, Action, Exclusive, Remind, Timer
from core.language.expressions import Expression
from core.language.manifest.records import TimerShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import DATETIME, record_kind


def compile_timers(shop: Workshop, plan: Blueprint, actions: dict[str, Action]) -> dict[str, Timer]:
    """Return the timers of one record."""
    found = {}
    for name, shape in plan.shape.timers.items():
        path = (*plan.path, "timers", name)
        if timer := _timer(shop, plan, name, shape, path):
            found[name] = timer
        _check_then(shop, plan, shape.then, actions, (*path, "then"))
    return found


def compile_exclusive(shop: Workshop, plan: Blueprint) -> dict[str, Exclusive]:
    """Return the keys that may stand only once."""
    found = {}
    scope = shop.scope({"self": record_kind(plan.draft.key)}, own="self")
    for name, shape in plan.shape.exclusive.items():
        path = (*plan.path, "exclusive", name)
        for index, field in enumerate(shape.key):
            shop.known(
                field,
                (*plan.draft.stored, "store"),
                Text(f"field of {plan.name}", f"{plan.name} 字段"),
                (*path, "key", index),
                "unknown-field",
            )
        running = condition(shop, shape.while_, (*path, "while"), scope)
        if running is not None:
            place = shop.root.key_place(path)
            filled = fills(shop, shape.message, (*path, "message"), scope)
            found[name] = Exclusive(
                name, tuple(shape.key), running, text_of(shape.message), tuple(shape.cite), place, filled
            )
    return found


def _timer(shop: Workshop, plan: Blueprint, name: str, shape: TimerShape, path: KeyPath) -> Timer | None:
    scope = shop.scope({"self": record_kind(plan.draft.key)}, own="self", empty=["me"])
    running = condition(shop, shape.while_, (*path, "while"), scope)
    given = [running] if isinstance(running, Expression) else []
    due = formula(shop, shape.due, (*path, "due"), scope, expect=DATETIME, given=given)
    reminds = []
    for index, remind in enumerate(shape.remind):
        here = (*path, "remind", index)
        shop.known(remind.notice, shop.reach.notices, Text("notice", "通知"), (*here, "notice"), "unknown-notice")
        if before := duration(shop, remind.before, (*here, "before")):
            reminds.append(Remind(before, remind.notice))
    if running is None or due is None:
        return None
    label = text_of(shape.label) if shape.label else None
    return Timer(name, running, due, shape.then, shop.root.key_place(path), tuple(reminds), tuple(shape.cite), label)


def _check_then(shop: Workshop, plan: Blueprint, then: str, actions: dict[str, Action], path: KeyPath) -> None:
    """A timer's action exists, may be done by the system and asks nobody anything."""
    others = plan.target.actions if plan.target else {}
    if not shop.known(
        then, {**others, **actions}, Text(f"action of {plan.name}", f"{plan.name} 操作"), path, "unknown-action"
    ):
        return
    action = {**others, **actions}[then]
    if SYSTEM not in action.by:
        shop.fault(
            "timer-needs-system",
            f"the timer runs `{then}`, which the system may not do",
            f"定时器要执行 `{then}`，但系统无权执行",
            path,
            Text(f"add `by: system` to `{then}`", f"请给 `{then}` 加上 `by: system`"),
        )
    if action.new:
        shop.fault(
            "timer-creates",
            f"`{then}` creates a record; a timer acts on its own",
            f"`{then}` 会新建记录；定时器只作用于本记录",
            path,
        )
    if any(ask.spec.required and ask.field is None for ask in action.ask):
        shop.fault(
            "timer-asks",
            f"`{then}` asks for input; nobody is there to answer",
            f"`{then}` 需要填写，但定时器无人填写",
            path,
        )
