"""Inputs of a form, made from field types: what is drawn for each, and what an action takes of what was typed.

A value travels through a form as named texts: ``flatten`` writes them, ``gather`` reads them back. What a text means
is decided by the field's own type, so that a page and a program are told the same of a wrong one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.chain.overseeing import directs
from app.pages.actions.choices import Choice, few
from app.pages.frame.desk import Desk
from app.pages.frame.forms import Form
from app.pages.frame.posts import Posts, posts_of, running_in
from app.pages.showing.values import part_label, parts_of
from core.model.contents import name_in
from core.model.errors import Problem
from core.model.fields import FieldSpec, time_text

Pairs = list[tuple[str, str]]
UNITS = ("m", "h", "d", "bd", "w", "mo", "y")
SPARE_ROWS = 2  # empty rows below a list, for a browser without script
AREA_FROM = 200  # a text that may be longer than this gets several lines
_ONE_UNIT = re.compile(r"(\d+)(bd|mo|[ywdhms])")
_PLAIN = {
    "int": "number", "decimal": "number", "money": "money", "date": "date", "time": "time", "phone": "tel",
    "datetime": "datetime", "duration": "duration", "enum": "select", "bool": "switch", "signature": "pad",
    "file": "file", "image": "photo",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One input as the template draws it."""

    name: str
    label: str
    widget: str
    value: str = ""
    required: bool = False
    options: list[Choice] = field(default_factory=list)
    first: list[Choice] = field(default_factory=list)  # offered before the options, under a heading of their own
    heading: str = ""
    groups: list[tuple[str, list[Choice]]] = field(default_factory=list)  # options under headings
    chosen: list[str] = field(default_factory=list)
    parts: list[Input] = field(default_factory=list)
    rows: list[list[Input]] = field(default_factory=list)
    target: str = ""  # where a picker looks, as an address
    text: str = ""  # what a picker shows
    unit: str = ""
    hint: str = ""
    wide: bool = False
    problems: list[Problem] = field(default_factory=list)


def draw(desk: Desk, name: str, label: str, spec: FieldSpec, form: Form, **more: Any) -> Input:
    """Return the input for one field, holding what the form holds."""
    value = form.get(name) or ""
    many = _many(desk, spec)
    if many is not None:
        return Input(name, label, "checks", options=many, chosen=form.all(name), wide=True, **more)
    if spec.type == "ref" or (spec.type == "list" and spec.item is not None and spec.item.type == "ref"):
        return _references(desk, name, label, spec, form, more)
    if spec.type == "list" and parts_of(spec):
        return _table(desk, name, label, spec, form, more)
    if spec.type == "map" and spec.parts:
        parts = [draw(desk, f"{name}.{n}", part_label(desk, n, p), p, form) for n, p in spec.parts.items()]
        return Input(name, label, "group", parts=parts, wide=True, **more)
    if spec.type == "list" and spec.item is not None:
        return _rows(desk, name, label, spec.item, form, more)
    if spec.type == "images":
        return _rows(desk, name, label, FieldSpec("image"), form, more)
    if spec.type in {"list", "map"}:
        return Input(name, label, "area", value, wide=True, hint=desk.words.one_a_line, **more)
    return _single(desk, name, label, spec, form, more)


def draw_posts(desk: Desk, name: str, label: str, spec: FieldSpec, form: Form, store: str, **more: Any) -> Input:
    """Return the input for a post, or for several: those of the businesses of a store that the person may give.

    What somebody holds already stays offered, whoever gave it: a form that left it out would take it away.
    """
    posts = posts_of(desk, running_in(desk, store) if store else None)
    groups = _offered(desk, posts, store)
    offered = {each.key for _, found in groups for each in found}
    held = [each for each in dict.fromkeys(form.all(name)) if each.strip()]
    rest = [Choice(each, posts.called(each, store)) for each in held if each not in offered]
    groups = [group for group in [*groups, (desk.words.given_elsewhere, rest)] if group[1]]
    many = spec.type == "list"
    return Input(
        name, label, "checks" if many else "select", form.get(name) or "", chosen=held, groups=groups, wide=many, **more
    )


def _offered(desk: Desk, posts: Posts, store: str) -> list[tuple[str, list[Choice]]]:
    """Return the posts to choose from by business; what several businesses call by one word is one post, told once."""
    may_lock, several, groups = directs(desk.actor), dict[str, Choice](), list[tuple[str, list[Choice]]]()
    for business, found in posts.by_business(store):
        mine = [each for each in found if may_lock or each.role.lock is None]
        several |= {p.name: Choice(p.name, posts.called(p.name, store)) for p in mine if posts.is_shared(p.name, store)}
        groups.append((business, [Choice(each.name, each.label) for each in mine if each.name not in several]))
    return [*groups, (desk.words.of_several, list(several.values()))]


def flatten(spec: FieldSpec, name: str, value: object) -> Pairs:
    """Return the named texts that stand for a value as JSON."""
    if value is None:
        return []
    if spec.type in {"list", "images"} and isinstance(value, list):
        return list(_flat_list(spec, name, value))
    if spec.type == "map" and spec.parts and isinstance(value, Mapping):
        return [pair for n, part in spec.parts.items() for pair in flatten(part, f"{name}.{n}", value.get(n))]
    if spec.type == "duration":
        found = _ONE_UNIT.fullmatch(str(value))
        return [(name, found[1]), (f"{name}.unit", found[2])] if found else [(name, str(value))]
    if spec.type == "datetime":
        return [(name, str(value)[:19])]
    if spec.type == "time":
        return [(name, time_text(value))]
    if spec.type == "geo" and isinstance(value, Mapping):
        return [(name, f"{value['lat']},{value['lon']}")]
    if isinstance(value, bool):
        return [(name, "true" if value else "false")]
    return [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))]


def gather(spec: FieldSpec, name: str, form: Form) -> object:
    """Return what was typed for one field, as an action takes it; None for nothing."""
    if spec.type in {"list", "images"}:
        return _gathered_list(spec, name, form)
    if spec.type == "map" and spec.parts:
        found = {n: gather(part, f"{name}.{n}", form) for n, part in spec.parts.items()}
        return found if any(value is not None for value in found.values()) else None
    text = form.text(name)
    if not text:
        return None
    if spec.type == "duration" and text.isdigit():
        return text + (form.text(f"{name}.unit") or "m")
    if spec.type == "map":
        return _lines_to_map(text)
    return text


def was_sent(spec: FieldSpec, name: str, form: Form) -> bool:
    """Return whether the form had the input at all."""
    prefix = f"{name}."
    return any(key == name or key.startswith(prefix) for key, _ in form.pairs) or spec.type in {"list", "images"}


def _flat_list(spec: FieldSpec, name: str, value: Sequence[object]) -> Iterator[tuple[str, str]]:
    item = spec.item or (FieldSpec("image") if spec.type == "images" else None)
    if item is None and not spec.parts:
        yield name, "\n".join(each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in value)
        return
    parts = parts_of(spec)
    for index, each in enumerate(value):
        if parts and isinstance(each, Mapping):
            for n, part in parts.items():
                yield from flatten(part, f"{name}.{index}.{n}", each.get(n))
        elif item is not None:
            yield from flatten(item, name, each)


def _gathered_list(spec: FieldSpec, name: str, form: Form) -> object:
    parts = parts_of(spec)
    if parts:
        lines = [f"{name}.{index}" for index in _indexes(name, form)]
        rows = [{n: gather(part, f"{line}.{n}", form) for n, part in parts.items()} for line in lines]
        return [row for row in rows if any(value is not None for value in row.values())] or None
    values = [value.strip() for value in form.all(name) if value.strip()]
    if spec.item is None and spec.type == "list":
        values = [line.strip() for value in values for line in value.splitlines() if line.strip()]
    return values or None


def _indexes(name: str, form: Form) -> list[int]:
    firsts = {rest.partition(".")[0] for rest, _ in form.under(f"{name}.")}
    return sorted(int(each) for each in firsts if each.isdigit())


def _many(desk: Desk, spec: FieldSpec) -> list[Choice] | None:
    """Return the boxes to tick for a list of few possible values, None for any other field."""
    item = spec.item
    if spec.type != "list" or item is None:
        return None
    if item.type == "enum" and item.options:
        return [Choice(key, desk.say(label)) for key, label in item.options.items()]
    return few(desk, item.to) if item.type == "ref" and item.to else None


def _single(desk: Desk, name: str, label: str, spec: FieldSpec, form: Form, more: dict[str, Any]) -> Input:
    value = form.get(name) or ""
    widget = _PLAIN.get(spec.type, "text")
    if spec.type == "text" and isinstance(spec.max, int) and spec.max >= AREA_FROM:
        widget = "area"
    options: list[Choice] = []
    if spec.type == "enum":
        options = [Choice(key, desk.say(text)) for key, text in (spec.options or {}).items()]
    if spec.type == "duration":
        w = desk.words
        words = (w.minutes, w.hours, w.days, w.workdays, w.weeks, w.months, w.years)
        options = [Choice(unit, word) for unit, word in zip(UNITS, words, strict=True)]
    text = name_in(value) if widget in {"file", "photo"} else ""
    unit = form.get(f"{name}.unit") or ("" if value and not value.isdigit() else "m")
    wide = widget in {"area", "pad"}
    return Input(name, label, widget, value, options=options, text=text, unit=unit, wide=wide, **more)


def _references(desk: Desk, name: str, label: str, spec: FieldSpec, form: Form, more: dict[str, Any]) -> Input:
    item = spec.item if spec.type == "list" and spec.item is not None else spec
    target = desk.catalog.records.get(item.to or "")
    if target is None:
        return Input(name, label, "text", form.get(name) or "", **more)
    options = few(desk, target.key)
    value = form.get(name) or ""
    if options is not None:
        return Input(name, label, "select", value, options=options, **more)
    address = f"/choices/{target.plugin}/{target.name}"
    return Input(name, label, "picker", value, target=address, text=form.get(f"{name}.text") or "", **more)


def _table(desk: Desk, name: str, label: str, spec: FieldSpec, form: Form, more: dict[str, Any]) -> Input:
    parts = parts_of(spec)
    indexes = _indexes(name, form)
    following = max(indexes, default=-1) + 1
    lines = [f"{name}.{index}" for index in [*indexes, *range(following, following + SPARE_ROWS)]]
    rows = [[draw(desk, f"{line}.{n}", part_label(desk, n, p), p, form) for n, p in parts.items()] for line in lines]
    return Input(name, label, "table", rows=rows, wide=True, **more)


def _rows(desk: Desk, name: str, label: str, item: FieldSpec, form: Form, more: dict[str, Any]) -> Input:
    values = [*(value for value in form.all(name) if value.strip()), *[""] * SPARE_ROWS]
    rows = [[draw(desk, name, label, item, Form(((name, value),)))] for value in values]
    return Input(name, label, "rows", rows=rows, wide=True, **more)


def _lines_to_map(text: str) -> object:
    """Read ``name: value`` lines; JSON is left to the field's own type."""
    if text.lstrip().startswith("{"):
        return text
    pairs = [re.split(r"[:：]", line, maxsplit=1) for line in text.splitlines() if line.strip()]
    return {name.strip(): rest[0].strip() if rest else "" for name, *rest in pairs}
