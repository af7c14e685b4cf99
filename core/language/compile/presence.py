"""Which fields are never empty, so that rules need not test them.

A field is sure to have a value when it is required, has a default, is computed from what is sure, or is
set by everything that creates the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from core.language.compile.actions import NEW, action_scope
from core.language.compile.drafts import Blueprint
from core.language.compile.values import formula
from core.language.compile.workshop import Workshop
from core.language.definition import Ask
from core.language.expressions import NameScope
from core.language.manifest.records import CreateShape, EffectsShape, OutcomeShape
from core.model.errors import Text
from core.model.fields import FieldSpec
from core.model.kinds import ANY, INT, Kind, record_kind

_ROUNDS_MAX = 4  # a sure field makes others sure; chains are short
Birth = tuple[Mapping[str, object], NameScope]  # what a way to create a record sets, and the names it may use


def settle_presence(shop: Workshop, plans: list[Blueprint]) -> None:
    """Enter the fields that are never empty into the drafts."""
    for _ in range(_ROUNDS_MAX):
        before = sum(len(plan.draft.present) for plan in plans)
        births = _births(shop, plans)
        for plan in plans:
            plan.draft.present |= set(_sure(shop, plan, births.get(plan.draft.key, [])))
        shop.reach.refresh()
        if sum(len(plan.draft.present) for plan in plans) == before:
            return


def _sure(shop: Workshop, plan: Blueprint, births: list[Birth]) -> Iterator[str]:
    own = shop.scope({"self": record_kind(plan.draft.key)}, own="self")
    for name, field in plan.shape.fields.items():
        if name in plan.draft.present or name not in plan.draft.specs:
            continue
        raw = field.value if field.value is not None else field.default
        if raw is not None and _has_value(shop, raw, own, plan.draft.specs[name]):
            yield name
    if plan.target is not None:
        return
    for name in plan.draft.stored:
        if births and all(_set_at(shop, name, values, scope, plan.draft.specs[name]) for values, scope in births):
            yield name


def _births(shop: Workshop, plans: list[Blueprint]) -> dict[str, list[Birth]]:
    """Return by record type every way to create such a record."""
    found: dict[str, list[Birth]] = {plan.draft.key: [*_own_births(shop, plan)] for plan in plans}
    for plan in plans:
        scope = replace_items(action_scope(shop, plan, (), by_system=False))
        for name, made in _creates(plan):
            draft = shop.reach.drafts.get(name)
            if draft is not None:
                found.setdefault(draft.key, []).append((made.with_, scope))
    return found


def _own_births(shop: Workshop, plan: Blueprint) -> Iterator[Birth]:
    """Yield how the record type's own actions and periods create its records."""
    for action in plan.shape.actions.values():
        if action.from_ == [NEW]:
            asks = tuple(
                Ask(name, plan.draft.specs[name], Text("", ""), name)
                for name in action.ask
                if isinstance(name, str) and name in plan.draft.specs
            )
            scope = action_scope(shop, plan, asks, by_system=False)
            rows = [row for row in action.outcomes or [OutcomeShape()] if row.refuse is None and row.instead is None]
            for row in rows:
                yield {**action.set, **row.set}, scope
    for every in (plan.shape.every or {}).values():
        subject = shop.reach.drafts.get(every.for_)
        yield every.with_, shop.scope({every.for_: record_kind(subject.key)} if subject else {})


def _creates(plan: Blueprint) -> Iterator[tuple[str, CreateShape]]:
    for action in plan.shape.actions.values():
        rows: Iterable[EffectsShape] = [action, *(action.outcomes or [])]
        for row in rows:
            for name, shapes in row.create.items():
                yield from ((name, shape) for shape in shapes)
            yield from (getattr(row, "instead", None) or {}).items()


def replace_items(scope: NameScope) -> NameScope:
    """Return the scope with `item` and `index` of any kind, and any input."""
    return scope.having(item=ANY, index=INT, ask=Kind("any"))


def _set_at(shop: Workshop, name: str, values: Mapping[str, object], scope: NameScope, spec: FieldSpec) -> bool:
    return name in values and _has_value(shop, values[name], scope, spec)


def _has_value(shop: Workshop, raw: object, scope: NameScope, spec: FieldSpec) -> bool:
    """Whether a value is never empty. Problems are told later, when the value is compiled for good."""
    trial = replace(shop, problems=[], wheres=[])
    found = formula(trial, raw, (), scope, spec=spec)
    return found is not None and not found.may_be_empty
