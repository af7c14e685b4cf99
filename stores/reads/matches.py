"""What headquarters has found out about a record and one of another store: perhaps the same, the same, or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from stores.node import Node
from stores.storage import bulk

MATCH = "core.match"
_COLUMNS = (
    "id",
    "record_type",
    "rule",
    "state",
    "first",
    "second",
    "first_number",
    "second_number",
    "_store",
    "second_store",
)


@dataclass(frozen=True, slots=True)
class Match:
    """A record of another store that may be the same one. ``id`` is that of the finding."""

    id: str
    rule: str
    state: str
    other: str
    number: str
    store: str


def matches_of(connection: Connection, node: Node, record_type: str, record_id: str) -> list[Match]:
    """Return what has been found about a record; two looks into an index."""
    return [
        *_matches(connection, node, record_type, record_id, "first"),
        *_matches(connection, node, record_type, record_id, "second"),
    ]


def open_matches(connection: Connection, node: Node) -> int:
    """Return how many findings wait for a decision. A look along the index of states."""
    table = node.table(node.catalog.records[MATCH])
    query = select(func.count()).where(table.c.state == "open", table.c._life % 2 == 1)
    return int(connection.execute(query).scalar_one())


def _matches(connection: Connection, node: Node, record_type: str, record_id: str, side: str) -> Iterator[Match]:
    table = node.table(node.catalog.records[MATCH]).name
    for id_, type_, rule, state, first, second, number, other_number, store, other_store in bulk.by_key(
        connection, table, _COLUMNS, (side,), record_id
    ):
        if type_ == record_type:
            there = (second, other_number, other_store) if side == "first" else (first, number, store)
            yield Match(id_, rule, state, *there)
