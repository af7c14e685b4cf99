"""Why a record stands as it does, told to one reader: nothing comes out here that is masked for him elsewhere."""

from __future__ import annotations

from typing import Any, cast

from app.web.caller import Caller
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores import rows
from stores.acts import explain
from stores.acts.permission import acting_roles
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.subjects import may_know_reasons
from stores.world import NodeWorld

Json = dict[str, Any]


def explained(caller: Caller, record: RecordType, record_id: str) -> Json:
    """Return deadlines with their rules, steps, ledger entries, dispatch, and which actions are open to the caller.

    Raises NotFound when the caller may not see the record.
    """
    node = caller.node
    records.fetch(node, caller.actor, record, record_id, fields=["id"])
    with node.database.read() as connection:
        reading = Reading(connection, node, caller.actor)
        row = rows.get(connection, node, record, record_id)
        shown = reading.sight_of(record).shown(row, reading.env_of(record, row))
        world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
        told = explain.explain(connection, node, record, row, caller.language)
        actions = explain.available(world, record, row, caller.actor, caller.language)
        roles = acting_roles(world, caller.actor)
    _drop_inputs(cast("list[Json]", told["timers"]), shown.masked | shown.absent)
    ledger = _visible(caller, record, cast("list[Json]", told["ledger"]))
    _drop_reasons(caller, record, cast("list[Json]", told["dispatch"]), roles)
    return {**told, "ledger": ledger, "actions": actions}


def _drop_inputs(timers: list[Json], hidden: frozenset[str]) -> None:
    """Take the values of masked fields out of what a deadline was worked out from."""
    names = {f"self.{name}" for name in hidden}
    for timer in timers:
        timer["inputs"] = {name: value for name, value in timer.get("inputs", {}).items() if name not in names}


def _drop_reasons(caller: Caller, record: RecordType, picks: list[Json], roles: set[str]) -> None:
    """Take the candidates out of dispatch decisions that are none of the caller's business: they are colleagues."""
    plugin = caller.catalog.plugin(record.plugin)
    for pick in picks:
        if not may_know_reasons(plugin, str(pick["policy"]).rpartition(".")[2], roles):
            pick["ranking"] = None


def _visible(caller: Caller, record: RecordType, entries: list[Json]) -> list[Json]:
    """Return the ledger entries that the caller could also read in the ledger: a fine is not everybody's business."""
    seen: set[str] = set()
    for name in {entry["ledger"] for entry in entries}:
        ids = [entry["id"] for entry in entries if entry["ledger"] == name]
        ledger = caller.catalog.record(record.plugin, name)
        try:
            page = records.query(caller.node, caller.actor, ledger, where=[("id", "in", ids)], limit=records.LIMIT_MAX)
        except Forbidden:
            continue
        seen |= {each["id"] for each in page.rows}
    return [entry for entry in entries if entry["id"] in seen]
