"""What branches can be compared by: every figure of every report, by business and record, and one of them drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.figures.comparing import drawn_for
from app.pages.frame.desk import CurrentDesk, Desk, with_query
from app.pages.frame.drawing import page
from app.web.figures import day_of
from core.language.definition import Plugin
from stores.reads import reports

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Offer:
    """One figure to compare branches by; ``group`` is the record it counts, or what it is where it counts none."""

    label: str
    group: str
    report: str
    period: str
    url: str
    plugin: Plugin
    of: str  # name of the report
    told: Mapping[str, Any]

    def matches(self, words: str) -> bool:
        """Return whether every word stands in what is said of it."""
        text = f"{self.label} {self.group} {self.report} {self.period}".casefold()
        return all(word in text for word in words.casefold().split())


@router.get("/compare")
def index(request: Request, desk: CurrentDesk) -> Response:
    """Show what branches can be compared by; ``business`` picks one, ``q`` holds words to find, the first is drawn."""
    asked = request.query_params
    words, wanted = asked.get("q", ""), asked.get("business", "")
    every = [each for plugin in desk.catalog.plugins.values() for each in _offers(desk, plugin, request)]
    businesses = list(dict.fromkeys((each.plugin.name, desk.say(each.plugin.label)) for each in every))
    found = [each for each in every if wanted in ("", each.plugin.name) and each.matches(words)]
    first = _first(found)
    report = first.plugin.reports[first.of] if first else None
    return page(
        desk,
        "compare_index.html",
        title=desk.words.compare,
        groups=_grouped(desk, found),
        businesses=businesses,
        kept={"q": words, "business": wanted},
        any=bool(every),
        first=first,
        business=desk.say(first.plugin.label) if first else "",
        drawn=drawn_for(desk, first.plugin, report, first.told, day_of(request)) if first and report else None,
    )


def _offers(desk: Desk, plugin: Plugin, request: Request) -> Iterator[Offer]:
    for told in reports.listed(desk.node, desk.actor, plugin, day_of(request)):
        report, period = plugin.reports[told["report"]], plugin.reports[told["report"]].period
        for each in told["figures"]:
            kind = desk.catalog.records.get(str(each.get("of")))
            yield Offer(
                desk.say(each["label"]),
                desk.say(kind.label) if kind else desk.words.composed,
                desk.say(told["label"]),
                desk.words[f"every_{period}"],
                f"/compare/{plugin.name}/{report.name}" + with_query({"figure": each["name"]}),
                plugin,
                report.name,
                each,
            )


def _first(found: Sequence[Offer]) -> Offer | None:
    """Return the figure that is drawn unasked: an amount of money by the month where there is one."""

    def rank(offer: Offer) -> tuple[bool, bool]:
        return offer.told.get("unit") != "CNY", offer.plugin.reports[offer.of].period != "month"

    return min(found, key=rank, default=None)


def _grouped(desk: Desk, found: Sequence[Offer]) -> list[tuple[str, list[tuple[str, list[Offer]]]]]:
    """Return the figures by business and, in it, by the record they count; what is worked out from others last."""
    businesses: dict[str, dict[str, list[Offer]]] = {}
    for each in sorted(found, key=lambda offer: "of" not in offer.told):
        businesses.setdefault(each.plugin.name, {}).setdefault(each.group, []).append(each)
    order = [name for name in desk.catalog.plugins if name in businesses]
    return [(desk.say(desk.catalog.plugins[name].label), list(businesses[name].items())) for name in order]
