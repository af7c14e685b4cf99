"""A headquarters and branches in memory, with a clock that stands until it is moved and a link without a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.host.host import Host
from core.model.change import Entry
from core.model.clock import HybridClock
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage.credentials import Credential
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.identity import save as save_identity
from stores.storage.migrate import migrate
from stores.storage.system import SYSTEM
from stores.storage.tables import tables_of
from sync import closing, keys, refill
from sync.hub import audit, contents, server, shipping
from sync.protocol import (
    Close,
    CloseAnswer,
    Compare,
    CompareAnswer,
    Deliver,
    DeliverAnswer,
    Enrol,
    EnrolAnswer,
    Fetch,
    FetchAnswer,
    Hello,
    HelloAnswer,
    Limits,
    Offer,
    OfferAnswer,
    Pull,
    PullAnswer,
    Push,
    PushAnswer,
    Refill,
    RefillAnswer,
    Repair,
    RepairAnswer,
    Snapshot,
    SnapshotAnswer,
)
from tests.simulation.chain import host

GUEST = "tea_house.guest"
STORES = ("hq", "bund", "jingan")
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


@dataclass
class World:
    """Time and dice for all nodes of a test."""

    time: datetime = NOON
    dice: Random = field(default_factory=lambda: Random(7))

    def id(self) -> str:
        digits = f"{self.dice.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"

    def wait(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def node(
        self,
        name: str,
        url: str = "sqlite:///:memory:",
        *,
        upstream: str | None = "https://hq.example.com",
        plugins: Host | None = None,
    ) -> Node:
        database, plugins = Database(url), plugins or host()
        migrate(database, plugins.catalog)
        identity = Identity(name, 1, name, upstream)
        with database.write() as connection:
            save_identity(connection, identity)
            connection.execute(tables_of(plugins.catalog)["core.staff"].insert(), people_known_in(name))
        return Node(
            database=database, host=plugins, identity=identity, now=lambda: self.time, new_id=self.id,
            zone=ZoneInfo("Asia/Shanghai"), mono=lambda: 0, boot="b0",
            clock=HybridClock(lambda: int(self.time.timestamp() * 1000)),
        )  # fmt: skip

    def hub(self, url: str = "sqlite:///:memory:", plugins: Host | None = None) -> Node:
        node = self.node("hq", url, upstream=None, plugins=plugins)
        with node.database.write() as connection:
            keys.found_hub(connection, self.dice.randbytes)
        return node


def set_back(node: Node, image: bytes) -> None:
    """Give a node another disk while its program, clock and dice go on."""
    node.database.close()
    node.database = Database("sqlite:///:memory:")
    node.database.load(image)


@dataclass
class DirectLink:
    """A ``Link`` that calls headquarters' functions. ``limits`` replaces what headquarters asks for."""

    hub: Node
    caller: Credential
    limits: Limits | None = None
    calls: list[str] = field(default_factory=list)
    prepared: list[Push] = field(default_factory=list)
    before: Callable[[str, Any], Any] = lambda _call, question: question
    after: Callable[[str, Any], Any] = lambda _call, answer: answer
    closed: int = 0

    def hello(self, question: Hello) -> HelloAnswer:
        answer: HelloAnswer = self._call("hello", server.hello, question)
        return answer if self.limits is None else replace(answer, limits=self.limits)

    def prepare(self, question: Push) -> Callable[[], PushAnswer]:
        self.prepared.append(question)
        return partial(self.push, question)

    def push(self, question: Push) -> PushAnswer:
        answer: PushAnswer = self._call("push", server.push, question)
        return answer

    def pull(self, question: Pull) -> PullAnswer:
        answer: PullAnswer = self._call("pull", server.pull, question)
        return answer

    def compare(self, question: Compare) -> CompareAnswer:
        answer: CompareAnswer = self._call("compare", audit.compare, question)
        return answer

    def repair(self, question: Repair) -> RepairAnswer:
        answer: RepairAnswer = self._call("repair", audit.repair, question)
        return answer

    def snapshot(self, question: Snapshot) -> SnapshotAnswer:
        answer: SnapshotAnswer = self._call("snapshot", shipping.snapshot, question)
        return answer

    def refill(self, question: Refill) -> RefillAnswer:
        answer: RefillAnswer = self._call("refill", refill.refill, question)
        return answer

    def close_day(self, question: Close) -> CloseAnswer:
        answer: CloseAnswer = self._call("close", closing.close_day, question)
        return answer

    def enrol(self, question: Enrol) -> EnrolAnswer:
        answer: EnrolAnswer = self._call("enrol", lambda hub, _, asked: server.enrol(hub, asked), question)
        return answer

    def offer(self, question: Offer) -> OfferAnswer:
        answer: OfferAnswer = self._call("offer", contents.offer, question)
        return answer

    def deliver(self, question: Deliver) -> DeliverAnswer:
        answer: DeliverAnswer = self._call("deliver", contents.deliver, question)
        return answer

    def fetch(self, question: Fetch) -> FetchAnswer:
        answer: FetchAnswer = self._call("fetch", contents.fetch, question)
        return answer

    def close(self) -> None:
        self.closed += 1

    def _call(self, name: str, handler: Callable[..., Any], question: Any) -> Any:
        self.calls.append(name)
        return self.after(name, handler(self.hub, self.caller, self.before(name, question)))


def people_known_in(name: str) -> list[dict[str, object]]:
    """Return the rows of staff that a node holds: its own people and headquarters'; at headquarters everybody."""
    known = [store for store in STORES if name in ("hq", store) or store == "hq"]
    row = {"roles": '["waiter", "desk"]', "active": 1}
    return [{"id": waiter_of(store), "_store": store, "name": store, **row} for store in known]


def waiter_of(store: str) -> str:
    """Return the id of who works in a store: headquarters knows him, and that he may edit guests."""
    return f"waiter-{store}"


def write(
    node: Node, guest: str, kind: str = "update", store: str | None = None, **cells: int | str | None
) -> list[Entry]:
    """Create or edit a guest, in one transaction."""
    record = host().catalog.records[GUEST]
    with node.database.write() as connection:
        edit = Edit(record, guest, store or node.store, kind, cells)  # type: ignore[arg-type]
        entries = commit(
            connection, node, Deed(node.new_id(), f"{GUEST}.edit", waiter_of(node.store), node.now()), [edit]
        )
    node.committed()
    return entries


def read(node: Node, guest: str) -> dict[str, Any]:
    """Return a guest's row."""
    with node.database.read() as connection:
        table = node.table(host().catalog.records[GUEST])
        found = connection.execute(select(table).where(table.c.id == guest)).mappings().first()
    return dict(found) if found else {}


def everything(node: Node) -> str:
    """Return every row of every table of a node, as text."""
    tables = [*SYSTEM.tables.values(), *(table for _, table in node.tables)]
    with node.database.read() as connection:
        return "\n".join(f"{table.name} {tuple(row)}" for table in tables for row in connection.execute(select(table)))
