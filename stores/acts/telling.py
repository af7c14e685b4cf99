"""What a message may tell the one who acts: a field he sees masked, or not at all, is not spelt out in a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Env, Formula, expressions_in
from core.language.expressions.tree import FieldOf, walk
from core.model.errors import Text
from stores import rows
from stores.actor import Actor
from stores.acts.messages import filled
from stores.acts.permission import acting_roles
from stores.acts.work import Work
from stores.node import Node
from stores.reads.sight import Sight, sight
from stores.world import NodeWorld


def told(work: Work, text: Text, fills: Mapping[str, Formula]) -> Text:
    """Return a message filled for the actor. Of a record that he is entering himself he knows everything."""
    own = work.record.key if work.action.new else None
    return told_to(work.call.actor, work.world, work.env, text, fills, own)


def told_to(
    actor: Actor, world: NodeWorld, env: Env, text: Text, fills: Mapping[str, Formula], own: str | None = None
) -> Text:
    """Return a message filled for a person; ``own`` is a record type whose fields he knows."""
    if not fills or actor.id == SYSTEM:
        return filled(text, fills, env)
    sights: dict[str, Sight] = {}
    secret = {
        place
        for place, formula in fills.items()
        if any(_hidden(actor, world, node, sights) for node in _fields(formula) if node.record != own)
    }
    return filled(text, fills, env, secret)


def of_check(connection: Connection, node: Node, actor: Actor, record: RecordType, id_: str, name: str) -> Text | None:
    """Return what a check of a record type (``action.check``) says of one record, as a person may read it.

    None when there is no such check any more, or no such record here.
    """
    action = record.actions.get(name.partition(".")[0])
    check = next((each for each in action.checks if each.name == name.partition(".")[2]), None) if action else None
    row = rows.load(connection, node, record, id_)
    if action is None or check is None or row is None:
        return None
    world = NodeWorld(connection, node, action.owner or record.plugin, str(row.values["store"]))
    return told_to(actor, world, world.env(row, node.now(), actor), check.message, check.fills)


def _fields(formula: Formula) -> Iterator[FieldOf]:
    for part in expressions_in(formula):
        yield from (node for node in walk(part.tree) if isinstance(node, FieldOf))


def _hidden(actor: Actor, world: NodeWorld, node: FieldOf, sights: dict[str, Sight]) -> bool:
    record = world.node.catalog.records[node.record]
    if node.name not in record.fields:
        return False  # id, state, number, store
    if node.record not in sights:
        there = world.seen_from(record.plugin)
        narrowed = world.node.host.read_filters(actor.id, actor.roles, record)
        sights[node.record] = sight(world.node.catalog, record, acting_roles(there, actor, record), narrowed)
    return sights[node.record].blind or not sights[node.record].is_open(node.name)
