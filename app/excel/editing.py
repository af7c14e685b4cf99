"""A row that changes a record: what stands there now, what it changes, and nothing else.

Only what differs is asked of the action. So an exported list that is edited and sent back overwrites nothing that
somebody else has changed in the meantime, and sent twice it changes nothing twice. An empty cell leaves its field; one
that says so (``cells.EMPTIED``) empties it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from app.excel.cells import EMPTIED, text_of
from app.excel.intake import Row
from app.excel.plan import Entry, Plan
from app.pages.frame.desk import Desk
from app.pages.showing.names import name_of
from app.pages.showing.values import shown, shown_field
from core.model.fields import BadValue
from core.model.values import canonical_json
from stores.reads import records


def edited(desk: Desk, plan: Plan, row: Row) -> Row:
    """Return a row with what it changes: the action asks for that alone, of the record as it was read.

    Raises NotFound when the record is gone.
    """
    assert row.id is not None, "a row without a record was refused when the file was read"
    now = records.fetch(desk.node, desk.actor, plan.record, row.id)
    entries = {each.name: each for each in plan.entries}
    ask: dict[str, object] = {}
    changes = []
    for name, value in row.body["ask"].items():
        entry = entries[name]
        if not _stands(desk, entry, now, value):
            ask[name] = value
            changes.append((entry.label, _old(desk, plan, entry, now), _new(desk, entry, value)))
    body = {**row.body, "ask": ask, "seen": str(now["updated_at"])}
    key = blake2b(canonical_json([row.key, body["seen"], ask]).encode(), digest_size=20).hexdigest()
    return replace(row, body=body, key=key, changes=tuple(changes))


def _stands(desk: Desk, entry: Entry, now: Mapping[str, Any], value: object) -> bool:
    """Whether a value stands in the record already; of a masked one, whether the file repeats the mask."""
    field = entry.ask.field if entry.ask is not None else None
    if field is None:
        return value is None
    if value is None:
        return now.get(field) is None
    if field in now.get("_masked", ()):
        return str(now.get(field)) == str(value)
    try:
        return now.get(field) is not None and _json(desk, entry, value) == now.get(field)
    except BadValue:  # the action says what is wrong with it
        return False


def _json(desk: Desk, entry: Entry, value: object) -> object:
    return entry.spec.json(entry.spec.parse(value, desk.node.zone), desk.node.zone)


def _old(desk: Desk, plan: Plan, entry: Entry, now: Mapping[str, Any]) -> str:
    field = plan.record.fields.get((entry.ask.field if entry.ask is not None else None) or "")
    return (text_of(shown_field(desk, field, now)) if field is not None else None) or ""


def _new(desk: Desk, entry: Entry, value: object) -> str:
    if value is None:
        return desk.say(EMPTIED)
    try:
        told = _json(desk, entry, value)
    except BadValue:
        return str(value)
    name = name_of(desk, entry.spec.to, str(told)) if entry.spec.type == "ref" and entry.spec.to else None
    return text_of(shown(desk, entry.spec, told, {str(told): name} if name else {})) or ""
