"""What tells a record from others of its name, where one is chosen: a room's size and state, a person's post."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.pages.frame.desk import Desk
from app.pages.showing.speaking import spoken
from app.pages.showing.values import NUMERIC, shown_field, shown_state
from core.language.definition import Field, RecordType

PARTS_MAX = 4
LONG = 40  # characters; a longer text tells a story
LISTS = frozenset({"list", "table"})
_TELLING = frozenset({"text", "ref", "enum", "date", "time", "phone"}) | NUMERIC


def apart_of(desk: Desk, record: RecordType, row: Mapping[str, Any], label: str) -> str:
    """Return what stands beside ``label`` where a record is chosen, empty when nothing tells it apart.

    Its number, then the columns of its list as the plugin has them, then its state: figures with what they are.
    """
    said = [str(row["number"])] if row.get("number") else []
    said += [text for one in _fields(desk, record) if (text := _said(desk, record, one, row))]
    parts = [text for text in dict.fromkeys(said) if text != label and len(text) <= LONG][:PARTS_MAX]
    state = shown_state(desk, record, row.get("state")).text if record.states else ""
    return " · ".join([*parts, state] if state else parts)


def _fields(desk: Desk, record: RecordType) -> Iterator[Field]:
    """Yield the fields that a list of such records shows: as a view of its plugin has them, else words as they come.

    A path that leads through a reference is left out: it would be a question per row.
    """
    views = desk.catalog.plugin(record.plugin).views.values()
    lists: Iterator[Any] = (each for each in views if each.get("of") == record.key and each.get("kind") in LISTS)
    names = next((each["columns"] for each in lists if each.get("columns")), None)
    if names is None:
        yield from (one for one in record.fields.values() if one.stored and one.spec.type not in NUMERIC)
    else:
        yield from (record.fields[name] for name in names if name in record.fields)


def _said(desk: Desk, record: RecordType, one: Field, row: Mapping[str, Any]) -> str:
    told = spoken(desk, record, one.name, row)
    if told is not None:
        return desk.words.between.join(each.text for each in told.items) if told.items else told.text
    if one.spec.type not in _TELLING or row.get(one.name) is None:
        return ""
    text = shown_field(desk, one, row).text
    return f"{desk.say(one.label)} {text}" if one.spec.type in NUMERIC else text
