"""The records behind a line of a scorecard: exactly those that its figure counts, as far as somebody may see them."""

from __future__ import annotations

from datetime import date
from typing import Literal, cast

from sqlalchemy import ColumnElement

from core.language.definition import RecordType, Scorecard, ScoreItem
from core.language.expressions import Aggregate
from core.model.errors import NotFound
from stores import rows
from stores.actor import Actor
from stores.lowering import matching
from stores.node import Node
from stores.reads.reading import Reading
from stores.reads.records import Page, fetch, query
from stores.world import NodeWorld

Part = Literal["value", "target"]


def counted(item: ScoreItem) -> dict[Part, Aggregate]:
    """Return what a line counts: its value, its target, both; nothing where a person marks it or it is worked out."""
    parts: tuple[tuple[Part, object], ...] = (("value", item.value), ("target", item.target))
    return {name: part for name, part in parts if isinstance(part, Aggregate)}


def records_behind(  # noqa: PLR0913 - each says which of the records
    node: Node,
    actor: Actor,
    kind: RecordType,
    card: Scorecard,
    card_id: str,
    item: str,
    part: Part = "value",
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """Return a page of the records that a line of one card counts, with the total; masks applied.

    Raises NotFound for a card that is not for this actor to see, and for a line that counts nothing itself.
    """
    fetch(node, actor, kind, card_id, fields=())
    found = counted(card.items[item]).get(part) if item in card.items else None
    if found is None:
        raise NotFound.of("counts-nothing", f"`{item}` counts no records", f"“{item}”不是按记录统计的")
    aggregate = found

    def wanted(reading: Reading) -> list[ColumnElement[bool]]:
        row = rows.get(reading.connection, node, kind, card_id)
        world = NodeWorld(reading.connection, node, kind.plugin, str(row.values["store"]))
        subject = world.row(card.subject, str(row.values["subject"]))
        period = world.calendar().period(card.period, cast(date, row.values["period"]))
        own = card.subject.rpartition(".")[2]
        env = world.env(row, node.now(), actor).having(period=period, **{own: subject})
        return [matching(world, env, aggregate, node.database.dialect)]

    return query(
        node, actor, node.catalog.records[aggregate.record], limit=limit, cursor=cursor, total=True, also=wanted
    )
