"""Dashboards: figures of the records a person may see, each with the records behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import Response

from app.pages.frame.desk import Desk, list_url
from app.pages.frame.drawing import page
from app.pages.showing.names import name_of
from app.pages.showing.values import money_text
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores.reads.totals import totals


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure, or one bar per group (words, figure, share of the largest in percent, address)."""

    label: str
    figure: str = ""
    url: str = ""
    bars: list[tuple[str, str, int, str]] = field(default_factory=list)


def draw_dashboard(desk: Desk, plugin: str, view: Mapping[str, Any]) -> Response:
    """Return the page of a dashboard; a tile about what the person does not read is left out."""
    tiles = [tile for each in view.get("tiles", ()) if (tile := _tile(desk, plugin, each)) is not None]
    kinds = " ".join(sorted({str(each["of"]) for each in view.get("tiles", ()) if "of" in each}))
    return page(desk, "dashboard.html", title=desk.say(view["label"]), tiles=tiles, types=kinds)


def _tile(desk: Desk, plugin: str, told: Mapping[str, Any]) -> Tile | None:
    if "scorecard" in told:
        card = desk.catalog.plugin(plugin).scorecards[str(told["scorecard"])]
        label = desk.say(told["label"]) if "label" in told else desk.say(card.label)
        return Tile(label, url=f"/scores/{plugin}/{card.name}")
    record = desk.catalog.records[str(told["of"])]
    how, name, by = str(told["how"]), told.get("field"), told.get("by")
    try:
        found = totals(desk.node, desk.actor, record, how, name, by=by, only=told.get("where"))
    except Forbidden:
        return None
    label = desk.say(told["label"]) if "label" in told else _label(desk, record, name)
    if not by:
        return Tile(label, _said(record, how, name, found[0][1]), list_url(record))
    if not found:
        return Tile(label, "0", list_url(record))
    largest = max((_number(value) for _, value in found), default=Decimal(0))
    bars = [
        (_group(desk, record, by, key), _said(record, how, name, value), _share(value, largest), _url(record, by, key))
        for key, value in found
    ]
    return Tile(label, bars=bars)


def _label(desk: Desk, record: RecordType, name: str | None) -> str:
    one = record.fields.get(name or "")
    return desk.say(record.label) + (f" · {desk.say(one.label)}" if one else "")


def _said(record: RecordType, how: str, name: str | None, value: object) -> str:
    if value is None:
        return "—"
    money = how != "count" and name is not None and record.fields[name].spec.type == "money"
    return money_text(value) if money else str(value)


def _group(desk: Desk, record: RecordType, by: str, key: str | None) -> str:
    if key is None:
        return desk.words.empty
    if by == "state":
        return desk.say(record.states[key]) if key in record.states else key
    spec = record.fields[by].spec if by in record.fields else None
    if spec is not None and spec.type == "ref" and spec.to:
        return name_of(desk, spec.to, str(key)) or str(key)[-6:]
    if spec is not None and spec.options and key in spec.options:
        return desk.say(spec.options[key])
    return str(key)


def _url(record: RecordType, by: str, key: str | None) -> str:
    return list_url(record, **({by: key} if key is not None else {f"{by}.empty": "true"}))


def _number(value: object) -> Decimal:
    try:
        return abs(Decimal(str(value)))
    except InvalidOperation:
        return Decimal(0)


def _share(value: object, largest: Decimal) -> int:
    return int(_number(value) * 100 / largest) if largest else 0
