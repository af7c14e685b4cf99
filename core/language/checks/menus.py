"""Menus: two lines that lead to different pages are called differently."""

from __future__ import annotations

from collections.abc import Iterator

from core.language.checks.inspection import Inspection
from core.language.source import KeyPath
from core.model.errors import Text

NOT_IN_MENU = frozenset({"form", "print"})


def check_menus(inspection: Inspection) -> None:
    """Warn of a line of the menu that is called like another one: nobody can tell which to open.

    A list of all records of a type takes the place of that type's own line, so the two may share their name.
    """
    known: list[tuple[str, Text]] = []
    for own, replaced, path, label in (*_records(inspection), *_lines(inspection)):
        others = [each for record, each in known if not record or record != replaced]
        twin = next((each for each in others if each.en == label.en or each.zh == label.zh), None)
        if twin is not None:
            inspection.shop.warn(
                "menu-line-twice",
                f"another line of the menu is called `{twin.en}` (`{twin.zh}`)",
                f"菜单中已有一项名为 `{twin.zh}`（`{twin.en}`）",
                path,
                Text("say in the label what this page shows", "请在 `label` 中写明此页显示什么"),
            )
        known.append((own, label))


def _records(inspection: Inspection) -> Iterator[tuple[str, str, KeyPath, Text]]:
    """Yield (record type, no other, where it stands, its label) of records, ledgers and scorecards."""
    for record in inspection.plugin.records.values():
        section = "records" if record.origin == "record" else f"{record.origin}s"
        if record.name in getattr(inspection.shop.manifest, section):
            yield record.key, "", (section, record.name), record.label


def _lines(inspection: Inspection) -> Iterator[tuple[str, str, KeyPath, Text]]:
    """Yield (nothing, the record type whose line it replaces, where its label stands, its label) of the other lines."""
    for name, view in inspection.plugin.views.items():
        label, kind = view.get("label"), view["kind"]
        if kind not in NOT_IN_MENU and isinstance(label, Text) and name in inspection.shop.manifest.views:
            whole = kind in {"list", "table"} and view.get("where") is None
            yield "", str(view.get("of")) if whole else "", ("views", name, "label"), label
    for policy in inspection.plugin.dispatch.values():
        yield "", "", ("dispatch", policy.name, "label"), policy.label
