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
_SHORT = {
    "zh": ((Decimal(100_000_000), "亿"), (Decimal(10_000), "万")),
    "en": ((Decimal(1_000_000), "M"), (Decimal(1_000), "k")),
}


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of a report, branch beside branch in one period, and over the periods before it.

    ``rows`` are the lines of the table: what is said of each period, and by which colour the plot draws the branch.
    """

    label: str
    start: date
    end: date
    bars: list[Bar]
    total: str
    plot: plots.Plot | None
    ticks: list[str]
    heads: list[str]
    rows: list[tuple[str, list[str], int]]
    more: int


@router.get("/compare/{plugin}/{report}")
def compare(plugin: str, report: str, request: Request, desk: CurrentDesk) -> Response:
    """Compare the branches by one figure of a report (``figure``), in the period of ``day`` and those before it."""
    business, wanted = report_of(desk, plugin, report)
    asked = request.query_params
    region = asked.get("region", "")
    told = reports.head(desk.node, desk.actor, business, wanted, day_of(request))
    figure = _figure(wanted, told, asked.get("figure"))
    drawn = drawn_for(desk, business, wanted, figure, day_of(request), region)
    kept = {"figure": figure["name"], "day": drawn.start.isoformat(), "region": region}
    url = f"/compare/{plugin}/{report}"
    return page(
        desk,
        "compare.html",
        title=desk.say(told["label"]),
        business=desk.say(business.label),
        business_url="/compare" + with_query({"business": plugin}),
        drawn=drawn,
        before=url + with_query({**kept, "day": (drawn.start - timedelta(days=1)).isoformat()}),
        after=url + with_query({**kept, "day": (drawn.end + timedelta(days=1)).isoformat()}),
        figures=[(each["name"], desk.say(each["label"])) for each in told["figures"]],
        figure=figure["name"],
        regions=sorted({each for each in _regions(desk).values() if each}),
        region=region,
        url=url,
        kept=kept,
        report_url=f"/reports/{plugin}/{report}" + with_query({"day": drawn.start.isoformat()}),
    )


def drawn_for(
    desk: Desk, business: Plugin, report: Report, figure: Mapping[str, Any], day: date | None, region: str = ""
) -> Comparison:
    """Return one figure (as ``reports.head`` names it) of the period that ``day`` is in, and of those before it."""
    places, regions, unit = places_of(desk), _regions(desk), figure["unit"]
    count = PERIODS.get(report.period, 6)
    found = reports.trend(desk.node, desk.actor, business, report, figure["name"], day, count)
    periods = [_period(each) for each in found]
    codes = [code for code in _codes(periods) if region in ("", regions.get(code, ""))]
    lines = codes or ["total"]
    plot = _plot(desk, places, periods, lines)
    start = found[-1]["start"]
    return Comparison(
        desk.say(figure["label"]),
        start,
        found[-1]["end"],
        _bars(places, periods[-1], codes, unit, f"/reports/{business.name}/{report.name}", start),
        figure_text(_plain(periods[-1].total), unit),
        plot,
        [tick_text(desk, tick.value, unit) for tick in plot.ticks] if plot else [],
        [period.label for period in periods],
        [
            (_name(desk, places, code), [figure_text(_plain(_of(p, code)), unit) for p in periods], n % SERIES_MAX)
            for n, code in enumerate(lines)
        ],
        max(0, len(lines) - SERIES_MAX),
    )


def tick_text(desk: Desk, value: Decimal, unit: str | None) -> str:
    """Return a mark of an axis as short as it can be told: ¥30万, ¥300k; what is small stands as it is."""
    size, word = next(((s, w) for s, w in _SHORT[desk.language] if abs(value) >= s), (Decimal(1), ""))
    if unit == "percent" or not word:
        return figure_text(f"{value.normalize():f}", unit).removesuffix(".00")
    return f"{'¥' if unit == 'CNY' else ''}{(value / size).normalize():f}{word}"


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
