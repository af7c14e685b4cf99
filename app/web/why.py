"""Why a record stands as it does, told to one reader: nothing comes out here that is masked for him elsewhere."""

from __future__ import annotations

from typing import Any, Protocol, cast

from core.language.definition import RecordType
from core.model.errors import Forbidden, Language
from stores import rows
from stores.actor import Actor
from stores.acts import explain
from stores.acts.permission import acting_roles
from stores.node import Node
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.subjects import may_know_reasons
from stores.world import NodeWorld

Json = dict[str, Any]


class Asker(Protocol):
    """Whoever wants to know: the caller of the API, the reader of a page, a person at the command line."""

    @property
    def node(self) -> Node:
        """The node that knows."""

    @property
    def actor(self) -> Actor:
        """The person, whose read rules and masks hold."""

    @property
    def language(self) -> Language:
        """The language it is told in."""


def explained(asker: Asker, record: RecordType, record_id: str) -> Json:
    """Return deadlines with their rules, steps, ledger entries, dispatch, and which actions are open to the asker.

    Raises NotFound when the caller may not see the record.
    """
    node = asker.node
    records.fetch(node, asker.actor, record, record_id, fields=["id"])
    with node.database.read() as connection:
        reading = Reading(connection, node, asker.actor)
        row = rows.get(connection, node, record, record_id)
        shown = reading.sight_of(record).shown(row, reading.env_of(record, row))
        world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
        told = explain.explain(connection, node, record, row, asker.language)
        actions = explain.available(world, record, row, asker.actor, asker.language)
        roles = acting_roles(world, asker.actor)
    steps = cast("list[Json]", told["steps"])
    deadlines = [*cast("list[Json]", told["timers"]), *(timer for step in steps for timer in step["timers"])]
    _drop_inputs(deadlines, shown.masked | shown.absent)
    ledger = _visible(asker, record, cast("list[Json]", told["ledger"]))
    _drop_reasons(asker, record, cast("list[Json]", told["dispatch"]), roles)
    return {**told, "ledger": ledger, "actions": actions}


def _drop_inputs(timers: list[Json], hidden: frozenset[str]) -> None:
    """Take what a masked field would tell out of what a deadline was worked out from."""
    names = {f"self.{name}" for name in hidden}
    for timer in timers:
        known = timer.get("inputs", {})
        timer["inputs"] = {name: value for name, value in known.items() if name not in names}
        if len(timer["inputs"]) < len(known):  # the days it walks over would tell the value
            timer |= {"path": [], "skipped": []}


def _drop_reasons(asker: Asker, record: RecordType, picks: list[Json], roles: set[str]) -> None:
    """Take the candidates out of dispatch decisions that are none of the caller's business: they are colleagues."""
    plugin = asker.node.catalog.plugin(record.plugin)
    for pick in picks:
        if not may_know_reasons(plugin, str(pick["policy"]).rpartition(".")[2], roles):
            pick["ranking"] = None


def _visible(asker: Asker, record: RecordType, entries: list[Json]) -> list[Json]:
    """Return the ledger entries that the caller could also read in the ledger: a fine is not everybody's business."""
    seen: set[str] = set()
    for name in {entry["ledger"] for entry in entries}:
        ids = [entry["id"] for entry in entries if entry["ledger"] == name]
        ledger = asker.node.catalog.record(record.plugin, name)
        try:
            page = records.query(asker.node, asker.actor, ledger, where=[("id", "in", ids)], limit=records.LIMIT_MAX)
        except Forbidden:
            continue
        seen |= {each["id"] for each in page.rows}
    return [entry for entry in entries if entry["id"] in seen]
