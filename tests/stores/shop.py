"""A shop with a plugin written in the test: one node, people with posts, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from core.host.host import Host
from core.language.definition import RecordType
from core.language.expressions import Row
from core.model.change import Entry
from core.model.clock import HybridClock
from stores import rows
from stores.actor import SYSTEM_ACTOR, Actor
from stores.acts import act as kernel
from stores.acts import firing, periods
from stores.acts.calls import Call, Receipt
from stores.acts.effects import new_row
from stores.acts.timers import rearm
from stores.changes import log
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate
from stores.storage.system import TIMER
from stores.world import NodeWorld

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = """plugin: club
version: 1.0.0
requires: {core: ^1}
label: {en: Club, zh: 夜总会}
roles:
  desk: {label: {en: Desk, zh: 咨客台}}
  boss: {label: {en: Manager, zh: 经理}, deputy: desk}
  audit: {label: {en: Auditor, zh: 稽核}}
"""


@cache
def host_of(plugin: str, version: str = "1.0.0") -> Host:
    """Load a plugin once for all tests; it must be without a fault."""
    with TemporaryDirectory() as place:
        folder = Path(place) / "club"
        folder.mkdir()
        (folder / "plugin.yaml").write_text(HEAD.replace("1.0.0", version) + plugin, encoding="utf-8")
        host = Host([Path(place)], entry_points=False)
    assert not host.catalog.faults, "\n".join(p.render() for f in host.catalog.faults for p in f.problems)
    return host


def local(moment: str) -> datetime:
    """Return the instant of a local time of the shop: ``2026-03-07 20:30`` with seconds and ms if need be."""
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


class Shop:
    """One node, and short words for what tests do with it."""

    def __init__(
        self,
        plugin: str,
        url: str = "sqlite:///:memory:",
        *,
        store: str = "0755",
        upstream: str | None = None,
        host: Host | None = None,
        now: str = "2026-03-07 20:30",
    ) -> None:
        self.host = host or host_of(plugin)
        self.url, self.store, self.upstream = url, store, upstream
        self.now = local(now)
        self.ids = count(1)
        self.open()

    def open(self) -> None:
        """Open the node, as after a restart of the program."""
        self.node = Node(
            database=Database(self.url, synchronous="OFF"),
            host=self.host,
            identity=Identity("n1", 1, self.store, self.upstream),
            now=lambda: self.now,
            new_id=lambda: f"id-{next(self.ids):05}",
            zone=ZONE,
            mono=lambda: 0,
            boot="boot",
            clock=HybridClock(lambda: int(self.now.timestamp() * 1000)),
        )
        migrate(self.node.database, self.host.catalog)

    def close(self) -> None:
        self.node.database.close()

    def record(self, name: str) -> RecordType:
        return self.node.catalog.record("club", name)

    def hire(self, id: str, *roles: str, store: str | None = None, **values: object) -> Actor:
        """Put a member of staff on file and return them as an actor."""
        place = store or self.store
        self.put("staff", id, store=place, name=id.capitalize(), roles=list(roles), **values)
        return Actor(id, place, frozenset(roles), id.capitalize())

    def put(self, record: str, id: str, *, store: str | None = None, **values: object) -> str:
        """Put a record on file as the system, with its timers armed."""
        type_ = self.record(record)
        with self.node.database.write() as connection:
            world = NodeWorld(connection, self.node, type_.plugin, store or self.store)
            row = new_row(world, type_, values, world.env(None, self.now, SYSTEM_ACTOR), id)
            edit = Edit(type_, id, world.store, "create", rows.to_cells(type_, row.values))
            lines = commit(connection, self.node, Deed(self.node.new_id(), "", "system", self.now), [edit])
            rearm(connection, self.node, [(line.type, line.pk) for line in lines])
        return id

    def do(self, what: str, actor: Actor, id: str | None = None, /, **more: Any) -> Receipt:
        """Act: ``do("booking.book", li, room="V8")``; at, reason, store and replayed belong to the call."""
        record, _, action = what.rpartition(".")
        known = {name: more.pop(name) for name in ("at", "reason", "store", "replayed", "base_hs") if name in more}
        if isinstance(known.get("at"), str):
            known["at"] = local(known["at"])
        return kernel.act(self.node, Call(self.record(record), action, actor, id, ask=more, **known))

    def go(self, moment: str, *, stop: bool = True) -> list[Receipt]:
        """Move the clock to a local time and fire what is due; ``stop`` on the way at each, as a running node does."""
        then, fired = local(moment), []
        while stop and (due := firing.next_due(self.node)) is not None and due <= then:
            self.now = max(self.now, due)
            fired += firing.fire_due(self.node)
        self.now = then
        return fired + firing.fire_due(self.node)

    def open_periods(self) -> None:
        with self.node.database.write() as connection:
            periods.arm(connection, self.node)

    def row(self, record: str, id: str) -> dict[str, Any]:
        with self.node.database.read() as connection:
            return rows.get(connection, self.node, self.record(record), id).values

    def rows(self, record: str) -> list[Row]:
        type_ = self.record(record)
        with self.node.database.read() as connection:
            table = self.node.table(type_)
            found = connection.execute(select(table).order_by(table.c.id)).mappings()
            return [rows.from_cells(type_, dict(each)) for each in found]

    def log(self, record: str | None = None, id: str | None = None) -> list[Entry]:
        with self.node.database.read() as connection:
            if record is not None and id is not None:
                return list(log.history(connection, self.record(record).key, id))
            return list(log.entries_after(connection, self.node.identity.origin, 0, 10_000))

    def timers(self) -> list[Mapping[str, Any]]:
        with self.node.database.read() as connection:
            found = connection.execute(select(TIMER).order_by(TIMER.c.type, TIMER.c.pk, TIMER.c.name)).mappings()
            return [dict(each) for each in found]

    def sql(self, statement: str, **values: object) -> Sequence[Any]:
        with self.node.database.write() as connection:
            result = connection.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    def notices(self, name: str) -> list[Row]:
        return [row for row in self.rows("notice") if row.values["name"] == f"club.{name}"]
