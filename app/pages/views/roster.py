"""The roster of a week: the people of the store by days, planned by ticking, and who is there today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, action_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form, FormBody
from app.pages.showing.values import Shown, shown_state
from app.web.actions import carry_out
from core.model.errors import Forbidden, NodeError, SignInNeeded
from stores.acts.permission import check_may
from stores.reads import records
from stores.world import NodeWorld

router = APIRouter(include_in_schema=False)
URL = "/roster"
PEOPLE_MAX = 200
PAGE_MAX, PAGES_MAX = 500, 4  # of a week: two hundred people on seven days
DAYS = 7
CANCELLED, PLANNED, PRESENT = "dropped", "planned", "present"
Filters = list[tuple[str, str, object]]
Failed = tuple[str, NodeError]  # the cell, and why it could not be made so


@dataclass(frozen=True, slots=True)
class Shift:
    """One duty of a person on a day. ``press``: the word and address of what can be done about it now."""

    id: str
    url: str
    hours: tuple[str, str]
    state: Shown
    planned: bool
    press: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one person. ``may_plan``: it can be ticked; ``like``: the hours it would have, as last week."""

    key: str
    shifts: list[Shift]
    away: bool
    may_plan: bool
    like: str = ""

    @property
    def ticked(self) -> bool:
        """Whether the person is planned, or would be as last week."""
        return bool(self.like) or any(shift.planned for shift in self.shifts)


@dataclass(frozen=True, slots=True)
class Week:
    """What is known of the days that are shown, and of the week before: rows of core's records."""

    monday: date
    duties: Mapping[tuple[str, str], list[Mapping[str, Any]]]  # (person, day) -> duties
    away: Sequence[Mapping[str, Any]] = field(default_factory=list)

    @property
    def days(self) -> list[date]:
        """The days that are shown."""
        return [self.monday + timedelta(days=number) for number in range(DAYS)]


@router.get(URL)
def roster(request: Request, desk: CurrentDesk) -> Response:
    """Show the roster of the week that holds the day ``week``; ``like=last`` ticks what last week had."""
    asked = request.query_params
    return _draw(desk, _monday(desk, asked.get("week")), like=asked.get("like") == "last")


@router.post(URL)
def plan(form: FormBody, desk: FormDesk) -> Response:
    """Make the roster what was ticked: a shift for every new tick, none where one was taken away."""
    monday = _monday(desk, form.text("week"))
    told = list(_carried_out(desk, form))
    if told:
        return _draw(desk, monday, problems=told)
    return RedirectResponse(URL + with_query({"week": monday.isoformat(), "done": 1}), status_code=303)


def _carried_out(desk: Desk, form: Form) -> Iterable[Failed]:
    """Carry out what differs; yield whose day could not be made so, and why. The other days are saved."""
    ticked = {each.partition("|")[0]: each.partition("|")[2] for each in form.all("on")}
    had = [each.split("|") for each in form.all("had")]
    for key, duty in (pair for pair in had if len(pair) == 2):
        if key not in ticked:
            yield from _tried(desk, key, duty, "drop", {})
    for key, like in ticked.items():
        person, _, day = key.partition("@")
        if key not in {pair[0] for pair in had}:
            yield from _tried(desk, key, None, "plan", {"staff": person, "day": day, **_hours(form, day, like)})


def _tried(desk: Desk, key: str, duty: str | None, action: str, ask: dict[str, object]) -> Iterable[Failed]:
    try:
        carry_out(desk, "core", "duty", duty, action, {"ask": ask})
    except SignInNeeded:
        raise
    except NodeError as error:
        yield key, error


def _hours(form: Form, day: str, like: str) -> dict[str, object]:
    """Return the ends of a shift: as last week, else as entered for the whole week. One may end after midnight."""
    first, _, last = like.partition("-") if like else (form.text("starts"), "", form.text("ends"))
    try:
        starts, ends = (datetime.combine(date.fromisoformat(day), time.fromisoformat(each)) for each in (first, last))
    except ValueError:
        return {}  # the action says that a shift has a beginning and an end
    ends += timedelta(days=ends <= starts)
    return {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}


def _draw(desk: Desk, monday: date, *, like: bool = False, problems: Sequence[Failed] = ()) -> Response:
    week, before = _week(desk, monday), _week(desk, monday - timedelta(days=DAYS))
    today = desk.node.calendar("core").business_date(desk.node.now())
    may = _may_plan(desk)
    people = _people(desk)
    rows = [
        (one, [_cell(desk, week, before if like else None, one, day, today, may=may) for day in week.days])
        for one in people
    ]
    names = {str(one["id"]): str(one["name"]) for one in people}
    starts, ends = _usual_hours(desk, [week, before])
    return page(
        desk,
        "roster.html",
        status=422 if problems else 200,
        rows=rows,
        days=week.days,
        today=today,
        may=may and week.days[-1] >= today,
        starts=starts,
        ends=ends,
        here=[len([1 for _, cells in rows if any(s.planned or s.press for s in cells[n].shifts)]) for n in range(DAYS)],
        like=URL + with_query({"week": monday.isoformat(), "like": "last"}) if before.duties else "",
        before=URL + with_query({"week": (monday - timedelta(days=DAYS)).isoformat()}),
        after=URL + with_query({"week": (monday + timedelta(days=DAYS)).isoformat()}),
        url=URL,
        list_url="/records/core/duty",
        monday=monday,
        said=desk.words.roster_saved if desk.request.query_params.get("done") else "",
        problems=[
            (names.get(key.partition("@")[0], ""), key.partition("@")[2], each.problems) for key, each in problems
        ],
    )


def _cell(
    desk: Desk, week: Week, before: Week | None, person: Mapping[str, Any], day: date, today: date, *, may: bool
) -> Cell:
    own = week.duties.get((str(person["id"]), day.isoformat()), [])
    shifts = [_shift(desk, row, may=may and day == today) for row in own]
    stands = any(not shift.planned for shift in shifts)
    last = before.duties.get((str(person["id"]), (day - timedelta(days=DAYS)).isoformat()), []) if before else []
    hours = _clock(desk, last[0]) if last and not own else ("", "")
    free = may and day >= today and not stands
    like = f"{hours[0]}-{hours[1]}" if free and all(hours) else ""
    return Cell(f"{person['id']}@{day.isoformat()}", shifts, _is_away(desk, week, person, day), free, like)


def _shift(desk: Desk, row: Mapping[str, Any], *, may: bool) -> Shift:
    kind = desk.record("core", "duty")
    steps = {PLANNED: "arrive", PRESENT: "sign_out"}
    action = steps.get(str(row["state"])) if may else None
    press = (desk.say(kind.actions[action].label), action_url(kind, action, str(row["id"]))) if action else None
    planned = row["state"] == PLANNED
    return Shift(
        str(row["id"]), record_url(kind, str(row["id"])), _clock(desk, row), shown_state(desk, kind, row["state"]),
        planned, press,
    )  # fmt: skip


def _clock(desk: Desk, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return from when until when a person is planned, or was there, as times of day."""
    first, last = row.get("starts_at") or row.get("in_at"), row.get("ends_at") or row.get("out_at")
    texts = [
        datetime.fromisoformat(str(each)).astimezone(desk.node.zone).strftime("%H:%M") if each else ""
        for each in (first, last)
    ]
    return texts[0], texts[1]


def _usual_hours(desk: Desk, weeks: Iterable[Week]) -> tuple[str, str]:
    """Return the shift that was planned most often of late, else the store's working hours."""
    found = Counter(_clock(desk, row) for week in weeks for rows in week.duties.values() for row in rows)
    usual = next((hours for hours, _ in found.most_common() if all(hours)), None)
    if usual is not None:
        return usual
    with desk.node.database.read() as connection:
        settings = desk.node.settings(connection, "core", desk.actor.store)
    told = [settings.get(name) for name in ("work_starts", "work_ends")]
    first, last = (each.strftime("%H:%M") if isinstance(each, time) else "" for each in told)
    return first, last


def _is_away(desk: Desk, week: Week, person: Mapping[str, Any], day: date) -> bool:
    calendar = desk.node.calendar("core")
    first, last = calendar.start_of(day), calendar.end_of(day)
    for row in week.away:
        ends = row.get("back_at") or row.get("to_at")
        from_at = datetime.fromisoformat(str(row["from_at"]))
        if row["staff"] == person["id"] and from_at < last and (not ends or datetime.fromisoformat(str(ends)) > first):
            return True
    return False


def _monday(desk: Desk, asked: str | None) -> date:
    try:
        day = date.fromisoformat(asked or "")
    except ValueError:
        day = desk.node.calendar("core").business_date(desk.node.now())
    return day - timedelta(days=day.weekday())


def _people(desk: Desk) -> list[dict[str, Any]]:
    staff = desk.record("core", "staff")
    where: Filters = [("active", "eq", True), ("store", "eq", desk.actor.store)]
    found = records.query(desk.node, desk.actor, staff, where=where, sort=["name"], limit=PEOPLE_MAX)
    return found.rows


def _week(desk: Desk, monday: date) -> Week:
    days = (monday.isoformat(), (monday + timedelta(days=DAYS - 1)).isoformat())
    where: Filters = [
        ("day", "ge", days[0]),
        ("day", "le", days[1]),
        ("store", "eq", desk.actor.store),
    ]
    duties: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in _rows(desk, "duty", where):
        if row["state"] != CANCELLED:
            duties.setdefault((str(row["staff"]), str(row["day"])), []).append(row)
    return Week(
        monday,
        duties,
        [*_away(desk, "absence", days, []), *_away(desk, "time_off", days, [("state", "eq", "granted")])],
    )


def _away(desk: Desk, name: str, days: tuple[str, str], more: Filters) -> list[dict[str, Any]]:
    """Return absences that touch the days, as far as the person may read them."""
    until = desk.node.calendar("core").end_of(date.fromisoformat(days[1])).isoformat()
    where: Filters = [("from_at", "lt", until), ("store", "eq", desk.actor.store), *more]
    try:
        return _rows(desk, name, where)
    except Forbidden:
        return []


def _rows(desk: Desk, name: str, where: Filters) -> list[dict[str, Any]]:
    """Return the records of core that are meant, newest first, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    for _ in range(PAGES_MAX):
        part = records.query(
            desk.node, desk.actor, desk.record("core", name), where=where, limit=PAGE_MAX, cursor=cursor
        )
        found += part.rows
        cursor = part.next
        if cursor is None:
            break
    return found


def _may_plan(desk: Desk) -> bool:
    duty = desk.record("core", "duty")
    with desk.node.database.read() as connection:
        try:
            check_may(
                NodeWorld(connection, desk.node, "core", desk.actor.store), duty, duty.actions["plan"], desk.actor
            )
        except Forbidden:
            return False
    return True
