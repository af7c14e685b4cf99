"""Which stores there are, as far as this node knows: those where somebody works."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from core.language.definition import Plugin
from core.model.scope import HEADQUARTERS
from stores.node import Node

STAFF = "core.staff"


def all_stores(connection: Connection, node: Node) -> list[str]:
    """Return the stores of the chain, without headquarters, by code."""
    table = node.table(node.catalog.records[STAFF])
    query = select(table.c._store).where(table.c._store != HEADQUARTERS, table.c._life % 2 == 1).distinct()
    return sorted(connection.execute(query).scalars())


def stores_of(connection: Connection, node: Node, plugin: Plugin) -> list[str]:
    """Return the stores in which somebody holds a post of this business."""
    table = node.table(node.catalog.records[STAFF])
    posts = [table.c.roles.contains(f'"{role}"', autoescape=True) for role in plugin.roles]
    if not posts:
        return []
    query = select(table.c._store).where(table.c._store != HEADQUARTERS, table.c._life % 2 == 1, or_(*posts)).distinct()
    return sorted(connection.execute(query).scalars())
