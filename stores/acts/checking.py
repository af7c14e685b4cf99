"""Whether an action may go on: the rules of its checks, the node's own, and those of plugins in Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.exc import SQLAlchemyError

from core.language.definition import SYSTEM, Check
from core.language.expressions import EmptyValue
from core.model.errors import ActionRefused, NodeError, Problem, Text
from stores import posts
from stores.acts import configuring, effects, posting, telling
from stores.acts.citing import rules_of
from stores.acts.figures import inactive, inactive_below
from stores.acts.fitting import fitting
from stores.acts.work import Work
from stores.node import SETTING

_PLAIN = (NodeError, SQLAlchemyError)  # what a hook says on purpose, and what the database says


def check(work: Work) -> None:
    """Refuse the action unless every declared check, the kernel's own and the hooks' let it through."""
    check_those(work, work.action.checks, asked_of_kernel(work) + _asked_of_hooks(work))


def check_those(work: Work, checks: Sequence[Check], more: Sequence[Problem] = ()) -> None:
    """Refuse what breaks a rule; what only earns a warning goes on with a reason. The system gives none."""
    problems = [problem for check in checks if (problem := _failed(work, check))] + list(more)
    errors = [p for p in problems if p.level == "error"]
    warned = [p for p in problems if p.level == "warn"]
    if errors:
        raise ActionRefused(tuple(errors))
    if warned and work.call.actor.id != SYSTEM and not (work.call.reason or "").strip():
        fix = Text("send a reason to go on", "如需继续，请填写理由")
        raise ActionRefused(tuple(replace(p, fix=p.fix or fix) for p in warned))
    work.warnings = warned


def asked_of_kernel(work: Work) -> list[Problem]:
    """Return what the node itself has against the action, whatever the plugin says."""
    if work.record.key == SETTING:
        return configuring.problems(work)
    return posting.problems(work) if work.record.key in {posts.STAFF, posts.ASSIGNMENT} else []


def let_hooks_apply(work: Work) -> None:
    """Let plugins in Python add to what the action does; one that breaks refuses it."""
    if not work.node.host.hears("apply_action"):
        return
    try:
        work.node.host.hooks.apply_action(ctx=effects.HookContext(work))
    except _PLAIN:
        raise
    except Exception as error:
        raise _hook_failed(error) from error
    for name in work.record.stored:
        work.draft.values[name] = fitting(work.record, name, work.draft.values.get(name))


def _failed(work: Work, check: Check) -> Problem | None:
    if inactive(check.rule, work.env):
        return None
    try:
        if check.rule(work.env):
            return None
    except EmptyValue:  # a rule about an empty field does not hold: never silently true
        if inactive_below(work.world, check.rule):
            return None
    message, broken = telling.told(work, check.message, check.fills), rules_of(work, check.cite, work.action.cite)
    return Problem(check.name, message, level=check.level, rules=broken)


def _asked_of_hooks(work: Work) -> list[Problem]:
    if not work.node.host.hears("check_action"):
        return []
    context = effects.HookContext(work)
    try:
        answers: Sequence[Sequence[Problem]] = work.node.host.hooks.check_action(ctx=context)
    except _PLAIN:
        raise
    except Exception as error:
        raise _hook_failed(error) from error
    return [problem for answer in answers for problem in answer or ()]


def _hook_failed(error: Exception) -> ActionRefused:
    """Return what a failing hook means to the person: the action is refused (fail closed)."""
    what = Text(f"a plugin's hook failed: {error}", f"插件钩子出错：{error}")
    fix = Text("tell the administrator; nothing was saved", "请联系管理员；未保存任何内容")
    return ActionRefused((Problem("hook-failed", what, fix=fix),))
