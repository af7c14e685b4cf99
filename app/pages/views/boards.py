"""Records laid out: by state, by day of the month. One for every record type, and as the plugins' views say."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.actions.buttons import beginnings
from app.pages.frame.desk import CurrentDesk, Desk, list_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing import columns as cols
from app.pages.showing.coming import comes_about
from app.pages.showing.speaking import spoken
from app.pages.showing.speaking import title as spoken_title
from app.pages.showing.values import Shown, shown_field, shown_state, tone_of
from app.pages.views.lists import Source
from core.language.definition import RecordType
from core.model.errors import NotFound
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.sight import Sight

router = APIRouter(include_in_schema=False)
CARDS = 30  # of one column of a board
DAY_MAX = 500  # of one month
CARD_LINES = 4


@dataclass(frozen=True, slots=True)
class Card:
    """One record on a board or in a day: its name, a few of its fields, its state."""

    title: str
    url: str
    lines: list[tuple[str, Shown]] = field(default_factory=list)
    state: Shown | None = None


@dataclass(frozen=True, slots=True)
class Stack:
    """One column of a board."""

    label: str
    tone: str
    url: str
    cards: list[Card]
    count: int
    more: bool


@router.get("/board/{plugin}/{record}")
def board(plugin: str, record: str, desk: CurrentDesk) -> Response:
    """Show a record type by state."""
    kind = desk.record(plugin, record)
    return draw_board(desk, Source(kind, f"/board/{kind.plugin}/{kind.name}", desk.say(kind.label)), (), "state")


@router.get("/calendar/{plugin}/{record}")
def month(plugin: str, record: str, request: Request, desk: CurrentDesk) -> Response:
    """Show a record type by day."""
    kind = desk.record(plugin, record)
    dated = cols.first_date(_sight(desk, kind))
    if dated is None:
        raise NotFound.of("no-date", "these records have no date", "该类记录没有日期字段")
    source = Source(kind, f"/calendar/{kind.plugin}/{kind.name}", desk.say(kind.label))
    return draw_month(desk, source, dated, (), request.query_params.get("month"))


def draw_board(desk: Desk, source: Source, card: Sequence[str], by: str) -> Response:
    """Return a board: a column for each value of the field ``by``, the fullest states first seen."""
    record = source.record
    sight = _sight(desk, record)
    found = [_stack(desk, source, sight, card, by, value) for value in _values(desk, record, by)]
    stacks = [stack for stack in found if stack is not None]
    return page(
        desk,
        "board.html",
        comes="" if any(stack.cards for stack in stacks) else comes_about(desk, record),
        source=source,
        record=record,
        stacks=stacks,
        actions=beginnings(desk, record),
        tab="board",
        layouts=cols.layouts(record, sight),
    )


def draw_month(desk: Desk, source: Source, dated: str, card: Sequence[str], asked: str | None) -> Response:
    """Return the month of a calendar, weeks beginning on Monday."""
    record, first = source.record, _month(desk, source.record, asked)
    following = (first + timedelta(days=32)).replace(day=1)
    edges = _edge(desk, record, dated, first), _edge(desk, record, dated, following)
    where: list[tuple[str, str, object]] = [(dated, "ge", edges[0]), (dated, "lt", edges[1])]
    found = records.query(desk.node, desk.actor, record, where=where, sort=[dated], limit=DAY_MAX, only=source.only)
    sight, days = _sight(desk, record), dict[str, list[Card]]()
    for row in found.rows:
        days.setdefault(str(row[dated])[:10], []).append(_card(desk, record, sight, card, row))
    weeks = calendar.Calendar().monthdatescalendar(first.year, first.month)
    return page(
        desk,
        "calendar.html",
        source=source,
        record=record,
        actions=beginnings(desk, record),
        dated=dated,
        first=first,
        weeks=weeks,
        days=days,
        today=desk.node.calendar(record.plugin).business_date(desk.node.now()),
        before=source.url + with_query({"month": (first - timedelta(days=1)).strftime("%Y-%m")}),
        after=source.url + with_query({"month": following.strftime("%Y-%m")}),
        tab="calendar",
        layouts=cols.layouts(record, sight),
    )


def _values(desk: Desk, record: RecordType, by: str) -> list[tuple[str, str]]:
    if by == "state":
        return [(name, desk.say(label)) for name, label in record.states.items()]
    options = record.fields[by].spec.options or {}
    return [(name, desk.say(label)) for name, label in options.items()]


def _stack(
    desk: Desk, source: Source, sight: Sight, card: Sequence[str], by: str, value: tuple[str, str]
) -> Stack | None:
    """Return one column; None for a state that is over and empty: it would only take room."""
    record, (key, label) = source.record, value
    found = records.query(
        desk.node, desk.actor, record, where=[(by, "eq", key)], limit=CARDS, total=True, only=source.only
    )
    tone = tone_of(record, key) if by == "state" else "active"
    if not found.rows and tone == "over":
        return None
    cards = [_card(desk, record, sight, card, row) for row in found.rows]
    return Stack(label, tone, list_url(record, **{by: key}), cards, found.total or 0, found.more)


def _card(desk: Desk, record: RecordType, sight: Sight, names: Sequence[str], row: Mapping[str, Any]) -> Card:
    title = spoken_title(desk, record, row) or cols.title_of(desk, record, row)
    lines = []
    for name in names or cols.usual(desk, record, sight):
        one = record.fields.get(name)  # number, state and timers of a card stand elsewhere on it
        value = (spoken(desk, record, name, row) or shown_field(desk, one, row)) if one is not None else None
        if one is not None and value is not None and value.kind != "none" and value.text != title:
            lines.append((desk.say(one.label), value))
    return Card(title, cols.link(record, row), lines[:CARD_LINES], shown_state(desk, record, row["state"]))


def _sight(desk: Desk, record: RecordType) -> Sight:
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        reading.check_role(record)
        return reading.sight_of(record)


def _month(desk: Desk, record: RecordType, asked: str | None) -> date:
    try:
        return date.fromisoformat(f"{asked}-01")
    except ValueError:
        return desk.node.calendar(record.plugin).business_date(desk.node.now()).replace(day=1)


def _edge(desk: Desk, record: RecordType, dated: str, day: date) -> str:
    """Return where a day begins in terms of the field: the day itself, or its first instant here."""
    if record.fields[dated].spec.type == "date":
        return day.isoformat()
    return datetime(day.year, day.month, day.day, tzinfo=desk.node.zone).isoformat()
