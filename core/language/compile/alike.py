"""What makes two records of different stores look like the same one."""

from __future__ import annotations

from core.language.compile.drafts import Blueprint
from core.language.compile.workshop import Workshop, text_of
from core.language.definition import Alike
from core.language.source import KeyPath
from core.model.errors import Text


def compile_alike(shop: Workshop, plan: Blueprint) -> dict[str, Alike]:
    """Return by what headquarters finds records of different stores alike."""
    found = {}
    sync = plan.target.sync if plan.target else plan.shape.sync
    for name, shape in plan.shape.alike.items():
        path = (*plan.path, "alike", name)
        if sync is not None and (sync.home != "store" or sync.scope == "hq"):
            shop.key_fault(
                "alike-without-stores",
                f"{plan.name} records belong to headquarters: there are no two stores to compare",
                f"{plan.name} 记录归总部所有，没有可比较的两家门店",
                path,
                Text("use `exclusive` or `unique`", "请改用 `exclusive` 或 `unique`"),
            )
        for index, field in enumerate(shape.key):
            _check_field(shop, plan, field, (*path, "key", index))
        found[name] = Alike(name, tuple(shape.key), text_of(shape.label), tuple(shape.cite), shop.root.key_place(path))
    return found


def _check_field(shop: Workshop, plan: Blueprint, field: str, path: KeyPath) -> None:
    """A key that is compared is a column, and headquarters has it."""
    what = Text(f"field of {plan.name}", f"{plan.name} 字段")
    if not shop.known(field, plan.draft.stored, what, path, "unknown-field"):
        return
    sync = plan.target.sync if plan.target else plan.shape.sync
    if sync is not None and field in sync.hide:
        shop.fault(
            "alike-stays-home",
            f"`{field}` never leaves the store: headquarters cannot compare it",
            f"`{field}` 不离开门店，总部无法比较",
            path,
            Text("take another field, or take it off `sync.hide`", "请换用其他字段，或将其移出 `sync.hide`"),
        )
