"""Sums of what a node holds, down one path from everything to the record; both sides of a comparison read them so."""

from __future__ import annotations

from stores.changes import buckets
from stores.changes.buckets import Fresh, Part, Sum
from stores.node import Node
from stores.storage.database import Connection


def sums_at(
    connection: Connection, node: Node, held: dict[str, Part], path: tuple[str, ...], fresh: list[Fresh]
) -> list[Sum]:
    """Return the sums that a path leads to; ``fresh`` collects what is worth keeping. An unknown part has none."""
    if not path:
        found, worked_out = buckets.totals(connection, node, held.values())
        fresh.append(worked_out)
        return found
    part = held.get(path[0])
    if part is None:
        return []
    match path[1:]:
        case ():
            return buckets.buckets(connection, node, part)
        case (bucket,):
            return buckets.shards(connection, part, bucket)
        case (bucket, shard):
            return buckets.members(connection, part, bucket, shard)
        case _:
            return []


def keep(node: Node, fresh: list[Fresh]) -> None:
    """Put away the sums that had to be worked out, in a short transaction of their own."""
    for each in filter(None, fresh):
        with node.database.write() as connection:
            buckets.keep(connection, each)
