"""A small chain in one process: headquarters and stores as nodes with databases of their own, and no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from core.host.catalog import Catalog
from core.host.host import Host
from core.language.definition import EVERYONE, Action, Ask, Field, Plugin, RecordType, Role, SyncRule
from core.language.expressions.functions import FUNCTIONS
from core.language.outcomes import Outcome
from core.model.change import Entry, chain
from core.model.clock import HybridClock
from core.model.errors import Place, Text
from core.model.fields import Fields, FieldSpec
from core.model.merge import MergePolicy
from core.model.values import Cell
from stores.changes import apply, feed, log, quarantine
from stores.changes.apply import ApplyReport, MergeReport
from stores.changes.commit import Deed, Edit, EditKind, commit
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate

NOWHERE = Place("plugin.yaml", 1, 1)
CORE = (
    "core.access",
    "core.assignment",
    "core.conflict",
    "core.request",
    "core.setting",
    "core.staff",
)  # what sync treats specially
BY_STORE = SyncRule()
EDIT = "edit"
STAFF = {"hq": "zhao", "east": "li", "west": "wang", "north": "sun"}  # store -> who works there
START = datetime(2026, 3, 7, 12, tzinfo=UTC)


def a_field(name: str, type_: str = "text", merge: str = "latest", *, unique: bool = False, **spec: Any) -> Field:
    """Make a field of a record type."""
    return Field(name, FieldSpec(type_, **spec), Text(name, name), NOWHERE, merge=MergePolicy(merge), unique=unique)


def an_action(name: str, *fields: Field, by: str = EVERYONE, to: str | None = None) -> Action:
    """Make an action that asks for fields; with ``to`` it decides something."""
    asks = tuple(Ask(field.name, field.spec, field.label, field.name) for field in fields)
    return Action(name, Text(name, name), NOWHERE, False, None, (by,), asks, (), (Outcome(to=to),))


def a_record(name: str, *fields: Field, sync: SyncRule = BY_STORE, **more: Any) -> RecordType:
    """Make a record type of the plugin ``club``, with a field-only action for everybody that asks for all of it."""
    actions = {
        EDIT: an_action(EDIT, *fields),
        "rename": an_action("rename", *fields[:1]),
        "price": an_action("price", *fields, by="boss"),
        "close": an_action("close", *fields, to="lapsed"),
    }
    return RecordType(
        "club", name, Text(name, name), NOWHERE, {field.name: field for field in fields}, sync=sync,
        actions=actions, **more,
    )  # fmt: skip


STATES = {name: Text(name, name) for name in ("held", "seated", "lapsed")}
BOOKING = a_record(
    "booking",
    a_field("guest"),
    a_field("room"),
    a_field("night", "date"),
    a_field("deposit", "money"),
    a_field("visits", "int", "sum"),
    a_field("tags", "list", "union", item=FieldSpec("text")),
    a_field("note", "text", "append"),
    a_field("best", "int", "max"),
    a_field("level", "text", "ask"),
    a_field("origin", "text", "immutable"),
    a_field("desk", "text", "home"),
    a_field("phone", "phone"),
    states=STATES,
    sync=SyncRule(hide=frozenset({"phone"}), deletes="edit_wins"),
)
MEMBER = a_record(
    "member",
    a_field("name"),
    a_field("tier"),
    a_field("badge", unique=True),
    a_field("points", "int", "sum"),
    a_field("tags", "list", "union", item=FieldSpec("text")),
    a_field("note", "text", "append"),
    a_field("best", "int", "max"),
    a_field("level", "text", "ask"),
    a_field("desk", "text", "home"),
    states=STATES,
    sync=SyncRule(scope="all", deletes="edit_wins"),
)
GUEST = a_record("guest", a_field("name"), sync=SyncRule(scope="all", deletes="delete_wins"))
TARIFF = a_record("tariff", a_field("name"), a_field("price", "money"), states=STATES, sync=SyncRule(home="hq"))
MEMO = a_record("memo", a_field("text"), sync=SyncRule(scope="hq"))
TYPES = (BOOKING, MEMBER, GUEST, TARIFF, MEMO)


class FakeHost:
    """A host whose plugins are these record types beside core's, and whose hooks are the given functions."""

    def __init__(self, *records: RecordType, **hooks: Any) -> None:
        self.catalog = catalog_of(*records)
        self.answers = hooks
        self.hooks = SimpleNamespace(entry_outgoing=lambda **about: self._all("entry_outgoing", about))

    def hears(self, hook: str) -> bool:
        return hook in self.answers

    def ask(self, hook: str, **about: Any) -> Any:
        return next((answer for answer in self._all(hook, about) if answer is not None), None)

    def _all(self, hook: str, about: Mapping[str, Any]) -> list[Any]:
        return [self.answers[hook](**about)] if hook in self.answers else []


@cache
def _everything() -> FakeHost:
    return FakeHost(*TYPES)


@cache
def _core() -> Catalog:
    return Host([], entry_points=False).catalog


def catalog_of(*records: RecordType) -> Catalog:
    """Return a snapshot of these record types and what sync needs of core: fewer tables make quicker tests."""
    core = {key: _core().records[key] for key in CORE}
    mine = {record.key: record for record in records}
    roles = {"boss": Role("boss", Text("Boss", "经理"), deputy="deputy"), "deputy": Role("deputy", Text("D", "副"))}
    plugin = Plugin("club", "1.0.0", Text("Club", "会所"), Path(), "", roles=roles)
    return Catalog({**_core().plugins, "club": plugin}, {**core, **mine}, (), "test", FUNCTIONS, Fields())


class Clock:
    """The wall clock of one node; ``skew_s`` is how far it is off."""

    def __init__(self, skew_s: float = 0) -> None:
        self.at = START + timedelta(seconds=skew_s)

    def now(self) -> datetime:
        return self.at

    def ms(self) -> int:
        return int(self.at.timestamp() * 1000)

    def pass_(self, seconds: float = 1) -> None:
        self.at += timedelta(seconds=seconds)


_ids = count(1)


def new_id() -> str:
    """Make an id in the form of a UUIDv7; they sort in the order they are made."""
    return f"0195700000000-7000-8000-{next(_ids):012d}"


class Stand:
    """One node of the chain with its clock, and short words for what tests do with it."""

    def __init__(
        self, url: str, store: str, *, host: Any = None, clock: Clock | None = None, synchronous: Any = "OFF"
    ) -> None:
        self.url = url
        self.store = store
        self.clock = clock or Clock()
        self.host = host or _everything()
        self.synchronous = synchronous
        self.incarnation = 1
        self.open()

    def open(self) -> None:
        """Open the database, as after a restart of the program."""
        self.database = Database(self.url, synchronous=self.synchronous)
        upstream = None if self.store == "hq" else "https://hq"
        identity = Identity(f"{self.store}-01", self.incarnation, self.store, upstream)
        self.node = Node(
            self.database,
            self.host,
            identity,
            self.clock.now,
            new_id,
            ZoneInfo("Asia/Shanghai"),
            lambda: 5,
            "boot-1",
            HybridClock(self.clock.ms),
        )
        migrate(self.database, self.node.catalog)

    def close(self) -> None:
        self.database.close()

    def do(
        self,
        *edits: Edit,
        actor: str | None = None,
        facts: Mapping[str, object] | None = None,
        action: str = EDIT,
    ) -> list[Entry]:
        """Write edits as one deed, by default in the name of somebody who works here."""
        self.clock.pass_()
        with self.database.write() as connection:
            action = f"{edits[0].record.key if edits else 'club'}.{action}"
            deed = Deed(new_id(), action, actor or STAFF[self.store], self.clock.now(), facts)
            return commit(connection, self.node, deed, edits)

    def create(self, record: RecordType, values: Mapping[str, Cell], *, store: str | None = None, id_: str = "") -> str:
        edit = Edit(record, id_ or new_id(), store or self.store, "create", values)
        self.do(edit)
        return edit.id

    def update(self, record: RecordType, id_: str, actor: str | None = None, **values: Cell) -> list[Entry]:
        return self.do(Edit(record, id_, "", "update", values), actor=actor)

    def change_life(self, record: RecordType, id_: str, kind: EditKind, **values: Cell) -> list[Entry]:
        return self.do(Edit(record, id_, "", kind, values))

    def row(self, record: RecordType, id_: str) -> dict[str, Any]:
        table = self.node.tables[record.key]
        with self.database.read() as connection:
            found = connection.execute(table.select().where(table.c.id == id_)).mappings().first()
        return dict(found) if found else {}

    def rows(self, record: RecordType) -> list[dict[str, Any]]:
        table = self.node.tables[record.key]
        with self.database.read() as connection:
            return [dict(row) for row in connection.execute(table.select().order_by(table.c.id)).mappings()]

    def conflicts(self) -> list[dict[str, Any]]:
        return self.rows(self.node.catalog.records["core.conflict"])

    def log(self, origin: str | None = None) -> list[Entry]:
        with self.database.read() as connection:
            return list(log.entries_after(connection, origin or self.node.identity.origin, 0, 10_000))


class Chain:
    """Headquarters and two stores. Nothing moves until ``push`` or ``pull`` is called."""

    def __init__(self, hub_url: str, **hosts: Any) -> None:
        self.hub = Stand(hub_url, "hq", host=hosts.get("hub"))
        self.east = Stand("sqlite:///:memory:", "east", host=hosts.get("east"))
        self.west = Stand("sqlite:///:memory:", "west", host=hosts.get("west"))
        self.others: tuple[Stand, ...] = ()
        for place in self.places:
            _hire(place)

    @property
    def places(self) -> tuple[Stand, ...]:
        """Everybody, headquarters first; a test may put another node in the place of one."""
        return (self.hub, self.east, self.west, *self.others)

    def open_another(self, store: str) -> Stand:
        """Let one more store join."""
        place = Stand("sqlite:///:memory:", store, host=self.east.host)
        self.others = (*self.others, place)
        _hire(place)
        return place

    def close(self) -> None:
        for place in self.places:
            place.close()

    def pass_(self, seconds: float = 1) -> None:
        """Let time pass at every node."""
        for place in self.places:
            place.clock.pass_(seconds)

    def push(self, branch: Stand, *, limit: int = 5_000, lose_answer: bool = False) -> MergeReport:
        """Send what headquarters does not have; ``lose_answer``: it works, and the branch never hears of it."""
        origin = branch.node.identity.origin
        with self.hub.database.read() as connection:
            held, _ = checkpoints.head(connection, origin)
        with branch.database.read() as connection:
            entries = log.entries_after(connection, origin, held, limit)
        report = self.merge(entries, branch.store)
        if not lose_answer and report.seq:
            with branch.database.write() as connection:
                checkpoints.ack(connection, origin, report.seq)
        return report

    def merge(self, entries: Sequence[Entry], sender: str) -> MergeReport:
        with self.hub.database.write() as connection:
            return apply.merge_entries(connection, self.hub.node, entries, sender=sender)

    def pull(self, branch: Stand, limit: int = 5_000) -> ApplyReport:
        """Fetch one page and put it down."""
        return self.put_down(branch, self.page(branch, limit))

    def put_down(self, branch: Stand, page: feed.Feed) -> ApplyReport:
        with branch.database.write() as connection:
            return apply.apply_rows(
                connection, branch.node, page.rows, applied=page.applied, upto=page.upto, hlc=page.hlc
            )

    def pulled(self, branch: Stand) -> int:
        with branch.database.read() as connection:
            return checkpoints.pulled(connection)

    def page(self, branch: Stand, limit: int = 5_000) -> feed.Feed:
        after, origin = self.pulled(branch), branch.node.identity.origin
        with self.hub.database.read() as connection:
            return feed.rows_after(connection, self.hub.node, branch.store, after, limit, origin=origin)

    def settle(self) -> None:
        """Let everybody push and pull until nothing moves."""
        for branch in (self.east, self.west, *self.places[3:]):  # a test may have put another in one's place
            _until_quiet(lambda branch=branch: self.push(branch).merged)  # type: ignore[misc]
        for branch in (self.east, self.west, *self.places[3:]):
            _until_quiet(lambda branch=branch: self.page(branch).rows and self.pull(branch))  # type: ignore[misc]


def _hire(place: Stand) -> None:
    """Put the people that a node knows into its tables: its own, headquarters'; at headquarters everybody."""
    known = [store for store in STAFF if place.store in ("hq", store) or store == "hq"]
    people = [{"id": STAFF[store], "_store": store, "name": store, "active": 1} for store in known]
    with place.database.write() as connection:
        connection.execute(place.node.tables["core.staff"].insert(), people)


def _until_quiet(step: Callable[[], object]) -> None:
    for _ in range(50):
        if not step():
            return
    raise AssertionError("it never comes to rest")


def rechained(entries: list[Entry], **changes: Any) -> list[Entry]:
    """Return a log as a dishonest or broken node would have written it: other contents, good hashes."""
    previous, out = "0" * 32, []
    for entry in entries:
        previous = chain(previous, entry._replace(**changes))
        out.append(entry._replace(**changes, hash=previous))
    return out


def quarantined(stand: Stand) -> list[quarantine.Kept]:
    with stand.database.read() as connection:
        return quarantine.listed(connection)


def a_shared_member(shops: Chain, **values: Any) -> str:
    """A record that every node holds: made in the east, pulled by all."""
    member = shops.east.create(MEMBER, {"name": "Chen", **values})
    shops.settle()
    return member


def upgrade(stand: Stand) -> None:
    """Give a running node all plugins."""
    stand.node.host = FakeHost(*TYPES)  # type: ignore[assignment]
    migrate(stand.database, stand.node.catalog)
    with stand.database.write() as connection:
        apply.catch_up(connection, stand.node)
