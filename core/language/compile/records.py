"""One record type, from its shape to its definition."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.compile.access import check_stays, compile_read, compile_sync
from core.language.compile.actions import compile_actions
from core.language.compile.alike import compile_alike
from core.language.compile.drafts import Blueprint, opens
from core.language.compile.fields import compile_fields
from core.language.compile.numbers import compile_number
from core.language.compile.timers import compile_exclusive, compile_timers
from core.language.compile.values import where
from core.language.compile.workshop import Workshop
from core.language.compile.writing import values_for
from core.language.definition import Every, RecordType
from core.language.manifest.records import EveryShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import record_kind


def compile_record(shop: Workshop, plan: Blueprint) -> RecordType:
    """Return the record type; for an addition, only what is added."""
    shape = plan.shape
    if plan.target is not None:
        _check_addition(shop, plan)
        label = plan.target.label
    else:
        label = shop.label(shape.label, plan.path, needed=True)
    for index, role in enumerate(shape.by or []):
        shop.known_role(role, (*plan.path, "by", index))
    actions = compile_actions(shop, plan)
    check_stays(shop, plan, actions)
    return RecordType(
        plan.draft.key.partition(".")[0],
        plan.name,
        label,
        shop.root.key_place(plan.path),
        compile_fields(shop, plan),
        states={name: plan.draft.states[name] for name in shape.states},
        actions=actions,
        timers=compile_timers(shop, plan, actions),
        exclusive=compile_exclusive(shop, plan),
        alike=compile_alike(shop, plan),
        read=compile_read(shop, plan),
        sync=plan.target.sync if plan.target else compile_sync(shop, plan),
        number=compile_number(shop, plan),
        every=compile_every(shop, plan),
        origin=plan.origin,
        cite=tuple(shape.cite),
        sealed=shape.sealed,
    )


def compile_every(shop: Workshop, plan: Blueprint) -> Every | None:
    """Return when records of this type are made by themselves, if they are."""
    for period, shape in (plan.shape.every or {}).items():
        path = (*plan.path, "every", period)
        subject = subject_of(shop, shape, path)
        if subject is None:
            return None
        names = {shape.for_: record_kind(subject)}
        found = where(shop, shape.where, (*path, "where"), shop.scope(names, own=shape.for_, empty=["me"]))
        values = values_for(shop, plan.draft, shape.with_, (*path, "with"), shop.scope(names, empty=["me"]))
        return Every(period, subject, found, values)
    return None


def subject_of(shop: Workshop, shape: EveryShape, path: KeyPath) -> str | None:
    """Return the qualified record type a record or scorecard is made for."""
    if not shop.known(shape.for_, shop.reach.local_names(), Text("record", "记录"), (*path, "for"), "unknown-record"):
        return None
    return shop.reach.drafts[shape.for_].key


def additions_of(plans: list[Blueprint], compiled: Mapping[str, RecordType]) -> dict[str, RecordType]:
    """Return what is added to records of other plugins, by their qualified name."""
    return {plan.target.key: compiled[plan.name] for plan in plans if plan.target is not None}


def _check_addition(shop: Workshop, plan: Blueprint) -> None:
    """Adding is not changing: label, number, sync and what is there already stay the other plugin's."""
    target, shape = plan.target, plan.shape
    assert target is not None
    for key in ("label", "number", "sync", "every"):
        if getattr(shape, key) is not None:
            shop.fault(
                "changes-others-record",
                f"`{key}` of {target.key} is not ours to change",
                f"不能更改 {target.key} 的 `{key}`",
                (*plan.path, key),
                Text(
                    f"remove it, or call the record something else than `{plan.name}`",
                    f"请删除，或为记录换一个不同于 `{plan.name}` 的名称",
                ),
            )
    for key in ("states", "actions", "timers", "exclusive", "alike"):
        for name, one in getattr(shape, key).items():
            if name in getattr(target, key) and not (key == "actions" and opens(plan, name, one)):
                shop.key_fault(
                    "changes-others-record",
                    f"{target.key} already has {key[:-1]} `{name}`",
                    f"{target.key} 已有 `{name}`",
                    (*plan.path, key, name),
                )
    for role in shape.read or {}:
        if role in (target.read or {}):
            shop.key_fault(
                "changes-others-record",
                f"{target.key} already says what `{role}` sees",
                f"{target.key} 已规定 `{role}` 的可见范围",
                (*plan.path, "read", role),
            )
