"""What a record is connected to: the records that point to it, and what may be begun with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.pages.actions.buttons import beginnings
from app.pages.frame.desk import Desk, action_url, list_url, record_url
from app.pages.showing import columns as cols
from app.pages.showing.values import NOTHING, Shown, shown_state
from core.language.definition import Action, Field, RecordType
from stores.reads import records
from stores.reads.reading import Reading

RELATED_ROWS = 6


@dataclass(frozen=True, slots=True)
class Related:
    """Records of one type that point to this one."""

    label: str
    url: str
    rows: list[tuple[str, str, Shown]] = field(default_factory=list)  # address, name, state
    more: bool = False


def related(desk: Desk, kind: RecordType, record_id: str) -> Iterable[Related]:
    """Yield the records that point to this one, as far as the person reads them."""
    for other, one in _pointing(desk, kind, record_id):
        where: list[tuple[str, str, object]] = [(one.name, "eq", record_id)]
        found = records.query(desk.node, desk.actor, other, where=where, limit=RELATED_ROWS + 1)
        if found.rows:
            shown_rows = [_related_row(desk, other, one, row) for row in found.rows[:RELATED_ROWS]]
            label = f"{desk.say(other.label)} · {desk.say(one.label)}"
            yield Related(label, list_url(other, **{one.name: record_id}), shown_rows, len(found.rows) > RELATED_ROWS)


def following(desk: Desk, kind: RecordType, row: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Yield what the person may begin with this record: (words, address of the form, with the record in it)."""
    if row["store"] != desk.actor.store or "_deleted" in row:
        return
    for other in desk.catalog.plugin(kind.plugin).records.values():
        wanted = {name: ask for name, action in other.actions.items() if (ask := _asks_for(other, action, kind))}
        for each in beginnings(desk, other) if wanted else ():
            if each.name in wanted:
                text = f"{desk.say(other.label)} · {each.label}"
                yield text, action_url(other, each.name, **{wanted[each.name]: row["id"]})


def _asks_for(other: RecordType, action: Action, kind: RecordType) -> str:
    """Return the input of an action that makes a record in which a record of this type must stand; empty for none."""
    for ask in action.ask if action.new else ():
        own = other.fields.get(ask.field or "")
        if own is None or not (own.spec.required or ask.spec.required):
            continue
        if own.spec.type == "ref" and own.spec.to == kind.key:
            return ask.name
    return ""


def _pointing(desk: Desk, kind: RecordType, record_id: str) -> list[tuple[RecordType, Field]]:
    """Return the references by which anything at all points to this record: most of them need no further question."""
    pointers = _pointers(desk, kind)
    with desk.node.database.read() as connection:
        return [pair for pair in pointers if records.points_here(connection, desk.node, *pair, record_id)]


def _pointers(desk: Desk, kind: RecordType) -> list[tuple[RecordType, Field]]:
    """Return the references to this type that the person reads in clear: a masked one must not be told this way."""
    with desk.node.database.read() as connection:
        reading = Reading(connection, desk.node, desk.actor)
        return [
            (other, one)
            for other in desk.catalog.records.values()
            for one in other.fields.values()
            if one.stored
            and one.spec.type == "ref"
            and one.spec.to == kind.key
            and not reading.sight_of(other).blind
            and reading.sight_of(other).is_open(one.name)
        ]


def _related_row(desk: Desk, other: RecordType, pointer: Field, row: Mapping[str, Any]) -> tuple[str, str, Shown]:
    """Return address, name and state of a record that points here. It is not called by what it points to: all are."""
    state = shown_state(desk, other, row["state"]) if row["state"] else NOTHING
    own = {name: value for name, value in row.items() if name != pointer.name}
    told = (cols.title_of(desk, other, own), cols.brief_of(desk, other, own))
    return record_url(other, str(row["id"])), " · ".join(text for text in told if text), state
