"""A value as a person reads it. What comes in is JSON as the API gives it: masked where this reader sees a mask."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Literal

from app.pages.frame.desk import Desk, record_url
from app.pages.frame.line import clock_text
from core.language.definition import DispatchKey, Field, RecordType
from core.model.contents import hash_in, name_in
from core.model.duration import Duration
from core.model.fields import BadValue, FieldSpec, time_text
from stores.acts.messages import labels_of

Kind = Literal["text", "ref", "moment", "image", "photo", "file", "list", "table", "state", "mask", "none"]
NEVER_BEFORE = "2001"  # a turn before this is how rules say: none yet
NEVER_S = 50 * 365 * 86_400  # who has waited for so long has never had a turn
NUMERIC = frozenset({"int", "decimal", "money"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One value ready for a template: what kind of thing, its words, and where a click leads.

    ``content`` is the hash of a file or photo, which has no address until it is known which record names it.
    """

    kind: Kind
    text: str = ""
    url: str | None = None
    title: str = ""
    items: list[Shown] = field(default_factory=list)
    head: list[str] = field(default_factory=list)
    rows: list[list[Shown]] = field(default_factory=list)
    tone: str = ""
    numeric: bool = False
    content: str = ""


NOTHING = Shown("none")
UNTOLD = "•••"  # in place of the name of a record that the reader may not know of


def shown_field(desk: Desk, one: Field, row: Mapping[str, Any]) -> Shown:
    """Return one field of a record as ``records.query`` or ``records.fetch`` gave it."""
    value = row.get(one.name)
    if value is None or value == []:
        return NOTHING
    if one.name in row.get("_masked", ()):
        return Shown("mask", str(value))
    labels = labels_of(desk.catalog.records, one.value) if isinstance(value, list) else {}
    if labels:  # names of fields
        return Shown(
            "list",
            items=[Shown("text", desk.say(labels[each]) if each in labels else str(each)) for each in value],
        )
    return shown(desk, one.spec, value, row.get("_refs", {}))


def shown(desk: Desk, spec: FieldSpec, value: object, names: Mapping[str, str]) -> Shown:
    """Return a value of a field type; ``names`` are the names of records by id."""
    if value is None or value in ("", [], {}):
        return NOTHING
    draw = _DRAWN.get(spec.type)
    return draw(desk, spec, value, names) if draw else Shown("text", _plain(value))


def located(value: Shown, base: str) -> Shown:
    """Return a value with the addresses of its files, which begin with ``base``: a record's, and the field's name."""
    if value.content:
        return replace(value, url=f"{base}/{value.content}")
    if not value.items and not value.rows:
        return value
    rows = [[located(cell, base) for cell in row] for row in value.rows]
    return replace(value, items=[located(item, base) for item in value.items], rows=rows)


def shown_state(desk: Desk, record: RecordType, state: object) -> Shown:
    """Return a state as its pill."""
    if state is None:
        return NOTHING
    label = record.states.get(str(state))
    return Shown("state", desk.say(label) if label else str(state), tone=tone_of(record, str(state)))


def tone_of(record: RecordType, state: str) -> str:
    """Return the colour of a state, read off the workflow: where records begin, where they end, and between."""
    if record.is_over(state):
        return "over"
    born = (outcome.to for action in record.actions.values() if action.new for outcome in action.outcomes)
    return "new" if state in born else "active"


def shown_moment(desk: Desk, value: object) -> Shown:
    """Return an instant, short, with all of it as its title."""
    text = str(value)
    try:
        full = datetime.fromisoformat(text).astimezone(desk.node.zone)
    except ValueError:
        return Shown("text", text)
    return Shown("moment", clock_text(desk, text), title=full.isoformat(sep=" ", timespec="seconds"))


def duration_text(desk: Desk, text: str) -> str:
    """Return ``1h30m`` in words: 1 小时 30 分钟."""
    try:
        return desk.say(Duration.parse(text).words)
    except BadValue:
        return text


def parts_of(spec: FieldSpec) -> Mapping[str, FieldSpec]:
    """Return the named parts of each item of a list of maps; empty for every other list."""
    return (spec.item.parts if spec.item is not None else spec.parts) or {}


def part_label(desk: Desk, name: str, part: FieldSpec) -> str:
    """Return what people call a part of a map."""
    return desk.say(part.label) if part.label else name.replace("_", " ")


def ranking_text(desk: Desk, key: DispatchKey, value: object) -> str:
    """Return what one key of a ranking said about a candidate, in words."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return desk.words.yes if value else desk.words.no
    kind = getattr(getattr(key.value, "kind", None), "name", "")
    if kind == "duration" and isinstance(value, int):
        return desk.words.never if value >= NEVER_S else duration_text(desk, f"{value // 3600}h{value // 60 % 60}m")
    if kind == "datetime":
        moment = shown_moment(desk, value)
        return desk.words.never if moment.title < NEVER_BEFORE else moment.text
    return str(value)


def money_text(value: object) -> str:
    """Return an amount with its thousands apart: ¥12,345.00."""
    text = str(value)
    sign, digits = ("−", text[1:]) if text.startswith("-") else ("", text)
    whole, _, part = digits.partition(".")
    return f"{sign}¥{int(whole):,}.{part or '00'}" if whole.isdigit() else text


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(_desk: Desk, spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    return Shown("text", money_text(value) if spec.type == "money" else str(value), numeric=True)


def _bool(desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    return Shown("text", desk.words.yes if value else desk.words.no)


def _date(desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    return Shown("text", str(value), title=_day(desk, str(value)))


def _day(desk: Desk, text: str) -> str:
    try:
        return desk.words.on_day(date.fromisoformat(text))
    except ValueError:
        return ""


def _enum(desk: Desk, spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    label = (spec.options or {}).get(str(value))
    return Shown("text", desk.say(label) if label else str(value))


def _ref(desk: Desk, spec: FieldSpec, value: object, names: Mapping[str, str]) -> Shown:
    """Return a reference by the name of what it points to; a record the reader may not know of has none."""
    record = desk.catalog.records.get(spec.to or "")
    name = names.get(str(value))
    if name is None or record is None:
        return Shown("text", UNTOLD, title=desk.words.not_for_you)
    if name == value:  # it has nothing by which it could be called
        name = f"{desk.say(record.label)} #{name[-6:]}"
    return Shown("ref", name, url=record_url(record, str(value)))


def _time(_desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    return Shown("text", time_text(value))


def _duration(desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    return Shown("text", duration_text(desk, str(value)), title=str(value))


def _moment(desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    return shown_moment(desk, value)


def _list(desk: Desk, spec: FieldSpec, value: object, names: Mapping[str, str]) -> Shown:
    items: list[Any] = value if isinstance(value, list) else [value]
    parts = parts_of(spec)
    if parts:
        rows = [[shown(desk, part, item.get(name), names) for name, part in parts.items()] for item in items]
        return Shown("table", head=[part_label(desk, name, part) for name, part in parts.items()], rows=rows)
    if spec.item is not None:
        return Shown("list", items=[shown(desk, spec.item, item, names) for item in items])
    return Shown("list", items=[Shown("text", _plain(item)) for item in items])


def _images(desk: Desk, _spec: FieldSpec, value: object, names: Mapping[str, str]) -> Shown:
    return _list(desk, FieldSpec("list", item=FieldSpec("image")), value, names)


def _map(desk: Desk, spec: FieldSpec, value: object, names: Mapping[str, str]) -> Shown:
    if not isinstance(value, Mapping):
        return Shown("text", _plain(value))
    parts = spec.parts or {}
    text = FieldSpec("text")
    told = [(name, parts.get(name, text), each) for name, each in value.items() if each not in (None, "")]
    rows = [[Shown("text", part_label(desk, name, part)), shown(desk, part, each, names)] for name, part, each in told]
    return Shown("table", rows=rows)


def _signature(desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    text = str(value)
    if text.startswith("data:image/"):
        return Shown("image", desk.words.signed, url=text)
    return Shown("photo", name_in(text), content=hash_in(text) or "")


def _file(_desk: Desk, spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    digest = hash_in(value)
    return Shown("photo" if spec.type == "image" else "file", name_in(value), content=digest or "")


def _geo(_desk: Desk, _spec: FieldSpec, value: object, _names: Mapping[str, str]) -> Shown:
    spot = value if isinstance(value, Mapping) else {}
    return Shown("text", f"{spot.get('lat')}, {spot.get('lon')}")


_DRAWN: Mapping[str, Callable[[Desk, FieldSpec, Any, Mapping[str, str]], Shown]] = {
    "int": _number,
    "decimal": _number,
    "money": _number,
    "bool": _bool,
    "date": _date,
    "enum": _enum,
    "ref": _ref,
    "duration": _duration,
    "datetime": _moment,
    "time": _time,
    "list": _list,
    "images": _images,
    "file": _file,
    "image": _file,
    "map": _map,
    "signature": _signature,
    "geo": _geo,
}
