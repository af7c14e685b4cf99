"""Branches beside each other and over time: the figures of a report, as bars, as lines, and always as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.figures import plots
from app.pages.figures.plots import Figure
from app.pages.figures.reports import figure_text
from app.pages.frame.desk import CurrentDesk, Desk, with_query
from app.pages.frame.drawing import page
from app.pages.showing.places import Places, places_of
from app.web.figures import day_of, report_of
from core.language.definition import Plugin
from core.language.report import Report
from core.model.errors import NotFound, Problem, Text, suggest
from stores.reads import oversight, reports

router = APIRouter(include_in_schema=False)
PERIODS = {"day": 14, "week": 8, "month": 6, "quarter": 4, "year": 3}
SERIES_MAX = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One branch in the comparison of one period."""

    name: str
    figure: str
    share: int
    url: str
    part: str  # of the total
    series: int


@dataclass(frozen=True, slots=True)
class Period:
    """What one report says of one period: the figures of each store by its code, and of all together."""

    label: str
    start: str
    stores: Mapping[str, Figure]
    total: Figure


@router.get("/compare")
def index(request: Request, desk: CurrentDesk) -> Response:
    """Show the reports of every business that the person may see, as figures to compare."""
    day = day_of(request)
    found = [
        (
            desk.say(plugin.label),
            [_listed(desk, plugin, each) for each in reports.listed(desk.node, desk.actor, plugin, day)],
        )
        for plugin in desk.catalog.plugins.values()
        if plugin.reports
    ]
    return page(desk, "compare_index.html", title=desk.words.compare, groups=[group for group in found if group[1]])


@router.get("/compare/{plugin}/{report}")
def compare(plugin: str, report: str, request: Request, desk: CurrentDesk) -> Response:
    """Compare the branches by one figure of a report (``figure``), in the period of ``day`` and those before it."""
    business, wanted = report_of(desk, plugin, report)
    asked = request.query_params
    region = asked.get("region", "")
    told = reports.head(desk.node, desk.actor, business, wanted, day_of(request))
    figure = _figure(wanted, told, asked.get("figure"))
    places = places_of(desk)
    regions = _regions(desk)
    count = PERIODS.get(wanted.period, 6)
    found = reports.trend(desk.node, desk.actor, business, wanted, figure["name"], day_of(request), count)
    periods = [_period(each) for each in found]
    codes = [code for code in _codes(periods) if region in ("", regions.get(code, ""))]
    start = date.fromisoformat(told["period"]["start"])
    end = date.fromisoformat(told["period"]["end"])
    kept = {"figure": figure["name"], "day": start.isoformat(), "region": region}
    url = f"/compare/{plugin}/{report}"
    unit = figure["unit"]
    lines = codes or ["total"]
    return page(
        desk,
        "compare.html",
        title=desk.say(told["label"]),
        business=desk.say(business.label),
        start=start,
        end=end,
        before=url + with_query({**kept, "day": (start - timedelta(days=1)).isoformat()}),
        after=url + with_query({**kept, "day": (end + timedelta(days=1)).isoformat()}),
        figures=[(each["name"], desk.say(each["label"])) for each in told["figures"]],
        figure=figure["name"],
        label=desk.say(figure["label"]),
        regions=sorted({each for each in regions.values() if each}),
        region=region,
        url=url,
        kept=kept,
        bars=_bars(places, periods[-1], codes, unit, f"/reports/{plugin}/{report}", start),
        total=figure_text(_plain(periods[-1].total), unit),
        plot=_plot(desk, places, periods, lines),
        ticks=unit,
        heads=[period.label for period in periods],
        rows=[
            (
                _name(desk, places, code),
                [figure_text(_plain(_of(period, code)), unit) for period in periods],
                n % SERIES_MAX,
            )
            for n, code in enumerate(lines)
        ],
        shown=lines[:SERIES_MAX],
        more=max(0, len(lines) - SERIES_MAX),
        say=lambda value: figure_text(_plain(value), unit),
        report_url=f"/reports/{plugin}/{report}" + with_query({"day": start.isoformat()}),
    )


def _listed(desk: Desk, plugin: Plugin, told: Mapping[str, Any]) -> tuple[str, str, list[tuple[str, str]]]:
    url = f"/compare/{plugin.name}/{told['report']}"
    figures = [(url + with_query({"figure": each["name"]}), desk.say(each["label"])) for each in told["figures"]]
    return url, desk.say(told["label"]), figures


def _figure(report: Report, told: Mapping[str, Any], name: str | None) -> Mapping[str, Any]:
    """Return the figure asked for, the first one otherwise; NotFound for one that is not the reader's to see."""
    known = {each["name"]: each for each in told["figures"]}
    if name and name not in known:
        what = Text(f"the report has no figure `{name}`", f"报表没有指标 `{name}`")
        raise NotFound((Problem("no-such-figure", what, fix=suggest(name, known)),))
    if not known:
        raise NotFound.of(
            "no-such-figure", f"{report.label.en} shows you no figure", f"{report.label.zh}没有您可查看的指标"
        )
    found: Mapping[str, Any] = known[name] if name else next(iter(known.values()))
    return found


def _period(told: Mapping[str, Any]) -> Period:
    start, end = told["start"].isoformat(), told["end"].isoformat()
    label = start[5:] if start == end else start[:7] if start[8:] == "01" else start[5:]
    stores = {store: _number(value) for store, value in told["stores"].items()}
    return Period(label, start, stores, _number(told["total"]))


def _codes(periods: Sequence[Period]) -> list[str]:
    """Return the stores that have figures, the largest of the last period first."""
    last = periods[-1].stores
    codes = dict.fromkeys(code for period in reversed(periods) for code in period.stores)
    return sorted(codes, key=lambda code: (-(last.get(code) or Decimal(0)), code))


def _bars(places: Places, period: Period, codes: Sequence[str], unit: str | None, url: str, day: date) -> list[Bar]:
    values = [period.stores.get(code) for code in codes]
    whole = sum((value for value in values if value is not None and value > 0), Decimal(0))
    return [
        Bar(
            places.name(code),
            figure_text(_plain(value), unit),
            share,
            url + with_query({"day": day.isoformat(), "store": code}),
            f"{value * 100 / whole:.0f} %" if value is not None and whole and unit != "percent" else "",
            n % SERIES_MAX,
        )
        for n, (code, value, share) in enumerate(zip(codes, values, plots.shares(values), strict=True))
    ]


def _plot(desk: Desk, places: Places, periods: Sequence[Period], codes: Sequence[str]) -> plots.Plot | None:
    shown = codes[:SERIES_MAX]
    names = [_name(desk, places, code) for code in shown]
    return plots.lines(names, [[_of(period, code) for period in periods] for code in shown])


def _of(period: Period, code: str) -> Figure:
    return period.total if code == "total" else period.stores.get(code)


def _name(desk: Desk, places: Places, code: str) -> str:
    return desk.words.all_together if code == "total" else places.name(code)


def _regions(desk: Desk) -> dict[str, str]:
    with desk.node.database.read() as connection:
        return {code: each.region for code, each in oversight.names(connection, desk.node).items()}


def _number(value: object) -> Figure:
    """Return a figure of a report as a number; a moment or a text is none, and is not plotted."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return None


def _plain(value: Figure) -> object:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else str(value)
