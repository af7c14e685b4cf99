"""One record: what stands in it, what can be done, what is due, what it is connected to, what happened to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.actions.buttons import buttons, said_of
from app.pages.actions.candidates import said
from app.pages.actions.sections import arranged, holding, sections_of
from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, record_url
from app.pages.frame.drawing import page
from app.pages.frame.forms import FormBody
from app.pages.records.disputed import disputed
from app.pages.records.elsewhere import elsewhere_of
from app.pages.records.papers import papers_of
from app.pages.records.related import following, related
from app.pages.showing import columns as cols
from app.pages.showing.names import name_of
from app.pages.showing.places import places_of
from app.pages.showing.speaking import TYPES, spoken, title
from app.pages.showing.values import (
    NOTHING,
    Shown,
    duration_text,
    located,
    money_text,
    shown,
    shown_field,
    shown_moment,
    shown_state,
)
from app.web.files import download
from app.web.guidance import guidance_for
from app.web.history import history_of
from app.web.why import explained
from core.language.definition import RecordType
from core.model.errors import Forbidden, NodeError
from core.model.fields import FieldSpec
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.sight import Sight

router = APIRouter(include_in_schema=False)
RELATED_ROWS = 6
_LONG = frozenset({"list", "map", "images"})
_UPLOADED = frozenset({"file", "image", "images", "signature"})


@dataclass(frozen=True, slots=True)
class Fact:
    """One field of the page. ``reveal``: it is masked, and the person may see it in full for a reason."""

    name: str
    label: str
    value: Shown
    worked_out: bool = False
    reveal: bool = False
    wide: bool = False


@router.get("/records/{plugin}/{record}/{record_id}")
def record_page(plugin: str, record: str, record_id: str, request: Request, desk: CurrentDesk) -> Response:
    """Show one record."""
    kind = desk.record(plugin, record)
    asked = request.query_params
    return draw_record(desk, kind, record_id, said=said_of(desk, kind, asked.get("done"), asked.get("sent")))


@router.post("/records/{plugin}/{record}/{record_id}/reveal")
def reveal(plugin: str, record: str, record_id: str, form: FormBody, desk: FormDesk) -> Response:
    """Show one masked field in full; who looked, at what and why is in the log before it is shown."""
    kind = desk.record(plugin, record)
    name = form.text("field")
    if name not in kind.fields:
        raise Forbidden.of("reveal-refused", "you may not see this field in clear", "您无权查看该字段的完整内容")
    try:
        value = records.reveal(desk.node, desk.actor, kind, record_id, name, form.text("reason"))
    except NodeError as error:
        return draw_record(desk, kind, record_id, error=error)
    clear = {name: shown(desk, kind.fields[name].spec, value, {})}
    return draw_record(desk, kind, record_id, said=desk.words.revealed, clear=clear)


@router.get("/records/{plugin}/{record}/{record_id}/files/{field}/{digest}")
def file(plugin: str, record: str, record_id: str, field: str, digest: str, desk: CurrentDesk) -> Response:
    """Return a file that the record names, or a page that says why not."""
    return download(plugin, record, record_id, field, digest, desk)


def draw_record(
    desk: Desk,
    kind: RecordType,
    record_id: str,
    *,
    said: str = "",
    error: NodeError | None = None,
    clear: Mapping[str, Shown] | None = None,
) -> Response:
    """Return the page of a record; ``clear`` are fields shown in full this once."""
    row = records.fetch(desk.node, desk.actor, kind, record_id)
    told = explained(desk, kind, record_id)
    with desk.node.database.read() as connection:
        sight = Reading(connection, desk.node, desk.actor).sight_of(kind)
    facts = facts_of(desk, sight, row, clear or {})
    acts = buttons(kind, record_id, told["actions"], row["state"])
    return page(
        desk,
        "record.html",
        status=error.status if error else 200,
        record=kind,
        row=row,
        title=title(desk, kind, row) or cols.title_of(desk, kind, row),
        brief=cols.brief_of(desk, kind, row),
        state=shown_state(desk, kind, row["state"]),
        sections=_sections(desk, kind, record_id, facts),
        computed=[each for each in facts if each.worked_out],
        acts=[each for each in acts if each.why is None],
        not_now=[each for each in acts if each.why is not None],
        timers=[_timer(desk, kind, each) for each in told["timers"]],
        ledger=[_entry(desk, kind, each) for each in told["ledger"]],
        picks=[_pick(desk, kind, each) for each in told["dispatch"]],
        related=list(related(desk, kind, record_id)),
        following=list(following(desk, kind, row)),
        papers=papers_of(desk, kind, record_id),
        disputes=disputed(desk, kind, record_id),
        waiting=_waiting(desk, kind, record_id),
        elsewhere=elsewhere_of(desk, kind, row),
        steps=_steps(desk, kind, record_id, row),
        changed=_changed(desk, row),
        said=said,
        problems=error.problems if error else (),
        guidance=guidance_for(desk, desk.catalog.plugin(kind.plugin), kind.name),
    )


def facts_of(desk: Desk, sight: Sight, row: Mapping[str, Any], clear: Mapping[str, Shown]) -> list[Fact]:
    """Return the fields of a record that the person sees; ``clear`` are those shown in full this once."""
    may_reveal = {each for rule in sight.rules if rule.reveal for each in sight.record.fields if each not in rule.hide}
    found = []
    twice = cols.said_twice(desk, sight.record)
    for each in sight.fields():
        if each.name in row and each.name not in twice:
            told = spoken(desk, sight.record, each.name, row)
            value = clear.get(each.name) or told or shown_field(desk, each, row)
            value = located(value, f"{record_url(sight.record, row['id'])}/files/{each.name}")
            wide = value.kind != "none" and (each.spec.type in _LONG or len(value.text) > 60)
            reveal = value.kind == "mask" and each.name in may_reveal
            found.append(Fact(each.name, desk.say(each.label), value, not each.stored, reveal, wide))
    return found


def _sections(desk: Desk, kind: RecordType, record_id: str, facts: Iterable[Fact]) -> list[tuple[str, list[Fact]]]:
    """Return the fields under the headings of the plugin's form view, without the sections that are not there now.

    What is in none of them comes last, and only what stands there: nobody waits to fill it in.
    """
    known = sections_of(desk, kind)
    shown = holding(desk, kind, known, record_id)
    found = list(arranged(known, {each.name: each for each in facts if not each.worked_out}))
    rest = desk.words.further if known else desk.words.details
    told = [
        (section.label, inside) if section in known else (rest, [each for each in inside if not known or _stands(each)])
        for section, inside in found
        if shown.get(id(section), True)
    ]
    return [(label, inside) for label, inside in told if inside]


def _stands(fact: Fact) -> bool:
    return fact.value.kind != "none"


def _timer(desk: Desk, kind: RecordType, told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deadline with its rule, what it was worked out from, and the days it walked past."""
    timer = kind.timers.get(str(told["name"]))
    label = desk.say(timer.label) if timer and timer.label else str(told.get("then", told["name"]))
    inputs = [_input(desk, kind, name, str(value)) for name, value in told.get("inputs", {}).items()]
    due = _iso(desk, told["due"])
    return {**told, "label": label, "due": due, "shown": shown_moment(desk, due), "inputs": inputs}


def _input(desk: Desk, kind: RecordType, path: str, value: str) -> tuple[str, str]:
    """Return what a deadline was worked out from as people call it, and how they write it."""
    owner, _, name = path.partition(".")
    known: Mapping[str, Any] = desk.catalog.plugin(kind.plugin).settings if owner == "settings" else kind.fields
    if name not in known:
        own = {"written_at": desk.words.written_at, "state": desk.words.state, "number": desk.words.number}
        return own.get(name, path), shown_moment(desk, value).text
    spec = known[name].spec
    if spec.type in {"datetime", "duration", "time", "enum", "money", "date"} and value != "—":
        return desk.say(known[name].label), shown(desk, spec, value, {}).text
    return desk.say(known[name].label), value


def _iso(desk: Desk, cell: object) -> str:
    return datetime.fromisoformat(str(cell)).astimezone(desk.node.zone).isoformat(timespec="milliseconds")


def _entry(desk: Desk, kind: RecordType, told: Mapping[str, Any]) -> dict[str, Any]:
    plugin = desk.catalog.plugin(kind.plugin)
    ledger = plugin.ledgers[str(told["ledger"])]
    record = desk.catalog.record(kind.plugin, ledger.name)
    amount = money_text(told["amount"]) if ledger.unit == "CNY" else str(told["amount"])
    return {
        **told,
        "label": desk.say(ledger.label),
        "url": record_url(record, str(told["id"])),
        "amount": amount,
        "state": shown_state(desk, record, told["state"]),
        "at": shown_moment(desk, told["at"]),
    }


def _pick(desk: Desk, kind: RecordType, told: Mapping[str, Any]) -> dict[str, Any]:
    policy = desk.catalog.plugin(kind.plugin).dispatch.get(str(told["policy"]).rpartition(".")[2])
    keys = {key.name: desk.say(key.label) for key in policy.prefer} if policy else {}
    ranking = said(desk, policy, told["ranking"] or []) if policy else []
    chosen = next((each["name"] for each in ranking if each["id"] == told["chosen"]), "")
    label = desk.say(policy.label) if policy else told["policy"]
    return {"label": label, "keys": keys, "ranking": ranking, "chosen": chosen}


def _waiting(desk: Desk, kind: RecordType, record_id: str) -> list[tuple[str, str]]:
    """Return the requests about this record that still wait: (address, what was asked)."""
    request = desk.catalog.records["core.request"]
    where: list[tuple[str, str, object]] = [("record_id", "eq", record_id), ("state", "eq", "waiting")]
    try:
        found = records.query(desk.node, desk.actor, request, where=where, limit=RELATED_ROWS)
    except Forbidden:
        return []
    named = [(row, kind.actions.get(str(row["action"]))) for row in found.rows]
    return [(record_url(request, str(row["id"])), desk.say(action.label)) for row, action in named if action]


def _steps(desk: Desk, kind: RecordType, record_id: str, row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the history, newest first. Where something was done is said of what was not done here."""
    places, here = places_of(desk), desk.node.identity.node
    about = {name: row[name] for name in (*TYPES, "policy", "action") if row.get(name)}
    steps = [_step(desk, kind, each, about) for each in reversed(history_of(desk, kind, record_id))]
    for step in steps:
        node = str(step["where"]).rpartition(".")[0]
        step["where"] = "" if node == here else places.of_node(node)
    return steps


def _step(desk: Desk, kind: RecordType, step: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return one step of the history with labels: who, when, what was and what is.

    ``about`` is what the record speaks of, without which its values mean nothing.
    """
    changes, twice = [], cols.said_twice(desk, kind)
    for name, (old, new) in step["changes"].items():
        if name in twice:
            continue
        if name == "state":
            changes.append((desk.words.state, shown_state(desk, kind, old), shown_state(desk, kind, new)))
        elif name == "number":
            changes.append((desk.words.number, _text(old), _text(new)))
        else:
            one = kind.fields[name]
            was, now = (
                spoken(desk, kind, name, {**about, name: each}) or _told(desk, one.spec, each) for each in (old, new)
            )
            changes.append((desk.say(one.label), was, now))
    who = desk.words.system if step["by"] == "system" else step["by_name"]
    late = step.get("late_s")
    told = {"changes": changes, "asked": _asked(desk, kind, step), "late": _late(desk, late)}
    return {**step, "at": shown_moment(desk, step["at"]), "who": who, **told}


def _asked(desk: Desk, kind: RecordType, step: Mapping[str, Any]) -> list[tuple[str, Shown]]:
    """Return what was entered for one step alone, with labels. What was uploaded or signed is for the log to keep."""
    action = kind.actions.get(str(step["action"]).rpartition(".")[2])
    asks = [ask for ask in action.ask if ask.name in step["asked"] and ask.spec.type not in _UPLOADED] if action else []
    return [(desk.say(ask.label), _told(desk, ask.spec, step["asked"][ask.name])) for ask in asks]


def _told(desk: Desk, spec: FieldSpec, value: Any) -> Shown:
    if value is None:
        return NOTHING
    names: dict[str, str] = {}
    if spec.type == "ref" and spec.to:
        name = name_of(desk, spec.to, str(value))
        names = {str(value): name} if name else {}
    try:
        return shown(desk, spec, value, names)
    except (AttributeError, TypeError):  # a masked value has lost its shape
        return Shown("mask", str(value))


def _text(value: object) -> Shown:
    return NOTHING if value is None else Shown("text", str(value))


def _late(desk: Desk, seconds: int | None) -> str:
    return desk.words.of("late_entered", duration_text(desk, f"{round(seconds / 60)}m")) if seconds else ""


def _changed(desk: Desk, row: Mapping[str, Any]) -> str:
    if not row["updated_at"]:
        return ""
    by = row["updated_by"]
    who = desk.words.system if by == "system" else row.get("_refs", {}).get(by, str(by)[-6:])
    return desk.words.of("changed_by", who, shown_moment(desk, row["updated_at"]).text)
