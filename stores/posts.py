"""Who holds which post at a moment: what stands in the record of staff, and posts given for a period.

A post may be locked (``lock: hq``): only headquarters gives it. That is settled here, where posts are read, and not
only where they are written: whatever a store writes into its own records, a locked post counts for its people only by
an assignment that headquarters owns, and a post of headquarters itself never does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Connection, Table, and_, or_, select

from core.host.catalog import Catalog
from core.language.expressions import Row
from core.model.clock import iso
from core.model.scope import HEADQUARTERS
from stores.actor import CHAIN_ROLES
from stores.node import Node
from stores.storage import bulk

STAFF, ASSIGNMENT = "core.staff", "core.assignment"


def locked(catalog: Catalog) -> frozenset[str]:
    """Return the posts that only headquarters gives."""
    return frozenset(n for plugin in catalog.plugins.values() for n, role in plugin.roles.items() if role.lock == "hq")


def held(connection: Connection, node: Node, person: Row, at: datetime) -> frozenset[str]:
    """Return the posts that ``person`` (a row of staff) holds at a moment; both ends of a period count."""
    store = str(person.values["store"])
    own = set(cast("list[str]", person.values["roles"] or []))
    given = _given(connection, node, person.id, at)
    if store == HEADQUARTERS:
        return frozenset(own | {role for _, role in given})
    own |= {role for owner, role in given if owner == store}
    above = {role for owner, role in given if owner == HEADQUARTERS}
    return frozenset((own - locked(node.catalog)) | above) - CHAIN_ROLES


def given_by_headquarters(connection: Connection, node: Node, person: str, at: datetime) -> frozenset[str]:
    """Return the posts that headquarters has given to somebody, also to one whose record this node does not hold."""
    return frozenset(r for owner, r in _given(connection, node, person, at) if owner == HEADQUARTERS) - CHAIN_ROLES


def holders(connection: Connection, node: Node, store: str, role: str, at: datetime) -> list[str]:
    """Return the ids of the people working in ``store`` who hold ``role`` at a moment."""
    staff, given = _table(node, STAFF), _table(node, ASSIGNMENT)
    bound = role in locked(node.catalog)
    if bound and role in CHAIN_ROLES and store != HEADQUARTERS:
        return []
    owners = [HEADQUARTERS] if bound else [HEADQUARTERS, store]
    by_assignment = staff.c.id.in_(
        select(given.c.staff).where(given.c.role == role, given.c._store.in_(owners), _in_force(given, at))
    )
    by_record = staff.c.roles.contains(f'"{role}"', autoescape=True)
    holds = by_assignment if bound and store != HEADQUARTERS else or_(by_record, by_assignment)
    query = select(staff.c.id).where(staff.c._store == store, staff.c.active == 1, staff.c._life % 2 == 1, holds)
    return list(connection.execute(query.order_by(staff.c.id)).scalars())


def given_to(connection: Connection, node: Node, people: Collection[str], at: datetime) -> Mapping[str, list[str]]:
    """Return the posts that some people hold for a period, at a moment, by person; each end of a period counts."""
    given = _table(node, ASSIGNMENT)
    found = defaultdict[str, list[str]](list)
    query = select(given.c.staff, given.c.role).where(given.c.staff.in_(people), _in_force(given, at))
    for person, role in connection.execute(query.order_by(given.c.role)):
        found[person].append(role)
    return found


def holders_for_a_period(connection: Connection, node: Node, role: str, at: datetime, limit: int) -> list[str]:
    """Return the ids of people to whom a post is given for a period, at a moment."""
    given = _table(node, ASSIGNMENT)
    query = select(given.c.staff).where(given.c.role == role, _in_force(given, at)).distinct()
    return list(connection.execute(query.order_by(given.c.staff).limit(limit)).scalars())


def _given(connection: Connection, node: Node, person: str, at: datetime) -> list[tuple[str, str]]:
    """Return (owner, role) of the assignments in force for a person."""
    table, moment = node.catalog.records[ASSIGNMENT].table, iso(at)
    sql = (
        f"SELECT _store, role FROM {bulk.quoted(table)} WHERE staff = ? AND (_life & 1) = 1 "  # noqa: S608 - a name of our own
        "AND from_at <= ? AND (to_at IS NULL OR to_at >= ?)"
    )
    return [(owner, role) for owner, role in bulk.run(connection, sql, person, moment, moment)]


def _in_force(given: Table, at: datetime) -> ColumnElement[bool]:
    moment = iso(at)
    return and_(
        given.c._life % 2 == 1, given.c.from_at <= moment, or_(given.c.to_at.is_(None), given.c.to_at >= moment)
    )


def _table(node: Node, key: str) -> Table:
    return node.table(node.catalog.records[key])
