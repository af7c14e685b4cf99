"""Blank figures: a rule that needs a setting nobody has configured does not apply (C-11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from core.language.expressions import Cases, Env, Formula, expressions_in, holds
from core.language.expressions.tree import FieldOf, walk

if TYPE_CHECKING:
    from stores.world import NodeWorld


def inactive(formula: Formula, env: Env) -> bool:
    """Say whether a rule needs a figure that nobody has configured.

    A rule that tests the setting itself (``has(settings.cap) and …``) needs none. Of a list of cases only the
    rows that are reached count: the others stand for themselves.
    """
    if isinstance(formula, Cases):
        return _cases_inactive(formula, env)
    if not (needed := formula.settings):
        return False
    settings = cast(Mapping[str, object], env.names["settings"])
    return any(settings.get(name) is None for name in needed)


def inactive_below(world: NodeWorld, formula: Formula) -> bool:
    """Say the same of the computed fields a rule reads. Asked only when one of them came out empty."""
    seen: set[tuple[str, str]] = set()
    waiting = [formula]
    while waiting:
        for node in _computed(waiting.pop()):
            if (node.record, node.name) in seen:
                continue
            seen.add((node.record, node.name))
            record = world.node.catalog.records[node.record]
            declared = record.fields[node.name]
            inner = declared.value
            assert inner is not None, f"{node.record}.{node.name} is not computed"
            settings = world.node.settings(world.connection, declared.owner or record.plugin, world.store)
            if any(settings.get(name) is None for name in inner.settings):
                return True
            waiting.append(inner)
    return False


def _cases_inactive(cases: Cases, env: Env) -> bool:
    for row in cases.rows:
        if row.when is not None and inactive(row.when, env):
            return True
        if holds(row.when, env):
            return inactive(row.is_, env)
    return False


def _computed(formula: Formula) -> Iterator[FieldOf]:
    for part in expressions_in(formula):
        yield from (node for node in walk(part.tree) if isinstance(node, FieldOf) and node.computed)
