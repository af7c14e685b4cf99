"""Reports as Excel files: figures as numbers, per row and per store, with the total, as far as the reader sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any

from fastapi import Request

from app.excel.workbook import Head, Value, write
from app.pages.frame.desk import Desk
from app.pages.showing.places import places_of
from app.web.figures import day_of, report_of
from stores.reads import reports

_FORMS = {"CNY": "money", "percent": "percent"}


def report_file(desk: Desk, plugin: str, report: str, request: Request) -> tuple[str, BytesIO]:
    """Return the name and the file of a report for the period that ``day`` is in; Forbidden for who may not see it."""
    business, wanted = report_of(desk, plugin, report)
    store = request.query_params.get("store")
    told = reports.show_report(desk.node, desk.actor, business, wanted, day_of(request), store)
    figures = told["figures"]
    labels = [desk.say(each["label"]) for each in figures]
    heads = [
        Head("", 18),
        *(
            Head(label, max(12, 2 * len(label)), _FORMS.get(f["unit"] or "", ""))
            for f, label in zip(figures, labels, strict=True)
        ),
    ]
    name = f"{desk.say(told['label'])} {told['period']['start']}"
    out = BytesIO()
    write(out, name, heads, _rows(desk, told))
    return name, out


def _rows(desk: Desk, told: Mapping[str, Any]) -> Iterator[list[Value]]:
    names = [each["name"] for each in told["figures"]]
    several = len({each["by"] for each in told["rows"]}) > 1
    for each in told["rows"]:
        label = each["name"]
        name = desk.say(label) if hasattr(label, "say") else str(label or desk.words.empty)
        yield [f"{desk.say(each['by'])} {name}" if several else name, *_values(names, each["figures"])]
    places = places_of(desk)
    for each in told["stores"]:
        yield [f"{desk.words.store} {places.name(each['store'])}", *_values(names, each["figures"])]
    if told["total"] is not None:
        yield [desk.words.sum, *_values(names, told["total"])]


def _values(names: list[str], figures: Mapping[str, Any]) -> list[Value]:
    return [_value(figures.get(name)) for name in names]


def _value(figure: object) -> Value:
    """Return a figure as a number where it is one; what is not there stays empty."""
    if figure is None or isinstance(figure, int):
        return figure
    try:
        return Decimal(str(figure))
    except InvalidOperation:
        return str(figure)
