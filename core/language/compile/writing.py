"""What the writing parts of a rule share: values for the fields of a record, the states it has."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.compile.reach import RecordDraft
from core.language.compile.values import Given, formula
from core.language.compile.workshop import Workshop
from core.language.expressions import Formula, NameScope
from core.language.source import KeyPath
from core.model.errors import Text


def values_for(
    shop: Workshop, draft: RecordDraft, raw: Mapping[str, object], path: KeyPath, scope: NameScope, given: Given = ()
) -> dict[str, Formula]:
    """Return the formulas for fields of a record."""
    found: dict[str, Formula] = {}
    for name, value in raw.items():
        here = (*path, name)
        if name == "state":
            shop.key_fault(
                "sets-state",
                "the state moves by `to` (or `state` of a create)",
                "状态用 `to`（或 create 的 `state`）变更",
                here,
            )
        elif name in draft.computed:
            shop.key_fault(
                "sets-computed", f"`{name}` is computed and cannot be set", f"`{name}` 为计算字段，不能写入", here
            )
        elif name not in draft.specs:
            shop.known(name, draft.stored, Text(f"field of {draft.name}", f"{draft.name} 字段"), here, "unknown-field")
        elif one := formula(shop, value, here, scope, spec=draft.specs[name], given=given):
            found[name] = one
    return found


def known_state(shop: Workshop, draft: RecordDraft, state: str, path: KeyPath) -> None:
    """Note a state the record does not have."""
    if not draft.states:
        shop.fault(
            "unknown-state",
            f"{draft.name} has no states",
            f"{draft.name} 没有状态",
            path,
            Text("add `states`", "请补 `states`"),
        )
    else:
        shop.known(state, draft.states, Text(f"state of {draft.name}", f"{draft.name} 状态"), path, "unknown-state")


def numbered(shop: Workshop, path: KeyPath, index: int) -> KeyPath:
    """Return the path of one of several; a single one stands without a list around it."""
    return (*path, index) if isinstance(shop.root.at(path).value, list) else path
