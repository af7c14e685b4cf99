"""What a message may tell the one who acts: a field he sees masked, or not at all, is not spelt out in a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from core.language.definition import SYSTEM
from core.language.expressions import Formula
from core.language.expressions.tree import FieldOf, walk
from core.model.errors import Text
from stores.acts.figures import parts
from stores.acts.messages import filled
from stores.acts.permission import acting_roles
from stores.reads.sight import Sight, sight

if TYPE_CHECKING:
    from stores.acts.act import Work


def told(work: Work, text: Text, fills: Mapping[str, Formula]) -> Text:
    """Return a message filled for the actor. Of a record that he is entering himself he knows everything."""
    if not fills or work.call.actor.id == SYSTEM:
        return filled(text, fills, work.env)
    own = work.record.key if work.action.new else None
    sights: dict[str, Sight] = {}
    secret = {
        place
        for place, formula in fills.items()
        if any(_hidden(work, node, sights) for node in _fields(formula) if node.record != own)
    }
    return filled(text, fills, work.env, secret)


def _fields(formula: Formula) -> Iterator[FieldOf]:
    for part in parts(formula):
        yield from (node for node in walk(part.tree) if isinstance(node, FieldOf))


def _hidden(work: Work, node: FieldOf, sights: dict[str, Sight]) -> bool:
    record = work.node.catalog.records[node.record]
    if node.name not in record.fields:
        return False  # id, state, number, store
    if node.record not in sights:
        world, actor = work.world.seen_from(record.plugin), work.call.actor
        narrowed = work.node.host.read_filters(actor.id, actor.roles, record)
        sights[node.record] = sight(work.node.catalog, record, acting_roles(world, actor, record), narrowed)
    return sights[node.record].blind or not sights[node.record].is_open(node.name)
