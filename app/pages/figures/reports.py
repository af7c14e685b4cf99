"""Reports of a business: the figures of a period, per store and row; every figure opens the records behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.frame.desk import CurrentDesk, Desk, with_query
from app.pages.frame.drawing import page
from app.pages.showing import columns as cols
from app.pages.showing.places import places_of
from app.pages.showing.values import UNTOLD, money_text, shown_moment
from app.web.figures import day_of, report_of
from stores.reads import reports
from stores.reads.reading import Reading

router = APIRouter(include_in_schema=False)
ROWS = 50


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind: what they are, the figures above them, and of each row its name and cells."""

    by: str
    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


@router.get("/reports/{plugin}")
def report_list(plugin: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the reports of a business that the person may see, and when each is due."""
    business = desk.catalog.plugin(plugin)
    found = reports.listed(desk.node, desk.actor, business, day_of(request))
    told = [{**each, "url": f"/reports/{plugin}/{each['report']}", "due": _moment(desk, each["due"])} for each in found]
    return page(desk, "reports.html", title=f"{desk.say(business.label)} · {desk.words.reports}", reports=told)


@router.get("/reports/{plugin}/{report}")
def report_page(plugin: str, report: str, request: Request, desk: CurrentDesk) -> Response:
    """Show a report for the period that ``day`` is in; at headquarters also per store."""
    business, wanted = report_of(desk, plugin, report)
    asked = request.query_params
    told = reports.show_report(desk.node, desk.actor, business, wanted, day_of(request), asked.get("store"))
    start, end = (date.fromisoformat(told["period"][name]) for name in ("start", "end"))
    url = f"/reports/{plugin}/{report}"
    kept = {"day": start.isoformat(), "store": asked.get("store")}
    heads = [(each["name"], desk.say(each["label"])) for each in told["figures"]]
    counted = _opened(desk, told["figures"])
    called = places_of(desk).name
    stores = [(called(each["store"]), {**kept, "store": each["store"]}, each["figures"]) for each in told["stores"]]
    units = {each["name"]: each["unit"] for each in told["figures"]}

    def cells(row: object, figures: Mapping[str, Any]) -> list[tuple[str, str]]:
        return _cells(url, {**kept, "row": row or ""}, figures, counted, units)

    return page(
        desk,
        "report.html",
        title=desk.say(told["label"]),
        start=start,
        end=end,
        due=_moment(desk, told["due"]),
        heads=heads,
        total=_cells(url, kept, told["total"], counted, units) if told["total"] is not None else None,
        tables=_tables(desk, told, cells),
        stores=[(name, _cells(url, query, figures, counted, units)) for name, query, figures in stores],
        compare=f"/compare/{plugin}/{report}" + with_query({"day": start.isoformat()}),
        blank=[label for name, label in heads if name in told["not_configured"]],
        excel=f"{url}/excel{with_query(kept)}",
        before=url + with_query({**kept, "day": (start - timedelta(days=1)).isoformat()}),
        after=url + with_query({**kept, "day": (end + timedelta(days=1)).isoformat()}),
    )


@router.get("/reports/{plugin}/{report}/{figure}")
def behind(plugin: str, report: str, figure: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the records that a figure counts, as far as the person may see them."""
    business, wanted = report_of(desk, plugin, report)
    asked = request.query_params
    found = reports.records_behind(
        desk.node, desk.actor, business, wanted, figure, day_of(request), asked.get("store") or None, asked.get("row"),
        limit=ROWS, cursor=asked.get("cursor"), total=True,
    )  # fmt: skip
    query = wanted.figures[figure].query
    assert query is not None, "records_behind has refused what counts nothing"
    record = desk.catalog.records[query.record]
    with desk.node.database.read() as connection:
        sight = Reading(connection, desk.node, desk.actor).sight_of(record)
    columns = cols.chosen(desk, record, sight, ())
    kept = {key: value for key, value in asked.multi_items() if key != "cursor"}
    url = request.url.path
    return page(
        desk,
        "behind.html",
        title=desk.say(wanted.figures[figure].label),
        back=f"/reports/{plugin}/{report}" + with_query(kept),
        report=desk.say(wanted.label),
        columns=columns,
        total=found.total,
        rows=[(cols.link(record, r), [cols.cell(desk, record, c, r, {}) for c in columns]) for r in found.rows],
        next_url=url + with_query({**kept, "cursor": found.next}) if found.next else None,
    )


def _tables(desk: Desk, told: Mapping[str, Any], cells: Callable[[Any, Mapping[str, Any]], Any]) -> list[Table]:
    """Return a table for each thing that figures are counted by, with the columns that say something of it."""
    labels = {each["name"]: desk.say(each["label"]) for each in told["figures"]}
    found = []
    for by, rows in groupby(told["rows"], key=lambda row: row["by"]):
        lines = list(rows)
        heads = [labels[name] for name in lines[0]["figures"]]
        named = [(_words(desk, _row_name(desk, each)), cells(each["row"], each["figures"])) for each in lines]
        found.append(Table(desk.say(by), heads, named))
    return found


def _row_name(desk: Desk, row: Mapping[str, Any]) -> object:
    """Return what a row is called: of a record the reader may not know of, that there is one."""
    if isinstance(row["row"], bool):
        return desk.words.yes if row["row"] else desk.words.no
    return row["name"] or (desk.words.empty if row["row"] is None else UNTOLD)


def _opened(desk: Desk, figures: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the figures whose records the person reads: a link that only refuses is no use to him."""
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        known = {each["name"]: desk.catalog.records.get(str(each["of"])) for each in figures if "of" in each}
        return {name for name, record in known.items() if record is not None and not reading.sight_of(record).blind}


def _cells(
    url: str, query: Mapping[str, Any], figures: Mapping[str, Any], counted: set[str], units: Mapping[str, str | None]
) -> list[tuple[str, str]]:
    """Return (address of the records behind it, figure) for each figure of a line."""
    return [
        (f"{url}/{name}{_asked(query)}" if name in counted else "", figure_text(value, units.get(name)))
        for name, value in figures.items()
    ]


def _asked(query: Mapping[str, Any]) -> str:
    """Return the query of a figure's records. An empty ``row`` means something: the row of what has no value."""
    row = "&row=" if query.get("row") == "" else ""
    return with_query(query) + row


def figure_text(value: object, unit: str | None) -> str:
    """Return a figure as a person reads it: yuan, percent, or the number; a dash where there is none."""
    if value is None:
        return "—"
    if unit == "CNY":
        return money_text(value)
    return f"{Decimal(str(value)) * 100:.1f} %" if unit == "percent" else str(value)


def _words(desk: Desk, name: object) -> str:
    say = getattr(name, "say", None)
    return str(say(desk.language)) if say else str(name)


def _moment(desk: Desk, value: object) -> Any:
    return shown_moment(desk, value) if value else None
