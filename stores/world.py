"""What a rule may ask of the node while it runs: other records, totals, balances, who is away, whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, Table

from core.language.calendar import BusinessCalendar
from core.language.definition import Field
from core.language.expressions import Aggregate, Env, Row
from core.model.clock import from_iso, iso
from stores import posts, rows
from stores.acts.dispatch import rank
from stores.lowering import aggregate_query
from stores.node import Node
from stores.reads.tally import figure_now
from stores.storage import bulk
from stores.storage.numbers import Given

if TYPE_CHECKING:
    from stores.actor import Actor
    from stores.acts.waiting import Waiting

NEVER_S = 100 * 366 * 86_400  # "no turn yet" waits longest
COUNTED = ("posted", "confirmed", "countered")  # a countered entry still counts: its counter-entry takes it back


@dataclass(slots=True)
class Shared:
    """What the actions of one batch have in common: the moment, what waits to be written, the records looked at, the
    numbers given out, which roles a person acts in, and what surrounds his actions (by plugin, store and person)."""

    now: datetime
    waiting: Waiting | None = None
    rows: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    numbers: Given = field(default_factory=dict)
    roles: dict[tuple[str, str, str, bool], frozenset[str]] = field(default_factory=dict)
    surroundings: dict[tuple[str, str, Actor, datetime], dict[str, object]] = field(default_factory=dict)


@dataclass
class NodeWorld:
    """The world of one transaction, seen from one plugin in one store.

    Rows are cached: the kernel calls ``put`` for what it changes, so that later rules of the same
    transaction see it.
    """

    connection: Connection
    node: Node
    plugin: str
    store: str
    _rows: dict[tuple[str, str], Row | None] = field(default_factory=dict)
    shared: Shared | None = None  # with the other actions of a batch

    def seen_from(self, plugin: str) -> NodeWorld:
        """Return the same world for the rules of another plugin."""
        if plugin == self.plugin:
            return self
        return NodeWorld(self.connection, self.node, plugin, self.store, self._rows, self.shared)

    def row(self, type: str, id: str) -> Row | None:
        """Return a record by type and id, or None."""
        key = (type, id)
        if key not in self._rows:
            record = self.node.catalog.records.get(type)
            self._rows[key] = rows.load(self.connection, self.node, record, id) if record else None
        return self._rows[key]

    def put(self, row: Row) -> None:
        """Let later rules of this transaction see ``row`` as it is now."""
        self._rows[row.type, row.id] = row

    def field(self, row: Row, name: str, env: Env) -> object:
        """Return a field's value; a computed one is computed under its own plugin's settings and calendar."""
        if name in row.values:
            return row.values[name]
        self.node.looked_at(row.type, name)
        record = self.node.catalog.records[row.type]
        declared = record.fields[name]
        assert declared.value is not None, f"{row.type}.{name} is neither stored nor computed"
        return declared.value(self.env_in(record.key, env, declared.owner).having(self=row))

    def aggregate(self, query: Aggregate, env: Env) -> object:
        """Return a count, sum, average, extreme or single record, computed by the database."""
        return aggregate_query(self.connection, self.node, query, env)

    def calendar(self) -> BusinessCalendar:
        """Return the calendar of the plugin whose rules are running."""
        return self.node.calendar(self.plugin)

    def call(self, name: str, args: list[object], env: Env) -> object:
        """Answer a world function."""
        return _FUNCTIONS[name](self, args, env)

    def env(self, row: Row | None, now: datetime, actor: Actor, **names: object) -> Env:
        """Return the names a rule of this plugin sees for ``row``."""
        known = self._shared_surroundings(self.shared, now, actor) if self.shared else self._surroundings(now, actor)
        return Env(self, now, self.node.zone, {**known, "self": row, "old": row, **names})

    def _shared_surroundings(self, shared: Shared, now: datetime, actor: Actor) -> dict[str, object]:
        key = (self.plugin, self.store, actor, now)
        if key not in shared.surroundings:
            shared.surroundings[key] = self._surroundings(now, actor)
        return shared.surroundings[key]

    def _surroundings(self, now: datetime, actor: Actor) -> dict[str, object]:
        return {
            "ask": {},
            "me": None if actor.id == "system" else actor.id,
            "my_roles": sorted(actor.roles),
            "my_store": actor.store,
            "today": self.calendar().business_date(now),
            "settings": self.node.settings(self.connection, self.plugin, self.store),
            "store": self.store,
        }

    def table_of(self, record: str) -> Table:
        """Return the table of a record type: SQL made from rules asks for it."""
        return self.node.table(self.node.catalog.records[record])

    def field_of(self, record: str, name: str) -> Field:
        """Return a field of a record type: SQL made from rules asks for it."""
        self.node.looked_at(record, name, in_sql=True)
        return self.node.catalog.records[record].fields[name]

    def counts_apart(self, record: str, subject: str) -> bool:
        """Return whether rules of a type (``subject``: its name or its table) count ``record`` in their own store only.

        A store's own node holds nothing else. Headquarters holds all stores' records, and must come to what the
        store comes to: a badge that two stores have given out is one person's in each.
        """
        if not self.node.is_hub:
            return False
        records = self.node.catalog.records
        mine = records.get(subject) or next(each for each in records.values() if each.table == subject)
        return records[record].sync.scope == "store" and mine.sync.home == "store"

    def env_in(self, record: str, env: Env, owner: str | None = None) -> Env:
        """Return the surroundings of a record type's computed fields: their own plugin's settings and calendar.

        That is the plugin of the record, or ``owner``, which added the field to it.
        """
        plugin = owner or self.node.catalog.records[record].plugin
        world = self.seen_from(plugin)
        today = world.calendar().business_date(env.now)
        settings = self.node.settings(self.connection, plugin, self.store)
        return Env(world, env.now, env.zone, env.names | {"today": today, "settings": settings})


def _balance(world: NodeWorld, args: list[object], _env: Env) -> object:
    """Sum a ledger's entries for one account; with a third argument only those in that state."""
    ledger, account, *state = args
    if account is None:
        return 0
    record = world.node.catalog.record(world.plugin, str(ledger))
    states = [str(state[0])] if state else list(COUNTED)
    sql = (
        f"SELECT sum(amount) FROM {bulk.quoted(record.table)} WHERE account = ? "  # noqa: S608 - names of our own
        f"AND state IN ({', '.join('?' * len(states))}) AND (_life & 1) = 1"
    )
    ((total,),) = bulk.run(world.connection, sql, _id(account), *states)
    spec = record.fields["amount"].spec
    return spec.value(int(total or 0))


def _is_away(world: NodeWorld, args: list[object], env: Env) -> object:
    person = _id(args[0])
    at = cast(datetime, args[1]) if len(args) > 1 and args[1] is not None else env.now
    told = world.node.host.ask("is_away", person=person, at=at, store=world.store)
    if told is not None:
        return bool(told)
    return any(bulk.run(world.connection, sql, *values) for sql, values in _away(world, person, iso(at)))


def _away(world: NodeWorld, person: str, at: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what may keep a person away at a moment: an absence reported, a leave granted and not cut short."""
    absence, leave = (bulk.quoted(world.node.catalog.records[key].table) for key in ("core.absence", "core.time_off"))
    lasts = "staff = ? AND (_life & 1) = 1 AND from_at <= ? AND (to_at IS NULL OR to_at > ?)"
    yield f"SELECT 1 FROM {absence} WHERE {lasts} LIMIT 1", (person, at, at)  # noqa: S608 - names of our own
    back = "(back_at IS NULL OR back_at > ?) AND state = 'granted'"
    yield f"SELECT 1 FROM {leave} WHERE {lasts} AND {back} LIMIT 1", (person, at, at, at)  # noqa: S608 - names of our own


def _on_duty(world: NodeWorld, args: list[object], env: Env) -> object:
    person = _id(args[0])
    day = cast(date, args[1]) if len(args) > 1 and args[1] is not None else cast(date, env.names["today"])
    told = world.node.host.ask("on_duty", person=person, day=day, store=world.store)
    if told is not None:
        return bool(told)
    table = bulk.quoted(world.node.catalog.records["core.duty"].table)
    sql = (
        f"SELECT 1 FROM {table} WHERE staff = ? AND day = ? AND in_at IS NOT NULL AND out_at IS NULL "  # noqa: S608 - a name of our own
        "AND (_life & 1) = 1 LIMIT 1"
    )
    return bool(bulk.run(world.connection, sql, person, day.isoformat()))


def _waiting_since(world: NodeWorld, args: list[object], env: Env) -> object:
    """Return how many seconds ago the policy last chose this candidate."""
    table = bulk.quoted(world.node.catalog.records["core.pick"].table)
    sql = f"SELECT max(picked_at) FROM {table} WHERE policy = ? AND chosen = ?"  # noqa: S608 - a name of our own
    ((last,),) = bulk.run(world.connection, sql, f"{world.plugin}.{args[1]}", _id(args[0]))
    return int((env.now - from_iso(last)).total_seconds()) if last else NEVER_S


def _holds_role(world: NodeWorld, args: list[object], env: Env) -> object:
    person = world.row(posts.STAFF, _id(args[0]))
    return person is not None and str(args[1]) in posts.held(world.connection, world.node, person, env.now)


def _sent(world: NodeWorld, args: list[object], _env: Env) -> object:
    """Count the notices of a name sent by this store."""
    table = bulk.quoted(world.node.catalog.records["core.notice"].table)
    sql = f"SELECT count(*) FROM {table} WHERE name = ? AND _store = ?"  # noqa: S608 - a name of our own
    ((count,),) = bulk.run(world.connection, sql, f"{world.plugin}.{args[0]}", world.store)
    return int(count)


def _ranking(world: NodeWorld, args: list[object], env: Env) -> object:
    policy = world.node.catalog.plugin(world.plugin).dispatch[str(args[0])]
    item = args[1] if isinstance(args[1], Row) else None
    return [candidate.id for candidate in rank(world, policy, item, env) if candidate.eligible]


def _report(world: NodeWorld, args: list[object], env: Env) -> object:
    """Return a figure of a report for the period of today; with a third argument that of one row."""
    report = world.node.catalog.plugin(world.plugin).reports[str(args[0])]
    row = _id(args[2]) if len(args) > 2 else None
    return figure_now(world, report, str(args[1]), row, env, of_row=len(args) > 2)


_FUNCTIONS: Mapping[str, Callable[[NodeWorld, list[object], Env], object]] = {
    "balance": _balance,
    "is_away": _is_away,
    "on_duty": _on_duty,
    "waiting_since": _waiting_since,
    "holds_role": _holds_role,
    "sent": _sent,
    "ranking": _ranking,
    "report": _report,
}


def _id(value: object) -> str:
    return value.id if isinstance(value, Row) else str(value)


def holders(world: NodeWorld, role: str) -> list[str]:
    """Return the ids of the people of this world's store who hold ``role`` now."""
    return posts.holders(world.connection, world.node, world.store, role, world.node.now())
