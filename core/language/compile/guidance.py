"""Guidance: duties that software cannot enforce, as words at the place where they are needed."""

from __future__ import annotations

from collections.abc import Mapping

from core.language.compile.workshop import Workshop, text_of
from core.language.definition import SYSTEM, Guidance, GuidancePlace, RecordType
from core.language.manifest.sections import GuidanceShape
from core.language.source import KeyPath
from core.model.errors import Text


def compile_guidance(shop: Workshop, compiled: Mapping[str, RecordType]) -> dict[str, Guidance]:
    """Return the guidance. ``compiled`` are the records of this plugin by local name."""
    found = {}
    for name, shape in shop.manifest.guidance.items():
        path = ("guidance", name)
        if (shape.text is None) == (not shape.items):
            shop.key_fault(
                "text-or-items",
                f"`{name}` says either one text or a list of items",
                f"`{name}` 须写 text 或 items 之一",
                path,
                Text("write text: {en: …, zh: …} or items: [{en: …, zh: …}]", "请写 text: {…} 或 items: [{…}]"),
            )
        found[name] = Guidance(
            name,
            shop.label(shape.label, path, needed=True),
            tuple(place for place in _places(shop, shape, path, compiled) if place),
            text_of(shape.text) if shape.text else None,
            tuple(text_of(item) for item in shape.items),
            tuple(shape.cite),
        )
    return found


def _places(
    shop: Workshop, shape: GuidanceShape, path: KeyPath, compiled: Mapping[str, RecordType]
) -> list[GuidancePlace | None]:
    return [_place(shop, text, (*path, "at", index), compiled) for index, text in enumerate(shape.at)]


def _place(shop: Workshop, text: str, path: KeyPath, compiled: Mapping[str, RecordType]) -> GuidancePlace | None:
    """Return one place: ``record``, ``record.action``, ``role:name`` or ``view:name``; None when it does not exist."""
    kind, colon, name = text.partition(":")
    if colon and kind == "role":
        return GuidancePlace(text, role=name) if shop.known_role(name, path) else None
    if colon and kind == "view":
        known = shop.known(name, shop.manifest.views, Text("view", "视图"), path, "unknown-view")
        return GuidancePlace(text, view=name) if known else None
    local, _, action = text.partition(".")
    if not shop.known(local, shop.reach.local_names(), Text("record", "记录"), path, "unknown-record"):
        return None
    draft = shop.reach.drafts[local]
    if action and not shop.known(
        action, draft.actions, Text(f"action of {local}", f"{local} 操作"), path, "unknown-action"
    ):
        return None
    if action and local in compiled and set(compiled[local].actions[action].by) == {SYSTEM}:
        en, zh = f"nobody does `{text}`: it is done by the system", f"`{text}` 由系统执行，没有人会看到"
        shop.fault("guidance-unseen", en, zh, path)
    return GuidancePlace(text, record=draft.key, action=action or None)
