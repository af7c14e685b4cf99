"""Who may act must see what he acts on: the record at all, and what stands in the fields that he is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.checks.inspection import Inspection
from core.language.definition import EVERYONE, SYSTEM, Action, ReadRule
from core.language.source import KeyPath
from core.model.errors import Text


def check_sight(inspection: Inspection) -> None:
    """Warn of roles that may act on a record that is there and read nothing of it, or not what they are asked for."""
    for plan, record in inspection.written():
        for action in record.actions.values() if record.read is not None else ():
            if not action.new and action.name in plan.shape.actions:
                _check(inspection, action, record.read or {}, (*plan.path, "actions", action.name))


def _check(inspection: Inspection, action: Action, read: Mapping[str, ReadRule], path: KeyPath) -> None:
    asked = [ask.field for ask in action.ask if ask.field]
    for role in action.by:
        rule = read.get(role) or read.get(EVERYONE)
        if role == SYSTEM:
            continue
        if rule is None:
            _unread(inspection, action, role, path)
        elif unseen := [name for name in asked if _closed(rule, name)]:
            _unseen(inspection, role, unseen, path)


def _closed(rule: ReadRule, name: str) -> bool:
    """Whether a field is never shown by a rule; one that may be revealed, and then stands in the log, is."""
    return name in rule.hide or (name in rule.mask and rule.mask[name] is None and not rule.reveal)


def _unread(inspection: Inspection, action: Action, role: str, path: KeyPath) -> None:
    inspection.shop.warn(
        "acts-unread",
        f"`{role}` may do `{action.name}` but reads nothing of the record: by this post nobody finds it",
        f"岗位 `{role}` 可以执行 `{action.name}`，却无权查看该记录：凭此岗位找不到它",
        path,
        Text("add the role under `read`, or take it out of `by`", "请在 `read` 中加上该岗位，或从 `by` 中去掉"),
    )


def _unseen(inspection: Inspection, role: str, names: list[str], path: KeyPath) -> None:
    told = ", ".join(f"`{name}`" for name in names)
    inspection.shop.warn(
        "asks-unseen",
        f"`{role}` is asked for {told} without seeing what stands there",
        f"要求岗位 `{role}` 填写 {told}，但该岗位看不到现有内容",
        path,
        Text("show it under `read`, or ask for it as a one-off input", "请在 `read` 中放开，或改为一次性输入"),
    )
