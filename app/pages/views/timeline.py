"""The night at a glance: rooms by time. The server draws the bars; dragging or the arrow keys move them.

What may be moved where is not decided here: a move is an ordinary action that asks for the row's field. The page only
knows beforehand what the record's ``exclusive`` rule would refuse, and does not let a bar be dropped there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import Request, Response

from app.pages.actions.buttons import beginnings
from app.pages.actions.choices import matching
from app.pages.frame.desk import Desk, action_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing import columns as cols
from app.pages.showing.values import shown_field, tone_of
from app.pages.views.lists import Source
from core.language.definition import SYSTEM, Exclusive, RecordType
from core.language.expressions import EmptyValue, Row, RuleError, holds
from stores import rows as stored
from stores.acts import explain
from stores.reads import due, records
from stores.world import NodeWorld

STAFF = "core.staff"
ROWS_MAX = 200
BARS_MAX = 400
WIDTH = 1200  # units of the drawing; it is as wide as there is room
SHORTEST = timedelta(minutes=30)  # a bar without a length is still to be hit with a finger
LEAD = timedelta(hours=1)
NARROWEST = 40.0  # units


@dataclass(frozen=True, slots=True)
class Bar:
    """One record in its row. ``block``: what it keeps others from having there; ``wants``: what it would need."""

    id: str
    title: str
    note: str
    url: str
    tone: str
    x: float
    width: float
    due: str = ""
    open_end: bool = False
    move: str = ""
    seen: str = ""
    block: str = ""
    wants: str = ""


@dataclass(frozen=True, slots=True)
class Lane:
    """One row: a room, or (empty id) what has none yet."""

    id: str
    label: str
    note: str = ""
    bars: list[Bar] = field(default_factory=list)

    def room(self, bar: Bar) -> float:
        """Return how wide the words of a bar may be: up to the next one, for a short bar has names as long as others'.

        What has no row yet stands one below the other.
        """
        following = (other.x for other in self.bars if self.id and other.x > bar.x)
        return max(round(min(following, default=WIDTH) - bar.x, 1), bar.width)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a view lays its records out: in rows by a field, from one moment to another, with a few fields written in."""

    record: RecordType
    rows_by: str
    span: list[str]
    card: list[str]


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time that is drawn."""

    start: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        """Return where a moment is, inside the drawing."""
        part = (moment - self.start) / (self.end - self.start)
        return round(min(max(part, 0.0), 1.0) * WIDTH, 1)

    def marks(self, zone: Any) -> list[tuple[float, str]]:
        """Return the full hours, or the days of a long stretch, with their places."""
        step = timedelta(hours=1) if self.end - self.start <= timedelta(hours=30) else timedelta(days=1)
        first = self.start.astimezone(zone).replace(minute=0, second=0, microsecond=0)
        text = "%H" if step < timedelta(days=1) else "%m-%d"
        found, moment = [], first
        while moment < self.end:
            if moment >= self.start:
                found.append((self.x(moment), moment.strftime(text)))
            moment += step
        return found


def draw_timeline(desk: Desk, source: Source, view: Mapping[str, Any], request: Request) -> Response:
    """Return the timeline of one business day (or of two weeks, when its records last for days)."""
    record = source.record
    calendar = desk.node.calendar(record.plugin)
    today = calendar.business_date(desk.node.now())
    day = _day(request.query_params.get("day"), today)
    span = [str(each) for each in view["span"]]
    layout = Layout(record, str(view["rows"]), span, [str(each) for each in view.get("card", ())])
    rows_by = layout.rows_by
    window = _window(desk, record, span, day)
    found = _rows_of(desk, source, window, span)
    beside = [name.partition(".")[2] for name in view.get("columns", ())]
    lanes = _lanes(desk, record, rows_by, beside)
    types = [r.key for r in desk.catalog.plugin(record.plugin).records.values()] if beside else [record.key]
    with desk.node.database.read() as connection:
        drawn = [(row, _bar(connection, desk, layout, row, window)) for row in found]
    for row, bar in ((row, bar) for row, bar in drawn if bar is not None):
        key = str(row.get(rows_by) or "")
        if key in lanes:
            lanes[key].bars.append(bar)
    for lane in lanes.values():
        lane.bars[:] = _readable(lane.bars) if lane.id else lane.bars
    step = window.end - window.start
    days = 1 if step <= timedelta(hours=30) else 14
    return page(
        desk,
        "timeline.html",
        source=source,
        record=record,
        lanes=_in_order(record, rows_by, lanes.values()),
        actions=beginnings(desk, record),
        types=" ".join(types),
        rows_by=rows_by,
        rows_of=desk.catalog.records.get(record.fields[rows_by].spec.to or ""),
        marks=window.marks(desk.node.zone),
        now_x=window.x(desk.node.now()) if window.start <= desk.node.now() <= window.end else None,
        width=WIDTH,
        day=day,
        before=source.url + with_query({"day": (day - timedelta(days=days)).isoformat()}),
        after=source.url + with_query({"day": (day + timedelta(days=days)).isoformat()}),
        today_url=source.url,
        is_today=day == today,
    )


def _day(asked: str | None, today: date) -> date:
    try:
        return date.fromisoformat(asked or "")
    except ValueError:
        return today


def _window(desk: Desk, record: RecordType, span: list[str], day: date) -> Window:
    """Return the opening hours of a day with an hour before; the whole day without any; two weeks for whole days."""
    calendar = desk.node.calendar(record.plugin)
    first = record.fields.get(span[0])
    if first is not None and first.spec.type == "date":
        return Window(calendar.start_of(day), calendar.start_of(day + timedelta(days=14)))
    spans = calendar.spans(day)
    if not spans:
        return Window(calendar.start_of(day), calendar.end_of(day))
    return Window(spans[0][0] - LEAD, spans[-1][1])


def _rows_of(desk: Desk, source: Source, window: Window, span: list[str]) -> list[dict[str, Any]]:
    """Return the records that begin inside the window, and those that have no beginning yet but belong to the view."""
    record = source.record
    first = record.fields.get(span[0])
    where: list[tuple[str, str, object]] = []
    if first is not None and first.stored and source.only is None:
        from_, to = window.start.isoformat(), window.end.isoformat()
        if first.spec.type == "date":
            from_, to = from_[:10], to[:10]
        where = [(span[0], "ge", from_), (span[0], "le", to)]
    found = records.query(desk.node, desk.actor, record, where=where, limit=BARS_MAX, only=source.only)
    return found.rows


def _lanes(desk: Desk, record: RecordType, rows_by: str, beside: Sequence[str]) -> dict[str, Lane]:
    """Return the rows in order of their names, what has no row yet first; ``beside`` are fields to write to a name."""
    spec = record.fields[rows_by].spec
    lanes = {"": Lane("", desk.words.no_room_yet)}
    if spec.type == "enum":
        lanes |= {key: Lane(key, desk.say(label)) for key, label in (spec.options or {}).items()}
    elif spec.to in desk.catalog.records:
        target = desk.catalog.records[str(spec.to)]
        choices = matching(desk, target, "", ROWS_MAX)
        notes = _notes(desk, target, [each.key for each in choices], beside) if beside else {}
        lanes |= {each.key: Lane(each.key, each.label, notes.get(each.key, "")) for each in choices}
    return lanes


def _notes(desk: Desk, target: RecordType, ids: Sequence[str], beside: Sequence[str]) -> dict[str, str]:
    """Return what stands beside the names of rows, by record: how a room is now, whoever is in it."""
    where: list[tuple[str, str, object]] = [("id", "in", list(ids))]
    found = records.query(desk.node, desk.actor, target, where=where, limit=ROWS_MAX, fields=list(beside))
    fields = [target.fields[name] for name in beside if name in target.fields]
    return {
        str(row["id"]): " · ".join(told.text for each in fields if (told := shown_field(desk, each, row)).text)
        for row in found.rows
    }


def _readable(bars: Sequence[Bar]) -> list[Bar]:
    """Return the bars of a row without what no longer holds it where something else stands: one hides the other."""
    kept: list[Bar] = []
    for bar in sorted(bars, key=lambda bar: (not bar.block, -bar.width)):
        if bar.block or not bar.wants or not any(_meet(bar, other) for other in kept):
            kept.append(bar)
    return [bar for bar in bars if bar in kept]


def _meet(one: Bar, other: Bar) -> bool:
    return one.x < other.x + other.width and other.x < one.x + one.width


def _in_order(record: RecordType, rows_by: str, lanes: Iterable[Lane]) -> list[Lane]:
    """Return the rows as they stand; of people those first who have something: most of a staff never have."""
    people = record.fields[rows_by].spec.to == STAFF
    return sorted(lanes, key=lambda lane: people and bool(lane.id) and not lane.bars)


def _bar(connection: Any, desk: Desk, layout: Layout, row: Mapping[str, Any], window: Window) -> Bar | None:
    """Return a record as a bar; None when it lies outside the window."""
    record, rows_by, span = layout.record, layout.rows_by, layout.span
    whole = stored.get(connection, desk.node, record, str(row["id"]))
    world = NodeWorld(connection, desk.node, record.plugin, str(row["store"]))
    timers = {each.name: each.at for each in due.of_record(connection, record.key, whole.id)}
    start = _moment(desk, row, span[0], timers)
    end = _moment(desk, row, span[1], timers) if len(span) > 1 else None
    told = explain.available(world, record, whole, desk.actor, desk.language)
    rule = _rule(record, rows_by)
    running = rule is not None and _runs(rule, world.env(whole, desk.node.now(), desk.actor))
    if start is None:
        start = min(desk.node.now(), (end - SHORTEST) if end else desk.node.now())
    stop = max(end or _ended(desk, row, gone=rule is not None and not running) or start, start + SHORTEST)
    if stop < window.start or start > window.end:
        return None
    others = _others(rule, whole, rows_by)
    x = window.x(start)
    return Bar(
        id=whole.id,
        title=cols.title_of(desk, record, row),
        note=_note(desk, layout, row),
        url=record_url(record, whole.id),
        tone=tone_of(record, str(row["state"])) if row["state"] else "active",
        x=x,
        width=max(window.x(stop) - x, NARROWEST),
        due=end.astimezone(desk.node.zone).isoformat(timespec="milliseconds") if end and _ticks(record, span) else "",
        open_end=end is None and (rule is None or running),
        move=_mover(record, told, whole.id, rows_by),
        seen=str(row["updated_at"] or ""),
        block=others if running else "",
        wants=others,
    )


def _ended(desk: Desk, row: Mapping[str, Any], *, gone: bool) -> datetime | None:
    """Return until when a bar without an end is drawn: till now, or until what is ``gone`` was written last."""
    now = desk.node.now()
    return min(now, datetime.fromisoformat(str(row["updated_at"]))) if gone and row.get("updated_at") else now


def _moment(desk: Desk, row: Mapping[str, Any], name: str, timers: Mapping[str, datetime]) -> datetime | None:
    if name in timers:
        return timers[name]
    value = row.get(name)
    if not value or name in row.get("_masked", ()):
        return None
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=desk.node.zone)
    return moment.astimezone(UTC)


def _ticks(record: RecordType, span: list[str]) -> bool:
    return span[-1] in record.timers


def _note(desk: Desk, layout: Layout, row: Mapping[str, Any]) -> str:
    fields = [layout.record.fields[name] for name in layout.card if name in layout.record.fields]
    return " · ".join(shown.text for each in fields if (shown := shown_field(desk, each, row)).text)


def _mover(record: RecordType, told: Iterable[Mapping[str, Any]], record_id: str, rows_by: str) -> str:
    """Return the address of an action that does nothing but give another row, allowed now; empty when there is none."""
    for each in told:
        action = record.actions[str(each["action"])]
        asks = {ask.name: ask for ask in action.ask}
        alone = rows_by in asks and not any(ask.spec.required for name, ask in asks.items() if name != rows_by)
        if each["allowed"] and alone and set(action.by) != {SYSTEM}:
            return action_url(record, action.name, record_id)
    return ""


def _rule(record: RecordType, rows_by: str) -> Exclusive | None:
    return next((each for each in record.exclusive.values() if rows_by in each.key), None)


def _runs(rule: Exclusive, env: Any) -> bool:
    try:
        return holds(rule.running, env)
    except (EmptyValue, RuleError):
        return False


def _others(rule: Exclusive | None, row: Row, rows_by: str) -> str:
    """Return the rest of the exclusive key: two records with the same one may not share a row."""
    if rule is None:
        return ""
    return "|".join(str(row.values.get(name)) for name in rule.key if name != rows_by) or "*"
