"""A record's history as its reader may see it: the log's old and new values, masked like the record itself."""

from __future__ import annotations

from collections.abc import Mapping

from app.web.caller import Caller
from core.language.definition import Action, RecordType
from core.model.change import Entry
from core.model.clock import from_iso
from core.model.errors import Text
from core.model.values import Cell
from stores import rows
from stores.changes import log
from stores.changes.older import lift_all
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.sight import Shown

Json = dict[str, object]
_TOLD = ("reason", "warned", "late_s", "undoes", "version", "outcome")
_KINDS = {
    "create": Text("Created", "新建"),
    "update": Text("Changed", "修改"),
    "delete": Text("Deleted", "删除"),
    "undelete": Text("Restored", "恢复"),
}


def history_of(caller: Caller, record: RecordType, record_id: str) -> list[Json]:
    """Return the steps of a record, oldest first; NotFound when the caller may not see the record."""
    node = caller.node
    records.fetch(node, caller.actor, record, record_id, fields=["id"])
    with node.database.read() as connection:
        reading = Reading(connection, node, caller.actor)
        row = rows.get(connection, node, record, record_id)
        shown = reading.sight_of(record).shown(row, reading.env_of(record, row))
        entries = lift_all(node.catalog, log.history(connection, record.key, record_id))
    names = _names(caller, {entry.actor for entry in entries})
    return [_step(caller, record, entry, shown, names) for entry in entries]


def _step(caller: Caller, record: RecordType, entry: Entry, shown: Shown, names: dict[str, str]) -> Json:
    action = record.actions.get(entry.action.rpartition(".")[2])
    facts = entry.facts or {}
    return {
        "action": entry.action,
        "label": action.label.say(caller.language) if action else _KINDS[entry.kind].say(caller.language),
        "at": from_iso(entry.at).astimezone(caller.node.zone).isoformat(timespec="milliseconds"),
        "by": entry.actor,
        "by_name": names.get(entry.actor, entry.actor),
        "where": entry.origin,
        "seq": entry.seq,
        "kind": entry.kind,
        "changes": {
            name: [_told(caller, record, name, each, shown) for each in pair]
            for name, pair in entry.body.items()
            if name not in shown.absent and _known(record, name)
        },
        **{name: facts[name] for name in _TOLD if name in facts},
        "asked": _asked(action, facts.get("ask"), shown),
    }


def _asked(action: Action | None, once: object, shown: Shown) -> Json:
    """Return what was entered for this step alone: why it was refused, who was reached.

    It may be personal and no mask names it, so it is told to those from whom nothing of the record is kept.
    """
    if action is None or not isinstance(once, Mapping) or shown.absent or shown.masked:
        return {}
    return {ask.name: once[ask.name] for ask in action.ask if ask.field is None and ask.name in once}


def _known(record: RecordType, name: str) -> bool:
    return name in {"state", "number"} or (name in record.fields and record.fields[name].stored)


def _told(caller: Caller, record: RecordType, name: str, cell: Cell, shown: Shown) -> object:
    if cell is None or name not in record.fields:
        return cell
    field = record.fields[name]
    if name not in shown.masked:
        return field.spec.told(cell, caller.node.zone)
    if not field.spec.reads(cell):  # what another node said may be no value, and its shape hides nothing
        return field.spec.kind.mask("", "all")
    return field.spec.kind.mask(field.spec.value(cell), field.mask or "all")


def _names(caller: Caller, staff: set[str]) -> dict[str, str]:
    """Return the names of the people who acted; a colleague's name is no secret to a person who sees the record."""
    record = caller.catalog.records["core.staff"]
    with caller.node.database.read() as connection:
        found = {each: rows.load(connection, caller.node, record, each) for each in staff}
    return {each: str(row.values["name"]) for each, row in found.items() if row is not None}
