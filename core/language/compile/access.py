"""Who may see a record, and where its copies live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.language.compile.drafts import Blueprint
from core.language.compile.reach import RecordDraft
from core.language.compile.typed import duration
from core.language.compile.values import condition, where
from core.language.compile.workshop import Workshop
from core.language.definition import Action, ReadRule, SyncRule
from core.language.expressions import Formula
from core.language.manifest.records import ReadShape
from core.language.source import KeyPath
from core.model.errors import Text
from core.model.kinds import record_kind


def compile_read(shop: Workshop, plan: Blueprint) -> dict[str, ReadRule] | None:
    """Return what each role sees; None when the record does not say."""
    if plan.shape.read is None:
        return None
    found = {}
    for role, shape in plan.shape.read.items():
        path = (*plan.path, "read", role)
        shop.known_role(role, path)
        found[role] = _rule(shop, plan.draft, shape, path)
    return found


def compile_sync(shop: Workshop, plan: Blueprint) -> SyncRule:
    """Return who holds a copy and who decides."""
    shape, path = plan.shape.sync, (*plan.path, "sync")
    if shape is None:
        return SyncRule()
    known_fields(shop, plan.draft, shape.hide, (*path, "hide"))
    if shape.also is not None:
        _check_also(shop, plan, shape.also, (*path, "also"))
    return SyncRule(
        shape.scope,
        shape.home,
        duration(shop, shape.keep, (*path, "keep")),
        frozenset(shape.hide),
        shape.deletes,
        shape.also,
    )


def _check_also(shop: Workshop, plan: Blueprint, name: str, path: KeyPath) -> None:
    """Note a field that cannot name a store: unknown, computed, no text, or never sent."""
    draft = plan.draft
    what = Text(f"field of {draft.name}", f"{draft.name} 字段")
    if not shop.known(name, draft.specs, what, path, "unknown-field"):
        return
    if name in draft.computed or draft.specs[name].type != "text" or (plan.shape.sync and name in plan.shape.sync.hide):
        shop.fault(
            "no-store-field",
            f"`{name}` cannot name a store: it takes a text field that is stored and sent",
            f"`{name}` 不能指明门店：须为已存储且会同步的文本字段",
            path,
        )


def check_stays(shop: Workshop, plan: Blueprint, actions: Mapping[str, Action]) -> None:
    """Note an action that would move a record from one further store to another.

    A copy that has been handed out stays where it is: the store that held it would keep what it may not see any
    more, and headquarters, which sends states and no history, could not tell it so.
    """
    also = plan.shape.sync.also if plan.shape.sync else None
    for name, action in actions.items():
        written = {ask.field for ask in action.ask}.union(*((*each.set, *each.pick) for each in action.outcomes))
        if also is not None and also in written and not action.new:
            shop.fault(
                "store-field-moves",
                f"`{name}` changes `{also}`, but the store that holds a copy stays the same for the life of a record",
                f"`{name}` 会更改 `{also}`，但持有副本的门店在记录存续期间不得变更",
                (*plan.path, "sync", "also"),
            )


def known_fields(shop: Workshop, draft: RecordDraft, names: Iterable[str], path: KeyPath) -> None:
    """Note every name that is no field of the record."""
    for index, name in enumerate(names):
        shop.known(
            name, draft.specs, Text(f"field of {draft.name}", f"{draft.name} 字段"), (*path, index), "unknown-field"
        )


def _rule(shop: Workshop, draft: RecordDraft, shape: ReadShape, path: KeyPath) -> ReadRule:
    scope = shop.scope({"self": record_kind(draft.key)}, own="self")
    found = where(shop, shape.where, (*path, "where"), scope)
    known_fields(shop, draft, shape.hide, (*path, "hide"))
    mask: dict[str, Formula | None] = {}
    if isinstance(shape.mask, Mapping):
        known_fields_of_map(shop, draft, shape.mask, (*path, "mask"))
        for name, raw in shape.mask.items():
            here = (*path, "mask", name)
            if isinstance(raw, str | bool):
                mask[name] = condition(shop, raw, here, scope)
            else:
                shop.fault("wrong-shape", "a condition is expected", "此处应为条件", here)
    elif isinstance(shape.mask, list) and all(isinstance(name, str) for name in shape.mask):
        known_fields(shop, draft, shape.mask, (*path, "mask"))
        mask = dict.fromkeys(shape.mask)
    elif shape.mask is not None:
        shop.fault(
            "wrong-shape",
            "a list of fields, or field: condition, is expected",
            "此处应为字段列表或 字段: 条件",
            (*path, "mask"),
        )
    return ReadRule(found, mask, frozenset(shape.hide), shape.reveal == "logged", tuple(shape.cite))


def known_fields_of_map(shop: Workshop, draft: RecordDraft, raw: Mapping[str, object], path: KeyPath) -> None:
    """Note every key that is no field of the record."""
    for name in raw:
        shop.known(
            name, draft.specs, Text(f"field of {draft.name}", f"{draft.name} 字段"), (*path, name), "unknown-field"
        )
