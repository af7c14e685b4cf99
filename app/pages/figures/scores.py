"""Scorecards: one card per person and period, worked out now while it is open; each line with what it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from app.chain.overseeing import oversees
from app.pages.frame.desk import CurrentDesk, Desk, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing import columns as cols
from app.pages.showing.coming import comes_about
from app.pages.showing.names import name_of
from app.pages.showing.places import Places, places_of
from app.pages.views.lists import sight_of
from app.web.reports import cards
from core.language.definition import Scorecard, ScoreItem
from core.model.errors import NotFound
from core.model.scope import HEADQUARTERS
from stores.acts.scorecards import not_set
from stores.reads.reading import Reading
from stores.reads.scores import Part, counted, records_behind

router = APIRouter(include_in_schema=False)
ROWS = 50
STORES_MAX = 5  # whose empty weights are named


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a card, as text."""

    label: str
    weight: str
    target: str
    value: str
    score: str
    problem: str = ""
    behind: list[tuple[str, str]] = field(default_factory=list)  # address, what is found there


@dataclass(frozen=True, slots=True)
class Card:
    """One card: whose, what it comes to, and its lines."""

    subject: str
    store: str
    problem: str
    url: str
    total: str
    band: str
    open: bool
    lines: list[Line]


@router.get("/scores/{plugin}/{card}")
def scores(plugin: str, card: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the cards of the period that ``day`` is in, the best first."""
    asked = request.query_params
    store = asked.get("store", "")
    wanted = {"store": store} if store else {}
    told: dict[str, Any] = cards(desk, plugin, card, asked.get("day"), wanted, asked.get("cursor"))
    places, above = places_of(desk), desk.actor.store == HEADQUARTERS
    rule = desk.catalog.plugin(plugin).scorecards[card]
    found = [_card(desk, plugin, rule, row, places) for row in told["rows"]]
    found.sort(key=lambda each: _figure(each.total), reverse=True)
    start = date.fromisoformat(str(told["period"]))
    calendar = desk.node.calendar(plugin)
    end = calendar.period(rule.period, start).end
    url = f"/scores/{plugin}/{card}"
    return page(
        desk,
        "scores.html",
        title=desk.say(rule.label),
        cards=found,
        comes="" if found else comes_about(desk, desk.catalog.record(plugin, card)),
        unset=[(places.name(code), *_unset(desk, plugin, rule, code)) for code in _unscored(told["rows"])],
        stores=[(each.code, places.name(each.code)) for each in places.all()] if places.is_chain and above else [],
        store=store,
        day=start.isoformat(),
        next_url=url + with_query({"day": start, "store": store, "cursor": told["next"]}) if told["next"] else None,
        start=start,
        end=end,
        before=url + with_query({"day": (start - timedelta(days=1)).isoformat(), "store": store}),
        after=url + with_query({"day": (end + timedelta(days=1)).isoformat(), "store": store}),
        url=url,
        types=" ".join(sorted(r.key for r in desk.catalog.records.values() if r.plugin == plugin)),
    )


@router.get("/scores/{plugin}/{card}/{card_id}/{item}")
def behind(plugin: str, card: str, card_id: str, item: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the records that a line of one card counts, as far as the person may see them."""
    kind, asked = desk.record(plugin, card), request.query_params
    rule = desk.catalog.plugin(plugin).scorecards.get(card)
    if rule is None:
        raise NotFound.of("no-such-scorecard", f"there is no scorecard `{card}`", f"没有考核表 `{card}`")
    part: Part = "target" if asked.get("part") == "target" else "value"
    found = records_behind(
        desk.node, desk.actor, kind, rule, card_id, item, part, limit=ROWS, cursor=asked.get("cursor")
    )
    record = desk.catalog.records[counted(rule.items[item])[part].record]
    columns = cols.chosen(desk, record, sight_of(desk, record), ())
    kept = {key: value for key, value in asked.multi_items() if key != "cursor"}
    return page(
        desk,
        "behind.html",
        title=desk.say(rule.items[item].label),
        back=record_url(kind, card_id),
        report=desk.say(rule.label),
        columns=columns,
        total=found.total,
        rows=[(cols.link(record, r), [cols.cell(desk, record, c, r, {}) for c in columns]) for r in found.rows],
        next_url=request.url.path + with_query({**kept, "cursor": found.next}) if found.next else None,
    )


def _unscored(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the stores of cards that have no total yet."""
    return sorted({str(row["store"]) for row in rows if row.get("total") is None})[:STORES_MAX]


def _unset(desk: Desk, plugin: str, rule: Scorecard, store: str) -> tuple[list[str], str]:
    """Return (labels of the weights that hold nowhere above a store nor in it, where they are set)."""
    business = desk.catalog.plugin(plugin)
    with desk.node.database.read() as connection:
        missing = not_set(rule, desk.node.settings(connection, plugin, store))
    where = with_query({"plugin": plugin, "store": store if oversees(desk.actor) else ""})
    return [desk.say(business.settings[name].label) for name in missing], f"/settings{where}"


def _card(desk: Desk, plugin: str, rule: Scorecard, row: Mapping[str, Any], places: Places) -> Card:
    record = desk.catalog.record(plugin, rule.name)
    subject = row.get("_refs", {}).get(row["subject"]) or name_of(desk, rule.subject, str(row["subject"])) or "—"
    items: Mapping[str, Mapping[str, Any]] = row.get("items") or {}
    lines = [
        _line(desk, item, items.get(name, {}), _behind(desk, plugin, rule, str(row["id"]), item))
        for name, item in rule.items.items()
    ]
    band = row.get("band")
    whole = {line.problem for line in lines}
    if len(whole) == 1:  # of the card, not of its lines
        lines = [replace(line, problem="") for line in lines]
    return Card(
        subject,
        places.name(str(row["store"])) if places.is_chain and desk.actor.store == HEADQUARTERS else "",
        whole.pop() if len(whole) == 1 else "",
        record_url(record, str(row["id"])),
        _text(row.get("total")),
        _band(desk, rule, band),
        bool(row.get("open")),
        lines,
    )


def _line(desk: Desk, item: ScoreItem, told: Mapping[str, Any], behind: list[tuple[str, str]]) -> Line:
    problem = told.get("problem")
    said = str(problem[desk.language]) if problem else ""
    if told.get("weight") is None and not said:
        said = desk.words.not_configured
    return Line(
        desk.say(item.label),
        _text(told.get("weight")),
        _text(told.get("target")),
        _text(told.get("value")),
        _text(told.get("score")),
        said,
        behind,
    )


def _behind(desk: Desk, plugin: str, rule: Scorecard, card_id: str, item: ScoreItem) -> list[tuple[str, str]]:
    """Return where the records stand that a line counts: its own for the person and the period, and no others."""
    found = []
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        for part, aggregate in counted(item).items():
            kind = desk.catalog.records[aggregate.record]
            if not reading.sight_of(kind).blind:
                asked = with_query({"part": part if part != "value" else ""})
                word = desk.words.target if part == "target" else desk.words.value
                url = f"/scores/{plugin}/{rule.name}/{card_id}/{item.name}{asked}"
                found.append((url, f"{word}{desk.words.colon}{desk.say(kind.label)}"))
    return found


def _band(desk: Desk, rule: Scorecard, band: object) -> str:
    if band is None:
        return "—"
    label = rule.band_labels.get(str(band))
    return desk.say(label) if label else str(band)


def _text(value: object) -> str:
    return "—" if value is None else str(value)


def _figure(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0
