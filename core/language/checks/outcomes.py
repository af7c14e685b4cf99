"""Outcomes: each must be able to happen, and none may hide another."""

from __future__ import annotations

from core.language.checks.inspection import Inspection
from core.language.compile.drafts import Blueprint
from core.language.definition import Action
from core.language.expressions import Expression, Formula, Literal
from core.language.expressions.tree import Compare, Constant, FieldOf, Logic, Name, Node
from core.language.source import KeyPath
from core.model.errors import Text


def check_outcomes(inspection: Inspection) -> None:
    """Find outcomes that hide later ones, that repeat, or that nothing can match."""
    for plan, record in inspection.written():
        for action in record.actions.values():
            _check(inspection, plan, action)


def _check(inspection: Inspection, plan: Blueprint, action: Action) -> None:
    shop, path = inspection.shop, (*plan.path, "actions", action.name, "outcomes")
    seen: set[str] = set()
    shapes = plan.shape.actions[action.name].outcomes or []
    for index, outcome in enumerate(action.outcomes if shapes else ()):
        here = (*path, index)
        written = shapes[index].when
        always = written is None or written is True
        if always and index < len(shapes) - 1:
            shop.fault(
                "hides-later-outcomes",
                "this outcome always happens: the ones below it never do",
                "此结果总会发生，其后的结果永远不会执行",
                here,
                Text("add `when`, or move it to the end", "请加 `when`，或移到最后"),
            )
        if isinstance(written, str):
            if written in seen:
                _never(inspection, here, "an outcome above has the same `when`", "上方已有相同的 `when`")
            seen.add(written)
        if never_true(outcome.when) or not _state_possible(outcome.when, action):
            _never(inspection, here, "its `when` is never true", "其 `when` 永远不成立")
    if shapes and shapes[-1].when is not None and shapes[-1].when is not True:
        shop.warn(
            "no-last-outcome",
            f"when no outcome matches, `{action.name}` is refused",
            f"没有匹配的结果时，`{action.name}` 会被拒绝",
            path,
            Text("end with an outcome without `when`", "请以没有 `when` 的结果结尾"),
        )


def _never(inspection: Inspection, path: KeyPath, en: str, zh: str) -> None:
    inspection.shop.fault(
        "never-matches",
        f"this outcome never happens: {en}",
        f"此结果永远不会发生：{zh}",
        (*path, "when"),
        Text("remove it, or mend its `when`", "请删除，或修正其 `when`"),
    )


def never_true(when: Formula | None) -> bool:
    """Whether a condition is false whatever happens: `false`, or one field equal to two values at once."""
    if isinstance(when, Literal):
        return when.value is False
    return isinstance(when, Expression) and _contradicts(when.tree)


def _contradicts(node: Node) -> bool:
    if isinstance(node, Constant):
        return node.value is False or node.value is None
    equals: dict[str, set[object]] = {}
    for part in _all_of(node):
        if isinstance(part, Constant) and part.value is False:
            return True
        if pair := equality(part):
            equals.setdefault(pair[0], set()).add(pair[1])
    return any(len(values) > 1 for values in equals.values())


def _state_possible(when: Formula | None, action: Action) -> bool:
    """Whether the states the action starts from leave room for what the condition says of `self.state`."""
    if not isinstance(when, Expression) or action.sources is None:
        return True
    allowed = states_in(when.tree)
    return allowed is None or bool(allowed & action.sources)


def states_in(node: Node) -> frozenset[str] | None:
    """Return the states a condition limits `self.state` to, or None when it says nothing of it."""
    found: frozenset[str] | None = None
    for part in _all_of(node):
        limit = _limit(part)
        if limit is not None:
            found = limit if found is None else found & limit
    return found


def _limit(node: Node) -> frozenset[str] | None:
    if isinstance(node, Logic) and node.op == "or":
        sides = [states_in(part) for part in node.parts]
        known = [side for side in sides if side is not None]
        return frozenset[str]().union(*known) if len(known) == len(sides) else None
    if pair := equality(node):
        return frozenset({str(pair[1])}) if pair[0] == "self.state" else None
    if (
        isinstance(node, Compare)
        and len(node.rest) == 1
        and node.rest[0][0] == "in"
        and _path(node.first) == "self.state"
    ):
        values = [getattr(item, "value", None) for item in getattr(node.rest[0][1], "items", ())]
        return frozenset(str(value) for value in values) if values and None not in values else None
    return None


def equality(node: Node) -> tuple[str, object] | None:
    """Return ``("self.state", "held")`` for `self.state == "held"`, None for anything else."""
    if not isinstance(node, Compare) or len(node.rest) != 1 or node.rest[0][0] != "==":
        return None
    left, right = node.first, node.rest[0][1]
    if isinstance(left, Constant):
        left, right = right, left
    path = _path(left)
    return (path, right.value) if path and isinstance(right, Constant) and right.value is not None else None


def _path(node: Node) -> str | None:
    if isinstance(node, FieldOf) and isinstance(node.base, Name):
        return f"{node.base.name}.{node.name}"
    return None


def _all_of(node: Node) -> list[Node]:
    """Return the conditions that must all be true."""
    if isinstance(node, Logic) and node.op == "and":
        return [part for one in node.parts for part in _all_of(one)]
    return [node]
