"""The people of the chain, as those who act."""

from __future__ import annotations

from sqlalchemy import Connection, select

from core.language.definition import SYSTEM
from core.model.errors import NotFound
from stores import posts, rows
from stores.actor import SYSTEM_ACTOR, Actor
from stores.node import Node
from stores.storage.people import Account, account_of


def person(connection: Connection, node: Node, id: str) -> Actor:
    """Return a member of staff as an actor. Raises NotFound when this node does not know the person.

    The posts are those held now, given for good or for a period.
    """
    if id == SYSTEM:
        return SYSTEM_ACTOR
    record = node.catalog.records["core.staff"]
    row = rows.load(connection, node, record, id)
    if row is None or not row.values.get("active", True):
        raise NotFound.of("no-such-person", f"nobody with the id `{id}` works here", f"没有编号为 `{id}` 的在职员工")
    return Actor(id, str(row.values["store"]), posts.held(connection, node, row, node.now()), str(row.values["name"]))


def by_badge(connection: Connection, node: Node, badge: str) -> Account | None:
    """Return the account of whoever wears a badge in this node's store; of two who wear the same one, nobody's."""
    table = node.table(node.catalog.records["core.staff"])
    written = sorted({badge.strip(), badge.strip().upper(), badge.strip().lower()})
    here = (table.c.badge.in_(written), table.c._store == node.store, table.c._life % 2 == 1)
    held = [account_of(connection, str(id)) for (id,) in connection.execute(select(table.c.id).where(*here))]
    accounts = [account for account in held if account is not None]
    return accounts[0] if len(accounts) == 1 else None
