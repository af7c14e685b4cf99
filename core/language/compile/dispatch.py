"""Dispatch policies: who is eligible, with reasons, then who comes first."""

from __future__ import annotations

import re

from core.language.compile.actions import compile_check
from core.language.compile.drafts import Blueprint
from core.language.compile.values import formula
from core.language.compile.workshop import Workshop, text_of
from core.language.definition import Dispatch, DispatchKey
from core.language.expressions import Formula, NameScope, names_in
from core.language.manifest.sections import DispatchShape, PreferShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import LIST, Kind, record_kind


def enter_dispatch(shop: Workshop) -> None:
    """Enter the policies' names and candidates, so that actions may pick by them."""
    for name, shape in shop.manifest.dispatch.items():
        if shop.known(
            shape.of, shop.reach.local_names(), Text("record", "记录"), ("dispatch", name, "of"), "unknown-record"
        ):
            shop.reach.dispatch[name] = shop.reach.drafts[shape.of].key
    shop.reach.refresh()


def compile_dispatch(shop: Workshop, plans: list[Blueprint]) -> dict[str, Dispatch]:
    """Return the policies."""
    found = {}
    for name, shape in shop.manifest.dispatch.items():
        path = ("dispatch", name)
        of = shop.reach.dispatch.get(name)
        if of is None:
            continue
        picker = picker_kind(name, plans)
        scope = shop.scope({shape.of: record_kind(of), "self": picker}, empty=["me", "self"])
        checks = [
            compile_check(shop, key, check, (*path, "eligible", key), scope) for key, check in shape.eligible.items()
        ]
        keys = [_key(shop, row, index, (*path, "prefer", index), scope) for index, row in enumerate(shape.prefer)]
        rules = [*(check.rule for check in checks if check), *(key.value for key in keys if key)]
        label = text_of(shape.label) if shape.label else Text(name.replace("_", " "), name.replace("_", " "))
        found[name] = Dispatch(
            name,
            of,
            tuple(check for check in checks if check),
            tuple(key for key in keys if key),
            label,
            shop.root.key_place(path),
            tuple(shape.cite),
            _order(shop, shape, [key.name for key in keys if key], (*path, "order")),
            picker.record if any("self" in names_in(rule) for rule in rules) else None,
        )
        _check_order(shop, shape, path)
    return found


def picker_kind(policy: str, plans: list[Blueprint]) -> Kind:
    """Return what ``self`` is in a policy: the record that picks by it, when only one type does."""
    pickers = set()
    for plan in plans:
        for action in plan.shape.actions.values():
            rows = [action, *(action.outcomes or [])]
            if any(policy in row.pick.values() for row in rows):
                pickers.add(plan.draft.key)
    return record_kind(pickers.pop()) if len(pickers) == 1 else Kind("any")


def _key(shop: Workshop, row: PreferShape, index: int, path: KeyPath, scope: NameScope) -> DispatchKey | None:
    value = formula(shop, row.key, (*path, "key"), scope)
    if value is None:
        return None
    if value.kind.name in ("list", "map", "record", "period"):
        shop.fault(
            "wrong-kind",
            "a ranking compares numbers, dates, texts, or true and false",
            "排序只能比较数字、日期、文本或是非",
            (*path, "key"),
        )
    label = text_of(row.label) if row.label else Text(value.text, value.text)
    slug = re.sub(r"[^a-z0-9]+", "_", label.en.lower()).strip("_")
    return DispatchKey(row.name or slug or f"key_{index + 1}", value, label, row.first == "least", tuple(row.cite))


def _order(shop: Workshop, shape: DispatchShape, names: list[str], path: KeyPath) -> Formula | None:
    """Return the list of key names to compare by; the options a list setting may have must be keys."""
    if shape.order is None:
        return None
    found = formula(shop, shape.order, path, shop.scope({}), expect=LIST)
    options = found.kind.item.options if found is not None and found.kind.item is not None else None
    for option in options or ():
        shop.known(option, names, Text("key of the ranking", "排序依据"), path, "unknown-key-name")
    return found


def _check_order(shop: Workshop, shape: DispatchShape, path: KeyPath) -> None:
    if not shape.prefer:
        shop.warn(
            "no-order", "nothing says who comes first", "未规定先后顺序", path, Text("add `prefer`", "请补 `prefer`")
        )
