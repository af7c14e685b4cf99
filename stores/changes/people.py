"""Whom headquarters knows while it merges: where people work, what posts they hold, what they have asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from core.language.definition import EVERYONE
from core.language.expressions import Row
from core.model.clock import from_iso
from stores import posts, rows
from stores.changes import held
from stores.changes.invariants import Touched
from stores.changes.permits import REQUEST, STAFF
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk

_NAMING = {REQUEST: "actor", posts.ASSIGNMENT: "staff"}  # record types that tell of people, and the field for whom


def told_of(connection: Connection, node: Node, arrived: Collection[Key]) -> set[str]:
    """Return the people of whom records that have arrived tell: where they work, what post they hold, what they ask."""
    found = {id_ for type_, id_ in arrived if type_ == STAFF}
    for key, name in _NAMING.items():
        ids = [id_ for type_, id_ in arrived if type_ == key]
        found.update(str(row[0]) for row in bulk.select(connection, node.tables[key], (name,), "id", ids) if row[0])
    return found


class People:
    """Looks at the records as they stand in the merge under way: what came in the same batch counts already."""

    def __init__(self, connection: Connection, node: Node, touched: Mapping[Key, Touched]) -> None:
        self._connection = connection
        self._node = node
        self._touched = touched
        self._known: dict[Key, str | None] = {}

    def meet(self, actors: Collection[str]) -> None:
        """Look up at once where those who act in a batch work."""
        found = held.load(self._connection, self._node.tables[STAFF], actors, ())
        self._known.update({(STAFF, id_): found[id_].store if id_ in found else None for id_ in actors})

    def store_of(self, type_: str, id_: str) -> str | None:
        """Return the store a record belongs to, which never changes; None when it is not here."""
        key = (type_, id_)
        if key in self._touched:
            return self._touched[key].held.store
        if key not in self._known and type_ in self._node.catalog.records:
            found = held.load(self._connection, self._node.tables[type_], [id_], ())
            self._known[key] = found[id_].store if id_ in found else None
        return self._known.get(key)

    def may_act_as(self, person: str, roles: Collection[str], plugin: str, at: str) -> bool:
        """Say whether a person held one of the roles, or stood in for one, at a moment (a cell).

        Whether those for whom he stands in were really away is not asked again.
        """
        if EVERYONE in roles:
            return True
        own = posts.held(self._connection, self._node, self._row(person), from_iso(at))
        known = self._node.catalog.plugin(plugin).roles
        deputies = {known[role].deputy for role in roles if role in known}
        return bool(own & {*roles, *deputies})

    def has_asked(self, person: str, store: str) -> bool:
        """Say whether a person of another store has ever asked ``store`` for something."""
        table = self._node.table(self._node.catalog.records[REQUEST])
        asked = select(table.c.id).where(table.c.actor == person, table.c.record_store == store).limit(1)
        return self._connection.execute(asked).first() is not None

    def _row(self, person: str) -> Row:
        """Return a record of staff as the merge has it so far; nobody has no posts."""
        record = self._node.catalog.records[STAFF]
        row = rows.load(self._connection, self._node, record, person)
        values: dict[str, object] = {"store": "", "roles": None} if row is None else dict(row.values)
        if (STAFF, person) in self._touched:
            now = self._touched[STAFF, person].held
            values["store"] = now.store
            if "roles" in now.cells:
                values["roles"] = record.fields["roles"].spec.value(now.cells["roles"])
        return Row(STAFF, person, values)
