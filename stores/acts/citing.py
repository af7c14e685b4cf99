"""Which rules of the rule book stand behind a refusal: who is refused is told by which rule, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.model.errors import CitedRule, NodeError
from stores.acts.work import Work

_OF_THE_ACTION = ("role", "state", "no-outcome")  # what is refused by the action's own head: `by`, `from`, its rows


def rules_of(work: Work, *cites: Iterable[str]) -> tuple[CitedRule, ...]:
    """Return the rules of the first citation that cites any: of the check itself, else of what it belongs to."""
    numbers = next((list(each) for each in cites if each), [])
    return work.node.catalog.cited(work.action.owner or work.record.plugin, numbers)


def cite(work: Work, error: NodeError) -> None:
    """Add the action's rules to a refusal by role or state."""
    error.problems = tuple(
        replace(each, rules=rules_of(work, work.action.cite))
        if each.code in _OF_THE_ACTION and not each.rules
        else each
        for each in error.problems
    )
