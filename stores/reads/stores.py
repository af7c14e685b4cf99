"""Which stores run a business, as far as this node knows: as their nodes say, or as the posts of their people do."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping

from sqlalchemy import Connection, func, or_, select

from core.language.definition import Plugin
from core.model.scope import HEADQUARTERS
from stores.node import Node
from stores.storage import peers

STAFF = "core.staff"


def stores_of(connection: Connection, node: Node, plugin: Plugin) -> list[str]:
    """Return the stores of a business, by code.

    Each node says at every call which plugins it runs. A store whose nodes have never said so belongs to the business
    when somebody there holds one of its posts: two businesses may call a post by the same name.
    """
    told = plugins_told(connection)
    running = {store for store, plugins in told.items() if plugin.name in plugins}
    return sorted(running | (_with_posts(connection, node, plugin) - told.keys()) - {HEADQUARTERS})


def posts_held(connection: Connection, node: Node, store: str = "") -> Counter[tuple[str, str]]:
    """Return how many people who have not left hold each post (store, post), in one store or in the whole chain."""
    table = node.table(node.catalog.records[STAFF])
    columns = (table.c._store, table.c.roles)
    query = select(*columns, func.count()).where(table.c._life % 2 == 1, table.c.active == 1)
    query = query.where(table.c._store == store) if store else query
    found = Counter[tuple[str, str]]()
    for place, roles, number in connection.execute(query.group_by(*columns)):
        found.update({(place, role): int(number) for role in dict.fromkeys(json.loads(roles or "[]"))})
    return found


def plugins_told(connection: Connection, store: str = "") -> Mapping[str, frozenset[str]]:
    """Return the plugins that the nodes of each store, or of one, have said they run."""
    found = defaultdict[str, set[str]](set)
    for peer in peers.peers(connection, store):
        plugins = peer.report.get("plugins")
        if isinstance(plugins, Mapping):
            found[peer.store].update(plugins)
    return {place: frozenset(plugins) for place, plugins in found.items()}


def _with_posts(connection: Connection, node: Node, plugin: Plugin) -> set[str]:
    table = node.table(node.catalog.records[STAFF])
    posts = [table.c.roles.contains(f'"{role}"', autoescape=True) for role in plugin.roles]
    if not posts:
        return set()
    query = select(table.c._store).where(table.c._life % 2 == 1, or_(*posts)).distinct()
    return set(connection.execute(query).scalars())
