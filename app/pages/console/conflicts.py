"""The conflict inbox: two writes that could not both stand, side by side, and the decision as an ordinary action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.pages.actions import inputs
from app.pages.actions.inputs import Input
from app.pages.console.kept import subject_of
from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form, FormBody
from app.pages.frame.words import WORDS
from app.pages.showing.names import name_of
from app.pages.showing.places import Places, places_of
from app.pages.showing.speaking import spoken, title
from app.pages.showing.values import NOTHING, UNTOLD, Shown, shown_field, shown_moment
from app.web.actions import carry_out
from core.language.definition import RecordType
from core.model.errors import NodeError, Problem, Text
from core.model.fields import FieldSpec
from core.model.scope import HEADQUARTERS
from stores.acts import telling
from stores.acts.permission import acting_roles
from stores.changes.repair import DIFFERS, MISSING
from stores.reads import records
from stores.reads.oversight import CONFLICT
from stores.reads.reading import Reading
from stores.reads.subjects import BROKEN, TWICE

router = APIRouter(include_in_schema=False)
ROWS = 25
BULK_MAX = 100
_NONE_CHOSEN = Problem(
    "nothing-chosen",
    Text("no conflict is ticked", "尚未勾选冲突"),
    fix=Text("tick those it is about", "请先勾选要处理的冲突"),
)
DECIDERS_MAX = 200  # of one post
TEXTS = frozenset({"list", "map", "images", "image", "file", "signature", "geo"})  # no plain text stands for these
STATES = ("open", "resolved")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two writes (or what stood before both): the value, who wrote it, when and where."""

    label: str
    value: Shown
    who: str = ""
    at: Shown = NOTHING
    where: str = ""
    stands: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One conflict, ready for the template."""

    id: str
    url: str
    title: str
    kind: str
    record_url: str | None
    record: str
    field: str
    sides: list[Side]
    policy: str
    detail: str
    store: str
    assignee: str
    due: Shown
    late: bool
    decided: str
    has_other: bool
    seen: str
    rival: Shown | None = None  # the record that holds the same, where both are kept
    kept: Sequence[tuple[str, Shown]] = ()  # the version of a whole record that does not stand


@router.get("/conflicts")
def inbox(request: Request, desk: CurrentDesk) -> Response:
    """Show the conflicts the person may see: those to decide, or (``state=resolved``) what was decided."""
    return _inbox(desk, request.query_params)


@router.get("/conflicts/{conflict_id}")
def conflict_page(conflict_id: str, request: Request, desk: CurrentDesk) -> Response:
    """Show one conflict in full, with the form to decide it."""
    return _one(desk, conflict_id, Form(), said=_said(desk, request.query_params))


@router.post("/conflicts/{conflict_id}")
def decide(conflict_id: str, form: FormBody, desk: FormDesk) -> Response:
    """Decide one conflict: keep what stands, take the other value, or enter a new one."""
    row = records.fetch(desk.node, desk.actor, desk.catalog.records[CONFLICT], conflict_id)
    try:
        ask = {"keep": form.text("keep") or None, "value": _entered(desk, row, form)}
        done = _act(desk, conflict_id, "resolve", ask, form.text("_reason"), form.text("_seen"))
    except NodeError as error:
        return _one(desk, conflict_id, form, error=error)
    return RedirectResponse("/conflicts" + with_query({"done" if done else "sent": "1"}), status_code=303)


@router.post("/conflicts/{conflict_id}/assign")
def assign(conflict_id: str, form: FormBody, desk: FormDesk) -> Response:
    """Give a conflict to somebody, with a moment until which it is to be decided."""
    try:
        _act(desk, conflict_id, "assign", {"assignee": form.text("assignee") or None, "due": form.text("due") or None})
    except NodeError as error:
        return _one(desk, conflict_id, form, error=error)
    return RedirectResponse(f"/conflicts/{conflict_id}?assigned=1", status_code=303)


@router.post("/conflicts")
def bulk(form: FormBody, desk: FormDesk) -> Response:
    """Do the same with every conflict that was ticked; each by itself, and those that refuse stay with the reason."""
    chosen, deed = form.all("id")[:BULK_MAX], form.text("deed")
    if not chosen:
        return _inbox(desk, {}, [_NONE_CHOSEN], 0)
    ask: dict[str, object] = {"keep": deed}
    if deed == "assign":
        ask = {"assignee": form.text("assignee") or None, "due": form.text("due") or None}
    refused: list[Problem] = []
    for each in chosen:
        try:
            _act(desk, each, "assign" if deed == "assign" else "resolve", ask, form.text("_reason"))
        except NodeError as error:
            refused += error.problems
    if refused:
        return _inbox(desk, {}, list(dict.fromkeys(refused)), len(chosen))
    return RedirectResponse("/conflicts" + with_query({"bulk": len(chosen) or "0"}), status_code=303)


def _inbox(desk: Desk, asked: Mapping[str, str], refused: Sequence[Problem] = (), chosen: int = 0) -> Response:
    kind, w = desk.catalog.records[CONFLICT], desk.words
    kept = {name: asked.get(name, "") for name in ("state", "store", "type", "mine")}
    state = kept["state"] if kept["state"] in STATES else "open"
    where: list[tuple[str, str, object]] = [("state", "eq", state)]
    where += [(name, "eq", kept[key]) for key, name in (("store", "store"), ("type", "record_type")) if kept[key]]
    where += [("assignee", "eq", desk.actor.id)] if kept["mine"] else []
    cursor = asked.get("cursor")
    found = records.query(desk.node, desk.actor, kind, where=where, limit=ROWS, cursor=cursor, total=True)
    places = places_of(desk)
    tabs = [
        (
            "/conflicts" + with_query({**kept, "state": "" if each == "open" else each}),
            desk.say(kind.states[each]),
            each == state,
        )
        for each in STATES
    ]
    return page(
        desk,
        "console/conflicts.html",
        status=422 if refused else 200,
        title=w.conflicts,
        cases=[_case(desk, kind, row, places) for row in found.rows],
        total=found.total,
        tabs=tabs,
        kept=kept,
        state=state,
        stores=[(each.code, places.name(each.code)) for each in places.all()] if places.is_chain else [],
        may=_may(desk, kind),
        people=_deciders(desk, places, kept["store"]),
        said=_said(desk, asked),
        problems=refused,
        tried=chosen,
        next_url="/conflicts" + with_query({**kept, "cursor": found.next}) if found.next else None,
    )


def _one(desk: Desk, conflict_id: str, form: Form, *, error: NodeError | None = None, said: str = "") -> Response:
    kind = desk.catalog.records[CONFLICT]
    row = records.fetch(desk.node, desk.actor, kind, conflict_id)
    places = places_of(desk)
    case = _case(desk, kind, row, places)
    problems = error.problems if error else ()
    return page(
        desk,
        "console/conflict.html",
        status=error.status if error else 200,
        title=case.title,
        case=case,
        is_open=row["state"] == "open",
        may=_may(desk, kind),
        keep=form.text("keep"),
        entry=_input(desk, row, form, problems),
        people=_deciders(desk, places, str(row["store"])),
        assignee=form.text("assignee") or str(row.get("assignee") or ""),
        due=form.text("due") or str(row.get("due") or "")[:16],
        problems=[each for each in problems if each.field != "value"],
        said=said,
    )


def _act(
    desk: Desk, conflict_id: str, action: str, ask: Mapping[str, object], reason: str = "", seen: str = ""
) -> bool:
    """Carry out an action on a conflict; return whether it has happened, and not only been asked for."""
    plugin, _, name = CONFLICT.partition(".")
    body: dict[str, object] = {"ask": {key: value for key, value in ask.items() if value is not None}}
    body |= {key: text for key, text in (("reason", reason), ("seen", seen)) if text}
    return not carry_out(desk, plugin, name, conflict_id, action, body)["provisional"]


def _case(desk: Desk, kind: RecordType, row: Mapping[str, Any], places: Places) -> Case:
    def told(name: str) -> Shown:
        return spoken(desk, kind, name, row) or shown_field(desk, kind.fields[name], row)

    about, kept = subject_of(desk, kind, row)
    rival = _rival(desk, row)
    stands = _standing(row)
    w, due = desk.words, row.get("due")
    return Case(
        str(row["id"]),
        f"/conflicts/{row['id']}",
        (title(desk, kind, row) or told("kind").text).replace(UNTOLD, about.text),
        told("kind").text,
        about.url,
        f"{told('record_type').text} {about.text}",
        told("field").text,
        [
            Side(w.before_both, told("base")),
            _side(desk, row, "mine", told("mine"), places, stands=stands == "mine"),
            _side(desk, row, "theirs", told("theirs"), places, stands=stands == "theirs"),
        ],
        _policy(desk, row),
        "" if rival or "detail" in row.get("_masked", ()) else _detail(desk, row),
        places.name(str(row["store"])),
        told("assignee").text,
        shown_moment(desk, due) if due else NOTHING,
        bool(due) and str(due) < desk.node.now().astimezone(desk.node.zone).isoformat(),
        _decided(desk, kind, row),
        row.get("field") is not None
        and row.get("kind") not in TWICE | {BROKEN},  # both are kept: there is no other value to take
        str(row["updated_at"] or ""),
        rival,
        kept,
    )


def _standing(row: Mapping[str, Any]) -> str:
    """Return which of the two writes stands: as the merge left them, and after a decision as it was decided."""
    merged, other = ("theirs", "mine") if row.get("outcome") == "incoming" else ("mine", "theirs")
    return {"other": other, "value": ""}.get(str(row.get("keep")), merged)


def _rival(desk: Desk, row: Mapping[str, Any]) -> Shown | None:
    """Return the other of two records that may not both stand, as a link; the conflict keeps its id as detail."""
    about, id = desk.catalog.records.get(str(row.get("record_type"))), row.get("detail")
    if row.get("kind") not in TWICE or about is None or not id or "detail" in row.get("_masked", ()):
        return None
    name = name_of(desk, about.key, str(id)) or f"#{str(id)[-6:]}"
    return Shown("ref", f"{desk.say(about.label)} {name}", url=record_url(about, str(id)))


def _detail(desk: Desk, row: Mapping[str, Any]) -> str:
    """Return what the conflict says beside its values; of a broken rule, the rule as its plugin puts it."""
    about = desk.catalog.records.get(str(row.get("record_type")))
    if row.get("kind") == DIFFERS and row.get("detail") == MISSING:
        return desk.words.was_not_there
    if row.get("kind") != BROKEN or about is None:
        return _own_words(desk, str(row.get("detail") or ""))
    if row.get("field") is not None:
        return desk.words.beyond_limits
    with desk.node.database.read() as connection:
        said = telling.of_check(connection, desk.node, desk.actor, about, str(row["record_id"]), str(row["detail"]))
    return desk.say(said) if said else str(row["detail"])


def _own_words(desk: Desk, text: str) -> str:
    """Return the half of each line that is in the reader's language: a detail is kept as ``Chinese / English``."""
    halves = [line.split(" / ") for line in text.split("\n")]
    return "\n".join(each[desk.language == "en"] if len(each) == 2 else " / ".join(each) for each in halves)


def _side(desk: Desk, row: Mapping[str, Any], name: str, value: Shown, places: Places, *, stands: bool) -> Side:
    who, at, origin = row.get(f"{name}_by"), row.get(f"{name}_at"), row.get(f"{name}_origin")
    called = desk.words.system if who == "system" else name_of(desk, "core.staff", str(who or "")) or ""
    node = str(origin or "").rpartition(".")[0]
    where = places.of_node(node) if node else ""
    label = desk.words.wrote_here if name == "mine" else desk.words.came_in
    return Side(label, value, called, shown_moment(desk, at) if at else NOTHING, where, stands)


def _policy(desk: Desk, row: Mapping[str, Any]) -> str:
    name = f"policy_{row.get('policy')}"
    return desk.words[name] if name in WORDS else ""


def _decided(desk: Desk, kind: RecordType, row: Mapping[str, Any]) -> str:
    """Return what was decided, by whom and when; empty while it is open."""
    if row["state"] != "resolved":
        return ""
    by = row.get("updated_by")
    who = (
        desk.words.system
        if by == "system"
        else row.get("_refs", {}).get(by) or name_of(desk, "core.staff", str(by)) or "—"
    )
    keep = shown_field(desk, kind.fields["keep"], row).text
    entered = spoken(desk, kind, "value", row) if row.get("keep") == "value" else None
    keep += desk.words.colon + entered.text if entered else ""
    return f"{keep} · {who} · {shown_moment(desk, row['updated_at']).text}"


def _spec(desk: Desk, row: Mapping[str, Any]) -> FieldSpec | None:
    """Return the type of the field in dispute, where a plain text can stand for a value and the reader sees it."""
    about = desk.catalog.records.get(str(row.get("record_type")))
    one = about.fields.get(str(row.get("field"))) if about else None
    hidden = "mine" in row.get("_masked", ()) or "theirs" in row.get("_masked", ())
    return None if one is None or one.spec.type in TEXTS or hidden else one.spec


def _entered(desk: Desk, row: Mapping[str, Any], form: Form) -> str | None:
    spec = _spec(desk, row)
    if spec is None or form.text("keep") != "value":
        return None
    found = inputs.gather(spec, "value", form)
    return None if found is None else str(found)


def _input(desk: Desk, row: Mapping[str, Any], form: Form, problems: Iterable[Problem]) -> Input | None:
    spec = _spec(desk, row)
    if spec is None:
        return None
    wrong = [each for each in problems if each.field == "value"]
    return inputs.draw(desk, "value", desk.words.new_value, spec, form, problems=wrong)


def _may(desk: Desk, kind: RecordType) -> bool:
    """Return whether the person decides conflicts at all."""
    with desk.node.database.read() as connection:
        world = Reading(connection, desk.node, desk.actor).world(kind.plugin, desk.actor.store)
        return bool(acting_roles(world, desk.actor, kind) & set(kind.actions["resolve"].by))


def _deciders(desk: Desk, places: Places, store: str = "") -> list[tuple[str, str]]:
    """Return (id, name and place) of whom a conflict of a store can be given to: its administrators, and the chain's.

    Another store's see nothing of it. Without ``store`` everybody's: who it is for is then told by the place.
    """
    kind = desk.catalog.records["core.staff"]
    found: dict[str, tuple[bool, str]] = {}
    for role in desk.catalog.records[CONFLICT].actions["resolve"].by:
        where: list[tuple[str, str, object]] = [("active", "eq", True), ("roles", "contains", role)]
        where += [("store", "in", [HEADQUARTERS, store])] if store else []
        page_ = records.query(desk.node, desk.actor, kind, where=where, sort=["name"], limit=DECIDERS_MAX)
        for row in page_.rows:
            named = f"{row['name']} · {places.name(str(row['store']))}" if places.is_chain else str(row["name"])
            found[str(row["id"])] = (row["store"] != HEADQUARTERS, named)
    return [(id_, named) for id_, (_, named) in sorted(found.items(), key=lambda each: each[1])]


def _said(desk: Desk, asked: Mapping[str, str]) -> str:
    w = desk.words
    for name in ("done", "sent", "assigned"):
        if name in asked:
            return {"done": w.decided, "sent": w.decision_sent, "assigned": w.given_to}[name]
    return w.of("bulk_done", asked["bulk"]) if asked.get("bulk") else ""
