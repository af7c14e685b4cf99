"""Records of core that speak of other records: a conflict, a request, a notice, a dispatch decision, an access.

They keep names of types, ids and cells, as the log does. A person reads what those stand for: the label of the type, a
link to the record, the name of the colleague, the amount in yuan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.pages.frame.desk import Desk, record_url
from app.pages.frame.posts import posts_of, running_in
from app.pages.showing.names import name_of, names_of
from app.pages.showing.places import places_of
from app.pages.showing.values import NOTHING, UNTOLD, Shown, ranking_text, shown, shown_moment
from core.language.definition import Plugin, RecordType
from core.language.report import Report
from core.model.fields import FieldSpec
from core.model.values import BadValue
from stores.changes.conflicts import cell_of

NOTICE, STAFF, PICK = "core.notice", "core.staff", "core.pick"
TYPES = ("record_type", "about_type", "source_type")
IDS = ("record_id", "about_id", "source_id", "first", "second")
STORES = ("asked_in", "record_store", "second_store")
ACTIONS = ("action", "source_action")
PEOPLE = ("mine_by", "theirs_by", "chosen")
POSTS = ("role", "roles", "needs", "actor_roles")
CELLS = ("base", "mine", "theirs", "value")


def spoken(desk: Desk, record: RecordType, name: str, row: Mapping[str, Any]) -> Shown | None:
    """Return a field of such a record as a person reads it; None for every other field, and for a masked one."""
    value = row.get(name)
    if not value or name in row.get("_masked", ()):
        return None
    if name in POSTS and record.plugin == "core":
        return _posts(desk, value, str(row.get("store") or ""))
    if name == "role" and posts_of(desk).knows(str(value)):  # a field called so names a post anywhere
        return _posts(desk, value, str(row.get("store") or ""))
    if record.plugin != "core" and record.origin != "ledger":
        return None
    if name in STORES:
        return Shown("text", places_of(desk).name(str(value)))
    if name in PEOPLE:
        found = name_of(desk, STAFF, str(value))
        return Shown("ref", found, url=f"/records/core/staff/{value}") if found else None
    if isinstance(value, list) and (told := _LISTS.get(name)):
        return told(desk, value)
    about = desk.catalog.records.get(next((str(row[each]) for each in TYPES if row.get(each)), ""))
    if about is None:
        return _of_report(desk, name, row) or _of_stranger(desk, name, row)
    if record.key == PICK and name in {"policy", "ranking"}:
        return _decision(desk, about, name, row)
    return _spoken_of(desk, about, name, row) or (
        _cell(desk, about, str(value), row) if name in CELLS and record.name == "conflict" else None
    )


def _spoken_of(desk: Desk, about: RecordType, name: str, row: Mapping[str, Any]) -> Shown | None:
    """Return what a record says of another one, whose type is ``about``."""
    value = row[name]
    if name in TYPES:
        return Shown("text", desk.say(about.label))
    if name in IDS:
        return _record(desk, about, str(value))
    if name == "ask" and isinstance(value, Mapping):
        told = [[Shown("text", label), shown_] for label, shown_ in entered(desk, about, str(row.get("action")), value)]
        return Shown("table", rows=told) if told else None
    if name in ACTIONS and str(value) in about.actions:
        return Shown("text", desk.say(about.actions[str(value)].label))
    if name == "field" and str(value) in about.fields:
        return Shown("text", desk.say(about.fields[str(value)].label))
    if name == "rule" and str(value) in about.alike:
        return Shown("text", desk.say(about.alike[str(value)].label))
    return None


def about_url(desk: Desk, row: Mapping[str, Any]) -> str | None:
    """Return the page of what a notice is about: a record, or the report of a period."""
    about, id = desk.catalog.records.get(str(row.get("about_type"))), row.get("about_id")
    if about is not None:
        return record_url(about, str(id)) if id else None
    plugin, report = _report(desk, row)
    return f"/reports/{plugin.name}/{report.name}?day={id}" if plugin and report else None


def _of_report(desk: Desk, name: str, row: Mapping[str, Any]) -> Shown | None:
    _, report = _report(desk, row)
    if report is None or name not in ("about_type", "about_id"):
        return None
    return Shown("ref", desk.say(report.label) if name == "about_type" else str(row[name]), url=about_url(desk, row))


def _of_stranger(desk: Desk, name: str, row: Mapping[str, Any]) -> Shown | None:
    """Return what is to be said of a record of a type that no plugin here knows: whose it is, and no id, in words."""
    key = next((str(row[each]) for each in TYPES if row.get(each)), "")
    if not key:
        return None
    if name in TYPES:
        plugin = desk.catalog.plugins.get(key.partition(".")[0])
        business = desk.say(plugin.label) if plugin else key.partition(".")[0]
        return Shown("text", f"{business} · {desk.words.kind_unknown}")
    if name in ACTIONS:
        return Shown("text", desk.words.step_unknown)
    return NOTHING if name in IDS or name == "field" else None


def _report(desk: Desk, row: Mapping[str, Any]) -> tuple[Plugin | None, Report | None]:
    """Return the report that a notice is about, as ``stores.acts.deadlines`` names it."""
    name, _, report = str(row.get("about_type")).partition(".reports.")
    plugin = desk.catalog.plugins.get(name)
    return plugin, plugin.reports.get(report) if plugin else None


def _record(desk: Desk, about: RecordType, id: str) -> Shown:
    """Return a link to a record by its name; of one that the reader may not know of, that there is one."""
    name = name_of(desk, about.key, id)
    if name is None:
        return Shown("text", UNTOLD, title=desk.words.not_for_you)
    return Shown("ref", name, url=record_url(about, id))


def entered(desk: Desk, about: RecordType, action: str, ask: Mapping[str, Any]) -> list[tuple[str, Shown]]:
    """Return what was entered for an action, under its labels, with names in place of ids."""
    asks = {each.name: each for each in about.actions[action].ask} if action in about.actions else {}
    return [
        (desk.say(asks[name].label), _told(desk, asks[name].spec, value)) for name, value in ask.items() if name in asks
    ]


def _told(desk: Desk, spec: FieldSpec, value: Any) -> Shown:
    name = name_of(desk, spec.to, str(value)) if spec.type == "ref" and spec.to and value else None
    return shown(desk, spec, value, {str(value): name} if name else {})


def _people(desk: Desk, value: list[Any]) -> Shown:
    """Return the names of those whom a notice was told to, or who have seen it."""
    known = names_of(desk, STAFF, map(str, value))
    return Shown("list", items=[Shown("text", known.get(str(each), desk.words.somebody)) for each in value])


def _signatures(desk: Desk, value: list[Any]) -> Shown:
    """Return who signed a request and when."""
    known = names_of(desk, STAFF, (str(each.get("by")) for each in value))
    rows = [
        [Shown("text", known.get(str(each.get("by")), desk.words.somebody)), shown_moment(desk, each.get("at"))]
        for each in value
    ]
    return Shown("table", head=[desk.words.signed_by, desk.words.signed_at], rows=rows)


def _problems(desk: Desk, value: list[Any]) -> Shown:
    """Return why a request was refused."""
    return Shown("list", items=[Shown("text", str(each.get(desk.language))) for each in value])


_LISTS = {"to": _people, "seen_by": _people, "signed": _signatures, "problems": _problems}


def _decision(desk: Desk, about: RecordType, name: str, row: Mapping[str, Any]) -> Shown | None:
    """Return the policy of a dispatch decision, or its candidates in order with what each key said of them."""
    policy = desk.catalog.plugin(about.plugin).dispatch.get(str(row.get("policy")).rpartition(".")[2])
    if policy is None:
        return None
    if name == "policy":
        return Shown("text", desk.say(policy.label))
    w, rows = desk.words, []
    for each in row["ranking"]:
        keys = [ranking_text(desk, key, each["keys"].get(key.name)) for key in policy.prefer]
        out = w.between.join(str(why.get("what") or why.get(desk.language)) for why in each["out"] or ())
        words = (each["position"] or w.empty, each["name"], *keys, out or w.empty)
        rows.append([Shown("text", str(word)) for word in words])
    head = [w.place, w.candidate, *(desk.say(key.label) for key in policy.prefer), w.out_because]
    return Shown("table", head=head, rows=rows)


def _posts(desk: Desk, value: object, store: str) -> Shown:
    """Return the names of posts as the businesses of the store call them."""
    known = posts_of(desk, running_in(desk, store))
    if isinstance(value, list):
        return Shown("list", items=[Shown("text", each) for each in known.listed(map(str, value), store)])
    return Shown("text", known.called(str(value), store))


def title(desk: Desk, record: RecordType, row: Mapping[str, Any]) -> str | None:
    """Return what such a record is called: by what it speaks of, never by a type's name in the log."""
    if record.key == NOTICE:
        return str(row.get(desk.language) or "") or None
    parts = [spoken(desk, record, name, row) for name in (*TYPES, *IDS, "field", "action")]
    words = [part.text for part in parts if part is not None and part.text]
    return " · ".join(words) or None


def _cell(desk: Desk, about: RecordType, text: str, row: Mapping[str, Any]) -> Shown | None:
    one = about.fields.get(str(row.get("field") or ""))
    if one is None:
        return None
    try:
        value = one.spec.value(cell_of(text, integer=one.spec.kind.column == "integer"))
        told = one.spec.json(value, desk.node.zone)
    except (ValueError, BadValue):  # of a field that has another type by now: what was kept is shown as it is
        return None
    name = name_of(desk, one.spec.to, str(told)) if one.spec.type == "ref" and one.spec.to else None
    return shown(desk, one.spec, told, {str(told): name} if name else {})
