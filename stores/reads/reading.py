"""One read: who reads, in which transaction, with whose eyes. Made per request, thrown away after it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, Connection, false, or_

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Env, Formula, Row
from core.model.errors import Forbidden, Text
from core.model.scope import HEADQUARTERS
from stores.actor import Actor
from stores.acts.permission import acting_roles
from stores.lowering import lower
from stores.node import Node
from stores.reads.sight import NOTHING_MASKED, Shown, Sight, sight
from stores.reads.subjects import guarded
from stores.world import NodeWorld


@dataclass
class Reading:
    """What one actor sees of the node in one read transaction."""

    connection: Connection
    node: Node
    actor: Actor
    _sights: dict[str, Sight] = field(default_factory=dict)
    _worlds: dict[tuple[str, str], NodeWorld] = field(default_factory=dict)
    _envs: dict[tuple[str, str], Env] = field(default_factory=dict)

    def sight_of(self, record: RecordType) -> Sight:
        """Return what the actor may see of a record type; who stands in for somebody sees what he would see."""
        if record.key not in self._sights:
            narrowed: tuple[Formula, ...] = ()
            if self.actor.id != SYSTEM:
                narrowed = self.node.host.read_filters(self.actor.id, self.actor.roles, record)
            roles = acting_roles(self.world(record.plugin, self.actor.store), self.actor)
            known = sight(self.node.catalog, record, roles, narrowed)
            self._sights[record.key] = replace(known, rules=guarded(self, record, known.rules))
        return self._sights[record.key]

    def check_role(self, record: RecordType) -> None:
        """Raise Forbidden when no role of the actor reads this record type at all."""
        if self.sight_of(record).blind:
            raise Forbidden.of(
                "no-read-role",
                f"your roles do not include reading {record.label.en}",
                f"您的岗位无权查看{record.label.zh}",
                fix=Text("ask an administrator for the role", "请联系管理员分配岗位"),
            )

    def owned(self, record: RecordType) -> list[list[ColumnElement[bool]]]:
        """Return the stores whose records of a type the actor may see, as one condition list per store.

        People of headquarters see every store's; others their own store's and what headquarters owns. What every
        store holds (scope ``all``) is everybody's: there the read rules alone decide.
        """
        if self.actor.store == HEADQUARTERS or record.sync.scope == "all":
            return [[]]
        table = self.node.table(record)
        return [[table.c._store == store] for store in (self.actor.store, HEADQUARTERS)]

    def within(self, record: RecordType) -> list[ColumnElement[bool]]:
        """Return the same as one condition, for look-ups by id."""
        stores = self.owned(record)
        return [or_(*(each for mine in stores for each in mine))] if any(stores) else []

    def conditions(self, record: RecordType) -> list[ColumnElement[bool]]:
        """Return the read rules as SQL."""
        known = self.sight_of(record)
        if known.blind:
            return [false()]
        wheres = known.wheres
        narrowed = [self.lowered(record, rule) for rule in known.narrowed]
        return narrowed if wheres is None else [or_(*(self.lowered(record, each) for each in wheres)), *narrowed]

    def lowered(self, record: RecordType, formula: Formula) -> ColumnElement[bool]:
        """Return a condition on a record type as SQL, as it holds for the reader now."""
        env = self.env(record.plugin, self.actor.store)
        return lower(formula, env, self.node.table(record), self.node.database.dialect)

    def value(self, record: RecordType, row: Row, name: str) -> object:
        """Return a field of a row, stored or computed."""
        if name in row.values:
            return row.values[name]
        env = self.env_of(record, row)
        return env.world.field(row, name, env)

    def shown(self, record: RecordType, row: Row) -> Shown:
        """Return which fields of a visible record are masked or left out."""
        known = self.sight_of(record)
        return NOTHING_MASKED if known.unmasked else known.shown(row, self.env_of(record, row))

    def env_of(self, record: RecordType, row: Row) -> Env:
        """Return the surroundings of a record's rules: the settings are those of the record's own store."""
        return self.env(record.plugin, str(row.values["store"])).having(self=row, old=row)

    def env(self, plugin: str, store: str) -> Env:
        """Return the surroundings of a plugin's rules in a store."""
        if (plugin, store) not in self._envs:
            self._envs[plugin, store] = self.world(plugin, store).env(None, self.node.now(), self.actor)
        return self._envs[plugin, store]

    def world(self, plugin: str, store: str) -> NodeWorld:
        """Return the world as a plugin sees it in a store."""
        if (plugin, store) not in self._worlds:
            self._worlds[plugin, store] = NodeWorld(self.connection, self.node, plugin, store)
        return self._worlds[plugin, store]
