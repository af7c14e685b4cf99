"""The closing of days: which days of which store are all at headquarters, counted and signed there; which are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from fastapi import APIRouter, Request, Response

from app.chain.branches import TONES, Branch, branches_of
from app.chain.overseeing import check_overseer
from app.pages.console.overseer import OverseerDesk
from app.pages.frame.desk import CurrentDesk, Desk, with_query
from app.pages.frame.drawing import page
from app.pages.frame.line import line_words
from app.pages.showing.places import places_of
from app.pages.showing.values import Shown, shown_moment
from core.model.errors import Forbidden, NotFound
from stores.changes import log
from stores.storage import closings
from stores.storage.closings import Closing
from sync.closing import business_day, is_proven, signing_key

router = APIRouter(include_in_schema=False)
DAYS = 7  # beside each other at headquarters
ROWS = 31  # days of one store on a page


@dataclass(frozen=True, slots=True)
class Day:
    """One closed day of one log. ``proof``: whether signature and log agree, None where that cannot be checked."""

    day: str
    records: int
    changes: int
    waiting: int
    lines: str
    head: str
    origin: str
    signed: Shown
    proof: bool | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one store in the picture: its words and their colour; ``title`` tells it whole."""

    label: str
    text: str
    tone: str = "quiet"
    title: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One store: its last days, and how it stands."""

    name: str
    url: str
    last: str
    says: str
    tone: str
    line: str
    line_tone: str
    cells: list[Cell]

    @property
    def is_open(self) -> bool:
        """Whether a day that has ended is not closed."""
        return self.tone == "warn"


@router.get("/closings")
def overview(request: Request, desk: CurrentDesk) -> Response:
    """Show, at headquarters, the last days of every store; at a branch its own days."""
    if not desk.node.is_hub:
        return _days(desk, desk.node.store, request)
    check_overseer(desk.actor)
    today = _today(desk)
    days = [today - timedelta(days=back) for back in range(DAYS, 0, -1)]
    with desk.node.database.read() as connection:
        recent = closings.since(connection, days[0].isoformat())
        last = {store: list(found) for store, found in groupby(closings.latest(connection), lambda each: each.store)}
    by_store = {store: list(found) for store, found in groupby(recent, lambda each: each.store)}
    branches = branches_of(desk.service, desk.catalog)
    rows = [_row(desk, b, last.get(b.placard.code, []), by_store.get(b.placard.code, []), days) for b in branches]
    open_only = request.query_params.get("show") == "open"
    return page(
        desk,
        "console/closings.html",
        title=desk.words.closings,
        days=[_label(desk, day) for day in days],
        rows=[row for row in rows if row.is_open or not open_only],
        open=sum(row.is_open for row in rows),
        total=len(rows),
        open_only=open_only,
    )


@router.get("/closings/{store}")
def store_days(store: str, request: Request, desk: OverseerDesk) -> Response:
    """Show the closed days of one store, the latest first, each with its proof."""
    return _days(desk, store, request)


def brief(desk: Desk) -> tuple[str, str] | None:
    """Return (words, colour) about the last day that ended, for the first page of a branch; None at headquarters."""
    return None if desk.node.is_hub else last_day(desk, desk.node.store)


def last_day(desk: Desk, store: str) -> tuple[str, str]:
    """Return (words, colour) for how the days of one store stand; at a branch also what is still to be sent."""
    worker = desk.service.worker
    if worker is not None and (fault := worker.status().unclosed) is not None:
        return desk.say(fault.what), "bad"
    with desk.node.database.read() as connection:
        last = closings.last_day(connection, store)
        waiting = 0 if desk.node.is_hub else log.unsent(connection)[0]
    return _said(desk, last, waiting)


def _days(desk: Desk, store: str, request: Request) -> Response:
    if desk.actor.store not in {store, "hq"}:
        raise Forbidden.of("role", "this is for the people of the store", "仅本店人员可以查看")
    before = request.query_params.get("before")
    places = places_of(desk)
    with desk.node.database.read() as connection:
        found = closings.of_store(connection, store, before, ROWS + 1)
        days = list(dict.fromkeys(each.day for each in found))
        key = signing_key(connection, desk.node) if found else None
        wanted = [each for each in found if each.day in days[:ROWS]]
        shown = [_day(desk, each, is_proven(connection, key, each) if key else None) for each in wanted]
    if not found and not before and store not in places.codes:
        raise NotFound.of("no-such-branch", f"there is no branch `{store}`", f"没有门店 `{store}`")
    url = f"/closings/{store}" if desk.node.is_hub else "/closings"
    said, tone = last_day(desk, store)
    return page(
        desk,
        "console/closing.html",
        title=places.name(store) if desk.node.is_hub else desk.words.closings,
        crumb=desk.node.is_hub,
        said="" if before else said,
        tone=tone,
        days=shown,
        first_url=url if before else None,
        next_url=url + with_query({"before": days[ROWS - 1]}) if len(days) > ROWS else None,
    )


def _said(desk: Desk, last: Sequence[Closing], waiting: int) -> tuple[str, str]:
    w = desk.words
    late = (_today(desk) - date.fromisoformat(last[0].day)).days - 1 if last else 0
    if not last:
        return w.never_closed, "quiet"
    if late > 0:
        said = w.of("days_open", late) + w.between + w.of("closed_until", last[0].day)
        return said + (w.between + w.of("waiting", waiting) if waiting else ""), "warn"
    said = w.of("day_closed", last[0].day, sum(each.records for each in last))
    held = sum(each.waiting for each in last)
    return (said + w.between + w.of("held_of_day", held), "warn") if held else (said, "good")


def _row(desk: Desk, branch: Branch, last: Sequence[Closing], recent: Sequence[Closing], days: Sequence[date]) -> Row:
    by_day = {day: list(found) for day, found in groupby(recent, lambda each: each.day)}
    until = date.fromisoformat(last[0].day) if last else None
    joined = min((business_day(desk.node, each.since, _ends(desk)) for each in branch.stations), default=None)
    says, tone = _standing(desk, until, joined)
    if branch.state in {"shut", "closed"}:  # nobody is there who could close a day
        (says, tone), until, joined = (line_words(desk, branch), "quiet"), None, None
    return Row(
        desk.say(branch.placard.name),
        f"/closings/{branch.placard.code}",
        last[0].day if last else "",
        says,
        tone,
        line_words(desk, branch),
        TONES[branch.state],
        [_cell(desk, day, by_day.get(day.isoformat(), []), until, joined) for day in days],
    )


def _standing(desk: Desk, until: date | None, joined: date | None) -> tuple[str, str]:
    """Return (words, colour) for how far a store's days are closed; ``joined`` is None where no node stands."""
    w, yesterday = desk.words, _today(desk) - timedelta(days=1)
    if joined is None:
        return w.no_node, "good"
    if until is None:
        return (w.never_closed, "warn") if joined <= yesterday else (w.joined_today, "good")
    late = (yesterday - until).days
    return (w.of("days_open", late), "warn") if late > 0 else (w.is_closed, "good")


def _cell(desk: Desk, day: date, closed: Iterable[Closing], until: date | None, joined: date | None) -> Cell:
    w, found, label = desk.words, list(closed), _label(desk, day)
    if found:
        records, held = sum(each.records for each in found), sum(each.waiting for each in found)
        title = w.of("day_closed", day.isoformat(), records)
        tone = "warn" if held else "good"
        return Cell(label, str(records), tone, title + (w.between + w.of("held_of_day", held) if held else ""))
    if until is not None and day > until:
        return Cell(label, w.not_closed, "warn")
    if joined is None or day < joined:
        return Cell(label, "")
    return Cell(label, "—", title=w.nothing_that_day) if until is not None else Cell(label, w.not_closed, "warn")


def _day(desk: Desk, each: Closing, proof: bool | None) -> Day:
    signed = shown_moment(desk, datetime.fromtimestamp(each.time / 1000, UTC).isoformat())
    lines = f"{each.after + 1}–{each.seq}" if each.changes else "—"
    day = f"{each.day} {_weekday(desk, date.fromisoformat(each.day))}"
    return Day(day, each.records, each.changes, each.waiting, lines, each.hash[:12], each.origin, signed, proof)


def _label(desk: Desk, day: date) -> str:
    return f"{day:%m-%d} {_weekday(desk, day)}"


def _weekday(desk: Desk, day: date) -> str:
    return str(desk.words.weekdays.split(" ")[day.weekday()])


def _today(desk: Desk) -> date:
    """Return the business day that is running: a night belongs to the day before."""
    return business_day(desk.node, desk.node.now(), _ends(desk))


def _ends(desk: Desk) -> timedelta:
    return timedelta(seconds=desk.service.settings.sync.day_ends)
