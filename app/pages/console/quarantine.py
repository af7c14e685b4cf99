"""The quarantine: what headquarters could not merge, why, and what to do about it: try again, or give it up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.chain.acts import discard, try_again
from app.chain.overseeing import directs
from app.pages.console.overseer import ChiefForm, OverseerDesk
from app.pages.frame.desk import Desk, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import FormBody
from app.pages.showing.names import name_of
from app.pages.showing.values import NOTHING, Shown, shown, shown_moment
from core.language.definition import RecordType
from core.model.change import Entry
from core.model.errors import NodeError, Text
from core.model.values import INT_MAX, Cell
from stores.changes import log, quarantine
from stores.changes.quarantine import UNKNOWN_TYPE, WAITING, Kept, unknown_type
from stores.changes.quarantine import Deed as Held
from stores.reads import oversight
from stores.reads.reading import Reading

router = APIRouter(include_in_schema=False)
SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One line that is held back: to which record, and what it would change (label, old, new)."""

    kind: str
    name: str
    url: str | None
    fields: list[tuple[str, Shown, Shown]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Deed:
    """What one action did, all of it held back together."""

    place: Held
    store: str
    why: str
    at: Shown
    happened: Shown
    who: str
    what: str
    tries: int
    waits: bool
    way_out: str = ""
    changes: list[Change] = field(default_factory=list)


@router.get("/quarantine")
def inbox(request: Request, desk: OverseerDesk) -> Response:
    """Show what is held back at headquarters, oldest first; ``store`` only that of one branch."""
    return _inbox(desk, request.query_params.get("store", ""), request.query_params)


@router.post("/quarantine/retry")
def retry(desk: ChiefForm) -> Response:
    """Try everything once more: a plugin may have been installed, a post given."""
    merged, left = try_again(desk.node)
    return RedirectResponse("/quarantine" + with_query({"merged": merged, "left": left or "0"}), status_code=303)


@router.post("/quarantine/discard")
def give_up(form: FormBody, desk: ChiefForm) -> Response:
    """Give up one change for good, with a reason."""
    try:
        discard(desk.node, desk.actor, form.text("origin"), form.text("tx"), form.text("reason"))
    except NodeError as error:
        return _inbox(desk, "", {}, error)
    return RedirectResponse("/quarantine?given_up=1", status_code=303)


def _inbox(desk: Desk, store: str, said: Mapping[str, str], error: NodeError | None = None) -> Response:
    w = desk.words
    after = _after(said.get("after", ""))
    deeds = held_lines(desk, store, SHOWN_MAX + 1, after)
    with desk.node.database.read() as connection:
        total = quarantine.deed_count(connection, store)
    note = w.of("tried_again", said["merged"], said["left"]) if "merged" in said and "left" in said else ""
    return page(
        desk,
        "console/quarantine.html",
        status=error.status if error else 200,
        title=w.held_back,
        deeds=deeds[:SHOWN_MAX],
        total=total,
        next_url=_following(deeds[SHOWN_MAX - 1], store) if len(deeds) > SHOWN_MAX else None,
        store=store,
        note=w.given_up if "given_up" in said else note,
        may_act=directs(desk.actor),
        problems=error.problems if error else (),
        types="core.conflict",
    )


def held_lines(desk: Desk, store: str = "", limit: int = SHOWN_MAX, after: Held | None = None) -> list[Deed]:
    """Return what is held back, one entry per action, oldest first, those behind ``after``."""
    with desk.node.database.read() as connection:
        held = quarantine.deeds(connection, limit, store, after)
        names = oversight.names(connection, desk.node)
        groups = [quarantine.of_deed(connection, each.origin, each.tx) for each in held]
        entries = [{e.seq: e for e in log.of_deed(connection, each.origin, each.seq)} for each in held]
        reading = Reading(connection, desk.node, desk.actor)
        opened = {key: _open_fields(reading, kind) for key, kind in desk.catalog.records.items()}
    called = {code: desk.say(placard.name) for code, placard in names.items()}
    return [
        _deed(desk, group, lines, opened, called.get(group[0].sender, group[0].sender))
        for group, lines in zip(groups, entries, strict=True)
    ]


def _following(last: Deed, store: str) -> str:
    """Return the address of the page behind a deed."""
    place = last.place
    return "/quarantine" + with_query({"store": store, "after": f"{place.kept_at}~{place.origin}~{place.seq}"})


def _after(text: str) -> Held | None:
    """Return the place that an address goes on behind; None for the first page, and for an address nobody gave out."""
    kept_at, _, rest = text.partition("~")
    origin, _, seq = rest.partition("~")
    return Held(kept_at, origin, int(seq), "") if seq.isdecimal() and int(seq) <= INT_MAX else None


def _deed(
    desk: Desk, group: list[Kept], lines: Mapping[int, Entry], opened: Mapping[str, frozenset[str]], store: str
) -> Deed:
    kept = group[0]
    entry = lines.get(kept.seq)
    kind = desk.catalog.records.get(entry.action.rpartition(".")[0]) if entry else None
    action = kind.actions.get(entry.action.rpartition(".")[2]) if kind and entry else None
    who = NOTHING.text if entry is None else name_of(desk, "core.staff", entry.actor) or ""
    return Deed(
        Held(kept.kept_at, kept.origin, kept.seq, kept.tx),
        store,
        desk.say(_why(desk, kept)),
        shown_moment(desk, kept.kept_at),
        shown_moment(desk, entry.at) if entry else NOTHING,
        desk.words.system if entry and entry.actor == "system" else who or desk.words.somebody,
        desk.say(action.label) if action else _unknown(desk, entry.action) if entry else "",
        kept.tries,
        kept.code == WAITING.code,
        desk.say(quarantine.WAYS_OUT[kept.code]) if kept.code in quarantine.WAYS_OUT else "",
        [_change(desk, each, lines[each.seq], opened) for each in group if each.seq in lines],
    )


def _why(desk: Desk, kept: Kept) -> Text:
    """Return why a line is held back. Which plugin is missing is said as it is now: one may have come since."""
    return unknown_type(desk.catalog, kept.type).what if kept.code == UNKNOWN_TYPE else kept.why


def _unknown(desk: Desk, action: str) -> str:
    """Return what a step is called that no plugin here has: by its business, or by the plugin to install."""
    plugin, _, _ = action.partition(".")
    found = desk.catalog.plugins.get(plugin)
    return f"{desk.say(found.label) if found else plugin} · {desk.words.step_unknown}"


def _change(desk: Desk, kept: Kept, entry: Entry, opened: Mapping[str, frozenset[str]]) -> Change:
    kind = desk.catalog.records.get(kept.type)
    if kind is None:
        return Change("", desk.words.held_type, None)
    name = name_of(desk, kind.key, kept.pk)
    shows = opened[kind.key]
    told = [
        (desk.say(kind.fields[n].label), _value(desk, kind, n, old, shows), _value(desk, kind, n, new, shows))
        for n, (old, new) in entry.body.items()
        if n in kind.fields
    ]
    return Change(
        desk.say(kind.label), name or desk.words.not_for_you, record_url(kind, kept.pk) if name else None, told
    )


def _value(desk: Desk, kind: RecordType, name: str, cell: Cell, shows: frozenset[str]) -> Shown:
    if cell is None:
        return NOTHING
    if name not in shows:
        return Shown("mask", "•••")
    spec = kind.fields[name].spec
    told = spec.told(cell, desk.node.zone)
    if not spec.reads(cell):  # it may be held back for exactly that
        return Shown("text", str(told))
    called = name_of(desk, spec.to, str(told)) if spec.type == "ref" and spec.to else None
    return shown(desk, spec, told, {str(told): called} if called else {})


def _open_fields(reading: Reading, kind: RecordType) -> frozenset[str]:
    """Return the fields of a type that the person reads in clear; none where he does not read the type."""
    sight = reading.sight_of(kind)
    names: Iterable[Any] = () if sight.blind else sight.fields()
    return frozenset(each.name for each in names if sight.is_open(each.name))
