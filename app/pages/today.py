"""The first page: what needs me now, in order of due time, with why; what I am told; what waits for my signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from app.chain.branches import branches_of
from app.chain.overseeing import oversees
from app.pages.actions.buttons import Button, allowed_now
from app.pages.console import closings
from app.pages.console.chain import Overview, overview
from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, list_url, record_url
from app.pages.frame.drawing import page
from app.pages.frame.forms import FormBody
from app.pages.frame.menu import readable
from app.pages.showing import columns as cols
from app.pages.showing.names import name_of
from app.pages.showing.speaking import about_url, entered
from app.pages.showing.values import Shown, shown_moment, shown_state, tone_of
from app.web.guidance import guidance_for
from core.language.definition import SYSTEM, RecordType
from core.model.errors import Forbidden
from stores.acts import notices, settling
from stores.acts.permission import acting_roles
from stores.reads import due, records
from stores.reads.reading import Reading
from stores.world import NodeWorld

router = APIRouter(include_in_schema=False)
LOOKED_AT = 300  # armed timers; what falls due after these is not for today
SHOWN_MAX = 40
NOTICES_MAX = 60
TILES_FIRST = 5  # one row at a desk: what is due stands below them, and is to be seen
NOTICES_FIRST = 8  # shown without being asked for
ACTIONS_MAX = 3  # buttons beside one thing that is due
NOTICE, REQUEST = "core.notice", "core.request"


@dataclass(frozen=True, slots=True)
class Task:
    """One deadline of one record that the person can do something about."""

    title: str
    brief: str
    url: str
    kind: str
    state: Shown
    what: str
    due: str
    at: Shown
    can: list[Button] = field(default_factory=list)


@router.get("/")
def today(desk: CurrentDesk) -> Response:
    """Show the day of the person at the desk."""
    requests, told = list(_requests(desk)), list(_notices(desk))
    return page(
        desk,
        "today.html",
        tasks=_tasks(desk),
        tiles=list(_tiles(desk)),
        tiles_first=TILES_FIRST,
        notices=told,
        notices_first=NOTICES_FIRST,
        more_notices=len(told) >= NOTICES_MAX,
        to_sign=[each for each in requests if each["mine_to_sign"]],
        asked=[each for each in requests if each["mine"]],
        chain=_chain(desk),
        closed=closings.brief(desk),
        guidance=list(_duties(desk)),
        types=" ".join(sorted(desk.catalog.records)),
    )


@router.post("/notices/seen")
def all_seen(form: FormBody, desk: FormDesk) -> Response:
    """Say that one has read all the notices that this page showed; one that has come since stays."""
    for notice_id in form.text("ids").split():
        notices.acknowledge(desk.node, notice_id, desk.actor)
    return RedirectResponse("/", status_code=303)


@router.post("/notices/{notice_id}/seen")
def seen(notice_id: str, desk: FormDesk) -> Response:
    """Say that one has read a notice."""
    notices.acknowledge(desk.node, notice_id, desk.actor)
    return RedirectResponse("/", status_code=303)


@router.post("/requests/{request_id}/sign")
def sign(request_id: str, form: FormBody, desk: FormDesk) -> Response:
    """Sign a request that waits for one's post."""
    settling.sign(desk.node, request_id, desk.actor, form.text("reason") or None)
    return RedirectResponse("/", status_code=303)


@router.post("/requests/{request_id}/withdraw")
def withdraw(request_id: str, form: FormBody, desk: FormDesk) -> Response:
    """Take back what one has asked for."""
    settling.withdraw(desk.node, request_id, desk.actor, form.text("reason") or None)
    return RedirectResponse("/", status_code=303)


def _chain(desk: Desk) -> Overview | None:
    """Return the chain at a glance for those who look after it: its figures, and the branches that need care."""
    if not (oversees(desk.actor) and desk.node.is_hub):
        return None
    return overview(desk, branches_of(desk.service, desk.catalog), care="1")


def _kinds(desk: Desk) -> list[RecordType]:
    """Return the record types the person reads, those of a business first."""
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        plugins = sorted(desk.catalog.plugins.values(), key=lambda plugin: plugin.name == "core")
        return [kind for plugin in plugins for kind in readable(desk, reading, plugin)]


def _tasks(desk: Desk) -> list[Task]:
    """Return what is due next among the records that the person sees and can act on."""
    kinds = {kind.key: kind for kind in _kinds(desk) if kind.timers}
    if not kinds:
        return []
    with desk.node.database.read() as connection:
        found = due.upcoming(connection, kinds, LOOKED_AT)
    visible = {
        key: _visible(desk, kind, [each.id for each in found if each.type == key]) for key, kind in kinds.items()
    }
    tasks: list[Task] = []
    for each in found:
        row = visible[each.type].get(each.id)
        if row is None or len(tasks) >= SHOWN_MAX:
            continue
        kind = kinds[each.type]
        can = allowed_now(desk, kind, each.id)
        timer = kind.timers.get(each.name)
        if not can or timer is None:
            continue
        then = desk.say(kind.actions[timer.then].label)
        tasks.append(
            Task(
                cols.title_of(desk, kind, row),
                cols.brief_of(desk, kind, row),
                record_url(kind, each.id),
                desk.say(kind.label),
                shown_state(desk, kind, row["state"]),
                f"{desk.say(timer.label)} → {then}" if timer.label else then,
                each.at.astimezone(desk.node.zone).isoformat(timespec="milliseconds"),
                shown_moment(desk, each.at.isoformat()),
                can[:ACTIONS_MAX],
            )
        )
    return tasks


def _visible(desk: Desk, kind: RecordType, ids: list[str]) -> dict[str, Mapping[str, Any]]:
    if not ids:
        return {}
    wanted = list(dict.fromkeys(ids))[:200]
    found = records.query(desk.node, desk.actor, kind, where=[("id", "in", wanted)], limit=records.LIMIT_MAX)
    return {str(row["id"]): row for row in found.rows}


def _tiles(desk: Desk) -> Iterator[tuple[str, str, int, bool, str]]:
    """Yield (address, words, count, more than that, colour) for each state in which the person has work to do."""
    for kind in _kinds(desk):
        if kind.origin != "record" or kind.plugin == "core":
            continue
        with desk.node.database.read() as connection:
            roles = acting_roles(NodeWorld(connection, desk.node, kind.plugin, desk.actor.store), desk.actor, kind)
        for name, label in kind.states.items():
            if kind.is_work(name) and _works_on(kind, name, roles):
                found = records.query(desk.node, desk.actor, kind, where=[("state", "eq", name)], limit=1, total=True)
                if found.total:
                    words = f"{desk.say(kind.label)} · {desk.say(label)}"
                    yield list_url(kind, state=name), words, found.total, found.more, tone_of(kind, name)


def _works_on(kind: RecordType, state: str, roles: set[str]) -> bool:
    """Whether one of the roles moves records on from a state: what anybody may do in any state is no work in hand."""
    return any(
        action.sources is not None and state in action.sources and roles & (set(action.by) - {SYSTEM})
        for action in kind.actions.values()
    )


def _notices(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield what the person has been told and has not yet acknowledged, newest first."""
    kind = desk.catalog.records[NOTICE]
    try:
        found = records.query(desk.node, desk.actor, kind, limit=NOTICES_MAX)
    except Forbidden:
        return
    for row in found.rows:
        told = desk.actor.id in (row["to"] or []) or set(row["roles"] or []) & desk.actor.roles
        if told and desk.actor.id not in (row["seen_by"] or []):
            url = about_url(desk, row)
            yield {"id": row["id"], "text": row[desk.language], "at": shown_moment(desk, row["sent_at"]), "url": url}


def _requests(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield what waits for confirmation and concerns the person: to sign, or asked for by himself."""
    kind = desk.catalog.records[REQUEST]
    try:
        found = records.query(desk.node, desk.actor, kind, where=[("state", "eq", "waiting")], limit=SHOWN_MAX)
    except Forbidden:
        return
    for row in found.rows:
        record = desk.catalog.records.get(str(row["record_type"]))
        action = record.actions.get(str(row["action"])) if record else None
        if record is None or action is None:
            continue
        signed = {each.get("by") for each in row["signed"] or [] if isinstance(each, Mapping)}
        mine = row["actor"] == desk.actor.id
        needed = set(row["needs"] or []) & desk.actor.roles
        yield {
            "id": row["id"],
            "what": f"{desk.say(record.label)} · {desk.say(action.label)}",
            "url": record_url(record, str(row["record_id"])) if row["record_id"] else record_url(kind, str(row["id"])),
            "name": name_of(desk, record.key, str(row["record_id"] or "")) or "",
            "who": row["actor_name"] or "",
            "at": shown_moment(desk, row["made_at"]),
            "reason": row["reason"] or "",
            "entered": entered(desk, record, action.name, row["ask"]) if isinstance(row["ask"], Mapping) else [],
            "mine": mine,
            "mine_to_sign": bool(needed) and desk.actor.id not in signed and not mine,
        }


def _duties(desk: Desk) -> Iterator[dict[str, Any]]:
    """Yield what the house rules ask of the person's posts wherever he works."""
    for plugin in desk.catalog.plugins.values():
        for each in guidance_for(desk, plugin):
            if any(str(place).startswith("role:") for place in each["at"]):  # type: ignore[attr-defined]
                yield each
