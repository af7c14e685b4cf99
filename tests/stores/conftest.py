"""Record types built by hand, and a small club with its own plugin file, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.host.catalog import Catalog
from core.host.host import Host
from core.language.definition import Field, RecordType
from core.language.expressions.functions import FUNCTIONS
from core.model.clock import HybridClock, iso
from core.model.errors import Place, Text
from core.model.fields import Fields, FieldSpec
from stores import rows
from stores.node import Node
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate
from tests.stores.chain import Chain, Stand
from tests.stores.shop import Shop

NOWHERE = Place("plugin.yaml", 1, 1)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, once on each of the databases a node can use."""
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def a_field() -> Callable[..., Field]:
    """Make a field: ``a_field("room", "ref", to="club.room", unique=True)``."""

    def make(name: str, type_: str = "text", *, default: Any = None, unique: bool = False, **spec: Any) -> Field:
        return Field(name, FieldSpec(type_, **spec), Text(name, name), NOWHERE, default=default, unique=unique)

    return make


@pytest.fixture
def a_record() -> Callable[..., RecordType]:
    """Make a record type of the plugin ``club`` from its fields."""

    def make(name: str, *fields: Field, plugin: str = "club", **more: Any) -> RecordType:
        return RecordType(plugin, name, Text(name, name), NOWHERE, {field.name: field for field in fields}, **more)

    return make


@pytest.fixture
def a_catalog() -> Callable[..., Catalog]:
    """Make a snapshot with these record types running."""

    def make(*records: RecordType, plugins: Mapping[str, Any] | None = None) -> Catalog:
        return Catalog(plugins or {}, {record.key: record for record in records}, (), "test", FUNCTIONS, Fields())

    return make


class Club:
    """A node of the club in ``tests/stores/club``, and its records put straight into the tables."""

    def __init__(self, database: Database, host: Host, store: str = "0755") -> None:
        self.now = datetime(2026, 3, 7, 12, 30, tzinfo=UTC)  # 20:30 in the club
        self._ids = count(1)
        self.node = Node(
            database=database,
            host=host,
            identity=Identity("n1", 1, store, None),
            now=lambda: self.now,
            new_id=lambda: f"id-{next(self._ids):04}",
            zone=ZoneInfo("Asia/Shanghai"),
            mono=lambda: 0,
            boot="boot",
            clock=HybridClock(lambda: int(self.now.timestamp() * 1000)),
        )
        migrate(database, host.catalog)

    def record(self, name: str) -> RecordType:
        return self.node.catalog.record("club", name)

    def put(self, type_: str, id: str, /, store: str = "0755", **values: object) -> str:
        """Put one record there, its values as a person would enter them; returns its id."""
        record = self.record(type_)
        kernel = {key: values.pop(key) for key in ("_hs", "_life", "_x", "_by") if key in values}
        parsed = {
            key: record.fields[key].spec.parse(value, self.node.zone) if key in record.fields else value
            for key, value in values.items()
        }
        cells = {"id": id, "_store": store, "_at": iso(self.now), "_by": "li", "_m": "", **kernel}
        with self.node.database.write() as connection:
            connection.execute(self.node.table(record).insert(), [cells | rows.to_cells(record, parsed)])
        return id


@pytest.fixture(scope="session")
def club_host() -> Host:
    """The plugins core and club, loaded once: a host that is only read is shared by all tests."""
    return Host([Path(__file__).parent], only=["club"], entry_points=False)


@pytest.fixture
def club(database: Database, club_host: Host) -> Club:
    """A club's own node with nobody and nothing in it."""
    return Club(database, club_host)


@pytest.fixture
def shops(database_url: str) -> Iterator[Chain]:
    """Headquarters (on SQLite or PostgreSQL) with stores east and west."""
    made = Chain(database_url)
    yield made
    made.close()


@pytest.fixture
def shop(database_url: str) -> Iterator[Stand]:
    """A store's node."""
    made = Stand(database_url, "east")
    yield made
    made.close()


@pytest.fixture
def hub(database_url: str) -> Iterator[Stand]:
    """Headquarters alone."""
    made = Stand(database_url, "hq")
    yield made
    made.close()


@pytest.fixture
def a_shop() -> Iterator[Callable[..., Shop]]:
    """Open a shop with a plugin written in the test: ``a_shop(PLUGIN, url)``; in memory unless a URL is given."""
    opened: list[Shop] = []

    def make(plugin: str, url: str = "sqlite:///:memory:", **more: Any) -> Shop:
        opened.append(Shop(plugin, url, **more))
        return opened[-1]

    yield make
    for shop in opened:
        shop.close()
