"""Reports of a business: the figures of a period, per store and row, and the records behind each figure."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request

from app.web.body import JsonMap
from app.web.caller import Caller, CurrentCaller
from app.web.plugins import said
from app.web.reading import flag, number
from core.language.definition import Plugin
from core.language.report import Report
from core.model.errors import NodeError, NotFound, Problem, Text, suggest
from stores.reads import reports

router = APIRouter(prefix="/api")


@router.get("/{plugin}/reports")
def list_reports(plugin: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return the reports the caller may see, each for the period that ``day`` is in, and when it is due."""
    found = reports.listed(caller.node, caller.actor, caller.catalog.plugin(plugin), day_of(request))
    return {"reports": said(found, caller.language)}


@router.get("/{plugin}/reports/{report}")
def show(plugin: str, report: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return the figures of a report for the period that ``day`` (default: today) is in.

    At headquarters for every store of the business, with their total, or for one ``store``.
    """
    business, wanted = report_of(caller, plugin, report)
    store = request.query_params.get("store")
    told = reports.show_report(caller.node, caller.actor, business, wanted, day_of(request), store)
    for figure in told["figures"]:
        if "of" in figure:
            figure["records"] = f"/api/{plugin}/reports/{report}/{figure['name']}"
    return {name: said(value, caller.language) for name, value in told.items()}


@router.get("/{plugin}/reports/{report}/{figure}")
def records_behind(plugin: str, report: str, figure: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return a page of the records that a figure counts: all, those of one ``store``, or of one ``row``.

    The caller sees of them what he may see in a list; ``limit``, ``cursor`` and ``total`` are those of a list.
    """
    business, wanted = report_of(caller, plugin, report)
    asked = request.query_params
    page = reports.records_behind(
        caller.node,
        caller.actor,
        business,
        wanted,
        figure,
        day_of(request),
        asked.get("store"),
        asked.get("row"),
        limit=number("limit", asked.get("limit"), 50),
        cursor=asked.get("cursor"),
        total=flag(asked.get("total")),
    )
    query = wanted.figures[figure].query
    answer: JsonMap = {"of": query.record if query else None, "rows": page.rows, "next": page.next}
    return answer if page.total is None else answer | {"total": page.total, "more_than_total": page.more}


def report_of(caller: Caller, plugin: str, name: str) -> tuple[Plugin, Report]:
    """Return the plugin and its report; NotFound with the nearest name."""
    business = caller.catalog.plugin(plugin)
    if name not in business.reports:
        what = Text(f"there is no report `{name}`", f"没有报表 `{name}`")
        raise NotFound((Problem("not-found", what, fix=suggest(name, business.reports)),))
    return business, business.reports[name]


def day_of(request: Request) -> date | None:
    """Return the day an address asks for, None for today."""
    text = request.query_params.get("day")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise NodeError.of("bad-parameter", "`day` must be a date", "`day` 须为日期", field="day") from None
