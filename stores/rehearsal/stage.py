"""The node a scenario is played on: in memory, with a clock that is moved by hand, store and headquarters in one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from core.host.host import Host
from core.language.definition import Plugin, RecordType
from core.language.expressions import Row
from core.model.clock import HybridClock
from core.model.errors import NodeError
from stores import rows
from stores.acts import deadlines, firing, periods
from stores.node import Node
from stores.storage import bulk, identity
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate
from stores.storage.tables import Tables, tables_of
from stores.world import NodeWorld

STORE = "s001"
FIRINGS_MAX = 20_000  # in one scenario; more than any needs: a plugin whose timers chase each other must end

# Databases that nobody uses just now. Writing a statement takes longer than running it on a few rows.
_spare: WeakKeyDictionary[Tables, list[Database]] = WeakKeyDictionary()

_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?")


class RehearsalNode(Node):
    """A node that decides about everything: a rehearsal has no second one to ask. It notes which settings are read."""

    settings_read: set[str] = set()  # noqa: RUF012 - each stage gives it one of its own
    fields_read: set[tuple[str, str]] = set()  # noqa: RUF012

    fields_asked: set[tuple[str, str]] = set()  # noqa: RUF012

    def looked_at(self, record: str, name: str, *, in_sql: bool = False) -> None:
        """Note a field that a rule worked out, or that the database did."""
        self.fields_read.add((record, name))
        if in_sql:
            self.fields_asked.add((record, name))

    def settings(self, connection: Connection, plugin: str, store: str) -> Mapping[str, object]:
        """Return the settings as a store has them; whoever reads one leaves a trace."""
        return _Noted(super().settings(connection, plugin, store), self.settings_read)

    def is_home(self, record: RecordType, store: str) -> bool:
        """Every record is at home here."""
        del record, store
        return True


class _Noted(dict[str, object]):
    """Settings that note which of them are read."""

    def __init__(self, values: Mapping[str, object], read: set[str]) -> None:
        super().__init__(values)
        self._read = read

    def __getitem__(self, name: str) -> object:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: object = None) -> object:
        self._read.add(name)
        return super().get(name, default)


@dataclass(frozen=True, slots=True)
class Scene:
    """A stage as it stood at one moment of a scenario, for plays of the same scenario that begin there."""

    image: bytes  # the database
    ids: int
    stamp: int
    samples: Mapping[str, Mapping[str, str]]  # type -> sample -> id
    bound: Mapping[str, tuple[str, str]]
    open: bool = False  # everything that is given is there, and what it set going


@dataclass(slots=True)
class Album:
    """What a scenario begins with: its people, and everything that is given. Filled by the first play that has one."""

    people: Scene | None = None
    opening: Scene | None = None


@dataclass
class Stage:
    """A node, and the clock that everything on it reads. ``now`` is aware, UTC."""

    host: Host
    plugin: Plugin
    zone: ZoneInfo
    now: datetime
    store: str
    database: Database
    firings: int = 0  # how often timers have fired
    firings_max: int = FIRINGS_MAX
    begins: Scene | None = None  # what is on it before the play
    album: Album | None = None  # where to keep how it looks before the first step
    settings_read: set[str] = field(default_factory=set)
    fields_read: set[tuple[str, str]] = field(default_factory=set)  # record type and computed field
    fields_asked: set[tuple[str, str]] = field(default_factory=set)  # of these, those the database worked out
    fired: set[tuple[str, str]] = field(default_factory=set)  # record type and action that a timer ran
    refused: set[tuple[str, str]] = field(default_factory=set)  # of these, what was refused, or not wanted any more
    _ids: int = 0

    def __post_init__(self) -> None:
        migrate(self.database, self.host.catalog)
        who = Identity("rehearsal", 1, self.store, None)
        self._ids = self.begins.ids if self.begins else 0
        if self.begins is None:
            with self.database.write() as connection:
                identity.save(connection, who)
        self.node = RehearsalNode(
            database=self.database,
            host=self.host,
            identity=who,
            now=lambda: self.now,
            new_id=self.new_id,
            zone=self.zone,
            mono=self._ms,
            boot="rehearsal",
            clock=HybridClock(self._ms, self.begins.stamp if self.begins else 0),
        )
        self.node.settings_read, self.node.fields_read = self.settings_read, self.fields_read
        self.node.fields_asked = self.fields_asked

    @classmethod
    @contextmanager
    def opened(
        cls,
        host: Host,
        plugin: Plugin,
        now: str,
        zone: ZoneInfo,
        store: str | None,
        *,
        firings_max: int | None = None,
        begins: Scene | None = None,
        album: Album | None = None,
    ) -> Iterator[Stage]:
        """Open a node at a moment of branch time, empty or as it stood in a scene; it is gone afterwards."""
        with _empty_database(tables_of(host.catalog)) as database:
            if begins:
                database.load(begins.image)
            began, most = _local(now, zone), firings_max or FIRINGS_MAX
            yield cls(host, plugin, zone, began, store or STORE, database, 0, most, begins, album)

    def picture(self, samples: Mapping[str, Mapping[str, str]], bound: Mapping[str, tuple[str, str]]) -> Scene:
        """Return how the stage stands now, with the names of what is on it."""
        named = {type_: dict(ids) for type_, ids in samples.items()}
        return Scene(self.database.image(), self._ids, self.node.clock.last, named, dict(bound))

    def moment(self, text: str) -> datetime:
        """Return the instant a scenario writes: a date with a time, or the next time the clock shows ``21:00``."""
        if _MOMENT.fullmatch(text.strip()):
            return _local(text, self.zone)
        clock = _CLOCK.fullmatch(text.strip())
        if clock is None:
            raise NodeError.of("bad-time", f"`{text}` is not a time", f"`{text}` 不是时间")
        local = self.now.astimezone(self.zone)
        then = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
        return (then if then >= local else then + timedelta(days=1)).astimezone(UTC)

    def past_moment(self, text: str) -> datetime:
        """Return when something happened: a date with a time, or the last time the clock showed ``20:58:40``."""
        then = self.moment(text)
        return then - timedelta(days=1) if then > self.now and _CLOCK.fullmatch(text.strip()) else then

    def open_periods(self, reports: Sequence[str] = ()) -> None:
        """Let the periods begin that have begun, and the timers fire that are due already. Of reports only those tell
        when they are due that are named: a scenario about months would hear of every evening."""
        with self.database.write() as connection:
            periods.arm(connection, self.node)
            deadlines.arm(connection, self.node, reports)
        self.move_to(self.now)

    def move_to(self, then: datetime) -> None:
        """Move the clock, stopping at each timer on the way, as the loop of a running node does."""
        if then < self.now:
            raise NodeError.of(
                "time-runs-back", "the time of a step lies before the one above it", "步骤时间早于上一步"
            )
        while (armed := firing.first(self.node)) is not None and armed.next_at <= then:
            self.firings += 1
            if self.firings > self.firings_max:
                what = ("timers set each other off without end", "定时器互相触发，没有尽头")
                raise NodeError.of("timers-never-end", *what)
            self.now = max(self.now, armed.next_at)
            self._fire(armed)
        self.now = then

    def _fire(self, armed: firing.Armed) -> None:
        """Fire one timer, and note what it ran."""
        receipts = firing.fire(self.node, armed, self.now)
        record = self.node.catalog.records.get(armed.type)
        if record is not None and armed.next_at > armed.due and armed.name in record.timers:
            action = (record.key, record.timers[armed.name].then)
            self.fired.add(action)
            if not receipts:
                self.refused.add(action)

    def new_id(self) -> str:
        """Return the next id: a UUIDv7 whose random part counts up, so that every play is the same."""
        self._ids += 1
        ms = self._ms()
        return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-{self._ids:012x}"

    def record(self, name: str) -> RecordType:
        """Return a record type by its local or its qualified name."""
        catalog = self.node.catalog
        return catalog.records[name] if name in catalog.records else catalog.record(self.plugin.name, name)

    def row(self, type_: str, id: str) -> Row:
        """Return a record as it is now."""
        with self.database.read() as connection:
            return rows.get(connection, self.node, self.node.catalog.records[type_], id)

    def all_rows(self, record: RecordType) -> list[Row]:
        """Return the records of a type in the order they came to be."""
        table = self.node.table(record)
        born = "SELECT pk FROM log WHERE type = ? AND kind = 'create' ORDER BY seq"
        with self.database.read() as connection:
            ids = [id for (id,) in bulk.run(connection, born, record.key)]
            every = connection.execute(select(table)).mappings().all() if ids else ()
        found = {str(cells["id"]): cells for cells in every}
        return [rows.from_cells(record, dict(found[id])) for id in ids if id in found]

    @contextmanager
    def world(self) -> Iterator[NodeWorld]:
        """Open the world as this plugin's rules see it, to read."""
        with self.database.read() as connection:
            yield NodeWorld(connection, self.node, self.plugin.name, self.store)

    def _ms(self) -> int:
        return int(self.now.timestamp() * 1000)


@contextmanager
def _empty_database(tables: Tables) -> Iterator[Database]:
    """Lend a database in memory, empty. Closed, it forgets its content but not how its statements are written."""
    spare = _spare.setdefault(tables, [])
    database = spare.pop() if spare else Database("sqlite:///:memory:")
    try:
        yield database
    finally:
        database.close()
        spare.append(database)


def _local(text: str, zone: ZoneInfo) -> datetime:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise NodeError.of("bad-time", f"`{text}` is not a date with a time", f"`{text}` 不是日期时间") from None
