"""Forms of actions: drawn from what an action asks, sent to the one door by which anything is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.pages.actions import inputs
from app.pages.actions.candidates import offered, turns_of
from app.pages.actions.inputs import Input
from app.pages.actions.sections import arranged, sections_of, there_in_form
from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, action_url, list_url, local, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form, FormBody
from app.pages.frame.line import clock_text
from app.pages.showing import columns as cols
from app.pages.showing.names import name_of
from app.pages.showing.places import places_of
from app.pages.showing.values import shown_field
from app.web.actions import carry_out
from app.web.errors import REASON_NEEDED, error_code
from app.web.guidance import guidance_for
from core.host.discovery import CORE
from core.language.definition import SYSTEM, Action, Ask, RecordType
from core.language.expressions import Row
from core.model.clock import iso
from core.model.errors import NodeError, NotFound, Problem, SignInNeeded, Text, suggest
from core.model.fields import FieldSpec
from core.model.scope import HEADQUARTERS
from stores.acts.messages import value_or_none
from stores.acts.permission import check_may
from stores.reads import records
from stores.storage import drafts
from stores.storage.credentials import nodes
from stores.world import NodeWorld

router = APIRouter(include_in_schema=False)
POSTS = frozenset({"role", "roles"})  # inputs of core's records that name posts
_ONCE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")  # an id of ours
BUSY = timedelta(minutes=5)  # who has typed nothing for so long has gone for a coffee
OF_THE_PAGE = frozenset({"_form", "_key", "_opened"})  # not of what was typed


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form: which action, on which record, what it holds, and what is wrong with it."""

    record: RecordType
    action: Action
    record_id: str | None
    form: Form
    row: Mapping[str, Any] = field(default_factory=dict)
    error: NodeError | None = None
    draft: drafts.Draft | None = None

    @property
    def key(self) -> str:
        """What a draft of this form goes by."""
        return f"{self.record.key}:{self.record_id or ''}:{self.action.name}"


@dataclass(frozen=True, slots=True)
class Part:
    """One section of a form. ``there``: its condition holds for what the form holds."""

    label: str
    inputs: Sequence[Input]
    there: bool


@router.get("/records/{plugin}/{record}/actions/{action}")
def new_form(plugin: str, record: str, action: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the form of an action that makes a record; the query fills inputs in."""
    kind = desk.record(plugin, record)
    found = action_of(kind, action)
    if not found.new:
        raise NotFound.of("no-such-action", "this action needs a record", "此操作须针对已有记录")
    _check_may(desk, kind, found)
    asked = tuple((key, value) for key, value in request.query_params.multi_items() if value)
    pairs = tuple(pair for pair in _defaults(desk, kind, found) if pair[0] not in dict(asked)) + asked
    return draw_sheet(desk, _with_draft(desk, Sheet(kind, found, None, Form(pairs))))


@router.get("/records/{plugin}/{record}/{record_id}/actions/{action}")
def form_on(plugin: str, record: str, record_id: str, action: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the form of an action on a record, holding what stands there now."""
    kind = desk.record(plugin, record)
    found = action_of(kind, action)
    row = records.fetch(desk.node, desk.actor, kind, record_id)
    asked = tuple((key, value) for key, value in request.query_params.multi_items() if value)
    pairs = tuple(pair for pair in _present(found, row) if pair[0] not in dict(asked)) + asked
    return draw_sheet(desk, _with_draft(desk, Sheet(kind, found, record_id, Form(pairs), row)))


@router.post("/records/{plugin}/{record}/actions/{action}")
def create(plugin: str, record: str, action: str, form: FormBody, desk: FormDesk) -> Response:
    """Make a record, or show the form again with what is wrong beside each input."""
    return _send(desk, desk.record(plugin, record), None, action, form)


@router.post("/records/{plugin}/{record}/{record_id}/actions/{action}")
def change(plugin: str, record: str, record_id: str, action: str, form: FormBody, desk: FormDesk) -> Response:
    """Act on a record, or show the form again with what is wrong beside each input."""
    return _send(desk, desk.record(plugin, record), record_id, action, form)


@router.post("/sections")
def sections_now(form: FormBody, desk: FormDesk) -> list[bool]:
    """Say which sections of a form are there for what has been typed; our script asks when something was changed."""
    kind, record_id, action = _of_key(desk, form.text("_key"))
    row = records.fetch(desk.node, desk.actor, kind, record_id) if record_id else {}
    sheet = Sheet(kind, action, record_id, form, row)
    if record_id is None:
        _check_may(desk, kind, action)
    return [part.there for part in _parts(desk, sheet, [Input(ask.name, "", "") for ask in action.ask])[0]]


@router.post("/drafts")
def keep_draft(form: FormBody, desk: FormDesk) -> list[str]:
    """Keep what has been typed so far, and say who else is at it. Our script sends it a moment after the last key."""
    key = form.text("_key")
    kind, record_id, action = _of_key(desk, key)  # only forms there are
    pairs = [pair for pair in form.pairs if pair[0] not in OF_THE_PAGE]
    told = _told(desk, Sheet(kind, action, record_id, form))
    with desk.node.database.write() as connection:
        drafts.keep(connection, desk.actor.id, key, pairs, desk.node.now(), opened=form.text("_opened") or None)
    return told


@router.post("/drafts/others")
def others_now(form: FormBody, desk: FormDesk) -> list[str]:
    """Say who else is at a form and whether its record has moved on. Our script asks when it hears of a change."""
    kind, record_id, action = _of_key(desk, form.text("_key"))
    return _told(desk, Sheet(kind, action, record_id, form))


@router.post("/drafts/drop")
def drop_draft(form: FormBody, desk: FormDesk) -> Response:
    """Give up a draft and begin the form afresh."""
    key = form.text("_key")
    with desk.node.database.write() as connection:
        drafts.drop(connection, desk.actor.id, key)
    kind, record_id, action = _of_key(desk, key)
    return RedirectResponse(action_url(kind, action.name, record_id), status_code=303)


def _of_key(desk: Desk, key: str) -> tuple[RecordType, str | None, Action]:
    """Return what ``Sheet.key`` stands for: record type, record, action."""
    name, record_id, action = [*key.split(":"), "", ""][:3]
    plugin, _, record = name.partition(".")
    kind = desk.record(plugin, record)
    return kind, record_id or None, action_of(kind, action)


def action_of(record: RecordType, name: str) -> Action:
    """Return an action that people carry out; NotFound with the nearest name otherwise."""
    found = record.actions.get(name)
    if found is None or set(found.by) == {SYSTEM}:
        what = Text(f"{record.label.en} has no action `{name}`", f"{record.label.zh}没有操作 `{name}`")
        raise NotFound((Problem("no-such-action", what, fix=suggest(name, record.actions)),))
    return found


def draw_sheet(desk: Desk, sheet: Sheet) -> Response:
    """Return the page of a form."""
    error = sheet.error
    problems = error.problems if error else ()
    turns = turns_of(desk, sheet.record, sheet.action, sheet.record_id) if sheet.record_id else {}
    asked = [_input(desk, sheet, ask, problems) for ask in sheet.action.ask]
    asked = [offered(each, turns[each.name]) if each.name in turns else each for each in asked]
    parts, when = _parts(desk, sheet, asked)
    labels = {each.name: each.label for each in asked}
    status = error.status if error else 200
    record, action = sheet.record, sheet.action
    back = record_url(record, sheet.record_id) if sheet.record_id else list_url(record)
    draft = sheet.draft
    return page(
        desk,
        "form.html",
        status=status,
        sheet=sheet,
        record=record,
        action=action,
        parts=parts,
        when=when,
        back=back,
        about=cols.brief_of(desk, record, sheet.row) if sheet.row else "",
        target=action_url(record, action.name, sheet.record_id),
        title=desk.say(action.label),
        problems=[each for each in problems if each.field not in labels and each.level == "error"],
        beside=[(labels[each.field], each) for each in problems if each.field in labels],
        warnings=[each for each in problems if each.level == "warn"],
        reason=sheet.form.get("_reason") or "",
        reason_wanted=error is not None and error_code(error) == REASON_NEEDED,
        seen=str(sheet.row.get("updated_at", "")) if sheet.row else sheet.form.get("_seen") or "",
        opened=iso(desk.node.now()),
        once=sheet.form.get("_once") or desk.node.new_id(),
        happened=sheet.form.get("_at") or "",
        late=bool(sheet.row) and action.sources is not None and sheet.row.get("state") not in action.sources,
        kept=[name.removesuffix(".kept") for name, _ in sheet.form.pairs if name.endswith(".kept")],
        stores=_stores(desk, sheet),
        store_chosen=sheet.form.get("_store") or "",
        draft_at=clock_text(desk, draft.at.isoformat()) if draft else "",
        others=_others(desk, sheet),
        turns=list({each.name: each for each in turns.values()}.values()),
        guidance=guidance_for(desk, desk.catalog.plugin(record.plugin), f"{record.name}.{action.name}"),
    )


def _parts(desk: Desk, sheet: Sheet, asked: Sequence[Input]) -> tuple[list[Part], bool]:
    """Return the inputs under the headings of the plugin's form view, and whether any section comes and goes."""
    fields = {ask.name: ask.field or ask.name for ask in sheet.action.ask}
    found = list(arranged(sections_of(desk, sheet.record), {fields[each.name]: each for each in asked}))
    sections = [section for section, _ in found]
    there = there_in_form(desk, sheet.record, sheet.action, sections, sheet.record_id, sheet.form)
    plain = len(found) == 1 and sections[0].when is None
    parts = [Part("" if plain else s.label, each, now) for (s, each), now in zip(found, there, strict=True)]
    return parts, any(section.when is not None for section in sections)


def _send(desk: Desk, kind: RecordType, record_id: str | None, action: str, form: Form) -> Response:
    found = action_of(kind, action)
    try:
        once = _ONCE.fullmatch(form.text("_once") or "")
        body = _body(found, form)
        receipt = carry_out(desk, kind.plugin, kind.name, record_id, action, body, once and once[0])
    except SignInNeeded:
        raise
    except NodeError as error:
        row = records.fetch(desk.node, desk.actor, kind, record_id) if record_id else {}
        return draw_sheet(desk, Sheet(kind, found, record_id, form, row, error))
    with desk.node.database.write() as connection:
        drafts.sent(connection, desk.actor.id, Sheet(kind, found, record_id, form).key, desk.node.now())
    done = "sent" if receipt["provisional"] else "done"
    if following := local(form.text("_next"), ""):
        return RedirectResponse(f"{following.partition('?')[0]}{with_query({done: action})}", status_code=303)
    where = record_id or ("" if receipt["provisional"] else str(receipt["id"]))
    address = record_url(kind, where, **{done: action}) if where else list_url(kind, **{done: action})
    return RedirectResponse(address, status_code=303)


def _body(action: Action, form: Form) -> dict[str, object]:
    """Return what was typed in the shape the one door takes."""
    ask = {ask.name: inputs.gather(ask.spec, ask.name, form) for ask in action.ask if _is_meant(ask, form)}
    own = {"reason": "_reason", "at": "_at", "seen": "_seen", "store": "_store"}
    return {"ask": ask, **{key: text for key, name in own.items() if (text := form.text(name))}}


def _is_meant(ask: Ask, form: Form) -> bool:
    """Whether an input says something. One whose present value was masked and that was left empty says: as it is."""
    if form.get(f"{ask.name}.kept") is not None and inputs.gather(ask.spec, ask.name, form) is None:
        return False
    return inputs.was_sent(ask.spec, ask.name, form)


def _input(desk: Desk, sheet: Sheet, ask: Ask, problems: Sequence[Problem]) -> Input:
    form, row, w = sheet.form, sheet.row, desk.words
    wrong = [each for each in problems if each.field == ask.name]
    label = desk.say(ask.label)
    masked = ask.field is not None and ask.field in row.get("_masked", ())
    hint = ""
    if masked:
        hint = w.of("unchanged", str(row.get(ask.field or "")))
    elif ask.spec.type == "datetime" and _has_default(sheet, ask):
        default = sheet.record.fields[ask.field or ""].default
        hint = w.when_sent if default is not None and default.text == "now" else w.left_empty
    elif policy := next((each.pick[ask.name] for each in sheet.action.outcomes if ask.name in each.pick), ""):
        hint = w.of("picked_by", desk.say(desk.catalog.plugin(sheet.record.plugin).dispatch[policy].label))
    elif sheet.error is not None and ask.field and row.get(ask.field) is not None and _differs(sheet, ask):
        hint = w.of("stands_now", shown_field(desk, sheet.record.fields[ask.field], row).text)
    if ask.spec.type == "ref" and ask.spec.to and form.get(ask.name) and not form.get(f"{ask.name}.text"):
        name = name_of(desk, ask.spec.to, form.get(ask.name) or "")
        form = Form((*form.pairs, (f"{ask.name}.text", name or "")))
    required = ask.spec.required or bool(sheet.action.new and ask.field and _must(sheet.record, ask.field))
    required = required and not _has_default(sheet, ask)
    more: dict[str, Any] = {"required": required and not masked, "hint": hint, "problems": wrong}
    if sheet.record.plugin == CORE and ask.name in POSTS:
        store = str(row.get("store") or "" if sheet.record_id else form.get("_store") or _own_store(desk))
        return inputs.draw_posts(desk, ask.name, label, ask.spec, form, store, **more)
    return inputs.draw(desk, ask.name, label, _widened(sheet, ask), form, **more)


def _own_store(desk: Desk) -> str:
    """Return the store that a record is made for unless the form says another; headquarters' form may say any."""
    return "" if desk.actor.store == HEADQUARTERS else desk.actor.store


def _widened(sheet: Sheet, ask: Ask) -> FieldSpec:
    """Return the spec to draw: a text that grows by appending wants several lines whatever its limit."""
    own = sheet.record.fields.get(ask.field or "")
    if own is not None and own.spec.type == "text" and own.merge.value == "append":
        return replace(ask.spec, max=inputs.AREA_FROM)
    return ask.spec


def _has_default(sheet: Sheet, ask: Ask) -> bool:
    own = sheet.record.fields.get(ask.field or "")
    return sheet.action.new and own is not None and own.default is not None


def _must(record: RecordType, name: str) -> bool:
    found = record.fields[name]
    return found.spec.required and found.default is None


def _differs(sheet: Sheet, ask: Ask) -> bool:
    typed = inputs.gather(ask.spec, ask.name, sheet.form)
    pairs = inputs.flatten(ask.spec, ask.name, sheet.row[ask.field or ""])
    return typed != inputs.gather(ask.spec, ask.name, Form(tuple(pairs)))


def _present(action: Action, row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what stands in the record now, for the inputs that write to it. What is masked is not copied."""
    masked = row.get("_masked", ())
    pairs: list[tuple[str, str]] = []
    for ask in action.ask:
        if ask.field is None:
            continue
        if ask.field in masked:
            pairs.append((f"{ask.name}.kept", "1"))
        else:
            pairs += inputs.flatten(ask.spec, ask.name, row.get(ask.field))
    return pairs


def _defaults(desk: Desk, record: RecordType, action: Action) -> list[tuple[str, str]]:
    """Return the defaults of the fields that an action asks for, worked out now.

    A moment that is ``now`` stays empty: it is worked out when the form is sent. What was copied when it was opened
    would be cut to the second, and may lie before what the person did in between.
    """
    node = desk.node
    pairs: list[tuple[str, str]] = []
    with node.database.read() as connection:
        world = NodeWorld(connection, node, record.plugin, desk.actor.store)
        env = world.env(None, node.now(), desk.actor)
        for ask in action.ask:
            own = record.fields.get(ask.field or "")
            if own is not None and own.default is not None:
                value = value_or_none(own.default, env)
                if value == env.now:
                    continue
                value = value.id if isinstance(value, Row) else value
                pairs += inputs.flatten(ask.spec, ask.name, ask.spec.json(value, node.zone))
    return pairs


def _check_may(desk: Desk, record: RecordType, action: Action) -> None:
    with desk.node.database.read() as connection:
        check_may(NodeWorld(connection, desk.node, record.plugin, desk.actor.store), record, action, desk.actor)


def _with_draft(desk: Desk, sheet: Sheet) -> Sheet:
    with desk.node.database.read() as connection:
        draft = drafts.load(connection, desk.actor.id, sheet.key)
    if draft is None:
        return sheet
    return Sheet(sheet.record, sheet.action, sheet.record_id, Form(draft.pairs), sheet.row, None, draft)


def _others(desk: Desk, sheet: Sheet) -> list[str]:
    """Return who else is typing into the same form, as sentences."""
    if sheet.record_id is None:
        return []
    now = desk.node.now()
    with desk.node.database.read() as connection:
        found = [each for each in drafts.busy(connection, sheet.key, now - BUSY) if each.staff_id != desk.actor.id]
    names = [(name_of(desk, "core.staff", each.staff_id), each) for each in found]
    began = [(name, clock_text(desk, each.began_at.isoformat())) for name, each in names if name]
    return [desk.words.of("opened_also", name, since) for name, since in began]


def _told(desk: Desk, sheet: Sheet) -> list[str]:
    """Return who else is at a form, and that somebody has changed the record since it was opened: before it is sent.

    Raises NotFound when the person may not see the record.
    """
    if sheet.record_id is None:
        return []
    row = records.fetch(desk.node, desk.actor, sheet.record, sheet.record_id, fields=())
    return [*_others(desk, sheet), *_moved_on(desk, sheet, row)]


def _moved_on(desk: Desk, sheet: Sheet, row: Mapping[str, Any]) -> list[str]:
    seen = sheet.form.text("_seen")
    if not seen or str(row["updated_at"]) == seen:
        return []
    who = row.get("_refs", {}).get(row["updated_by"]) or desk.words.system
    return [desk.words.of("moved_on", who, clock_text(desk, str(row["updated_at"])))]


def _stores(desk: Desk, sheet: Sheet) -> list[tuple[str, str]]:
    """Return the stores (code, name) a person of headquarters can make the record for; empty for everybody else."""
    if not sheet.action.new or desk.actor.store != HEADQUARTERS or sheet.record.sync.home == "hq":
        return []
    with desk.node.database.read() as connection:
        codes = [HEADQUARTERS, *sorted({each.store for each in nodes(connection)} - {HEADQUARTERS})]
    places = places_of(desk)
    return [(code, places.name(code)) for code in codes]
