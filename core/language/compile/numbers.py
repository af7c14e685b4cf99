"""Number formats such as ``{store}-{night:yyMMdd}-{seq:3}``."""

from __future__ import annotations

import re

from core.language.compile.drafts import Blueprint
from core.language.compile.workshop import Workshop
from core.language.definition import NumberFormat
from core.language.source import KeyPath
from core.model.errors import Text

_PART = re.compile(r"\{([^{}]*)\}")
_DATE = re.compile(r"(?:yyyy|yy|MM|dd|[-/.])+")
TODAY_PARTS = ("yyyy", "yy", "MM", "dd")


def compile_number(shop: Workshop, plan: Blueprint) -> NumberFormat | None:
    """Return the format of the record's number, or None when it has none."""
    text, path = plan.shape.number, (*plan.path, "number")
    if text is None:
        return None
    parts: list[str | tuple[str, str]] = []
    end = 0
    for match in _PART.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        name, _, layout = match[1].partition(":")
        _check_part(shop, plan, name, layout, path)
        parts.append((name, layout))
        end = match.end()
    if text[end:]:
        parts.append(text[end:])
    if sum(part[0] == "seq" for part in parts if isinstance(part, tuple)) != 1:
        shop.fault(
            "bad-number",
            "a number has one {seq}, or two records could bear the same",
            "编号须有且仅有一个 {seq}，否则会重号",
            path,
            Text("add {seq:3}", "请加 {seq:3}"),
        )
    return NumberFormat(tuple(parts), text)


def _check_part(shop: Workshop, plan: Blueprint, name: str, layout: str, path: KeyPath) -> None:
    if name in ("store", *TODAY_PARTS) and not layout:
        return
    if name == "seq":
        if layout and not (layout.isdigit() and 0 < int(layout) <= 9):
            shop.fault(
                "bad-number", f"`{{seq:{layout}}}` is not 1 to 9 digits", f"`{{seq:{layout}}}` 不是 1 到 9 位", path
            )
        return
    known = ("store", "seq", *TODAY_PARTS, *plan.draft.stored)
    if not shop.known(name, known, Text("part of a number", "编号部分"), path, "bad-number"):
        return
    dated = plan.draft.specs[name].type in ("date", "datetime")
    if dated != bool(layout) or (layout and not _DATE.fullmatch(layout)):
        shop.fault(
            "bad-number",
            f"`{{{name}:{layout}}}` needs a date field with a layout such as yyMMdd",
            f"`{{{name}:{layout}}}` 须为日期字段并带格式，如 yyMMdd",
            path,
        )
