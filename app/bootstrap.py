"""Wires a node from its settings file. The only place that reads the real clock, throws dice and makes real ids."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from app.ids import IdMaker
from app.settings import Settings
from core.host.host import Host
from core.host.watchdog import Watchdog
from core.model.clock import HybridClock
from core.model.errors import NodeError, Text
from stores.node import Node
from stores.storage import identity as identities
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.migrate import migrate


def wall_clock() -> datetime:
    """Return the present instant, aware, UTC."""
    return datetime.now(UTC)


def mono_ms() -> int:
    """Return milliseconds of a clock that never goes back."""
    return time.monotonic_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the world gives a node. The demo passes a simulated ``now``; everything else is real there too."""

    now: Callable[[], datetime] = wall_clock
    mono: Callable[[], int] = mono_ms
    dice: Callable[[int], bytes] = secrets.token_bytes  # n unpredictable bytes
    boot: str = field(default_factory=lambda: secrets.token_hex(8))

    def now_ms(self) -> int:
        """Return milliseconds since 1970."""
        if self.now is wall_clock:
            return time.time_ns() // 1_000_000  # the same clock, and every id asks for it
        return int(self.now().timestamp() * 1000)

    def token(self) -> str:
        """Return a secret that nobody guesses, for a session."""
        return self.dice(32).hex()


def open_node(settings: Settings, world: Surroundings) -> Node:
    """Open (or, the first time, make) the node that ``settings`` describe: database, plugins, tables, identity.

    Raises NodeError when the settings name another node or store than the database was made for.
    """
    database = Database(settings.database_url, replica=settings.replica_url)
    host = open_host(settings, Watchdog(time.monotonic, settings.plugins.hook_limit, database.take_away))
    migrate(database, host.catalog)
    with database.write() as connection:
        known = identities.load(connection)
        identity = _identity(settings, known)
        if identity != known:
            identities.save(connection, identity)
    return Node(
        database=database,
        host=host,
        identity=identity,
        now=lambda: host.ask("clock") or world.now(),
        new_id=IdMaker(world.now_ms, world.dice),
        zone=settings.zone,
        mono=world.mono,
        boot=world.boot,
        clock=HybridClock(world.now_ms),  # the first commit tells it what was kept
    )


def open_host(settings: Settings, watchdog: Watchdog | None = None) -> Host:
    """Load the plugins that ``settings`` name."""
    plugins = settings.plugins
    return Host(
        plugins.folders, only=plugins.only, entry_points=plugins.installed, store=settings.store, watchdog=watchdog
    )


def _identity(settings: Settings, known: Identity | None) -> Identity:
    """Return who the node is. The database decides once it knows: enrolment has put the address it joined there."""
    if known is None:
        return Identity(settings.node, 1, settings.store, settings.upstream)
    if (known.node, known.store) != (settings.node, settings.store):
        raise NodeError.of(
            "other-node",
            f"this database belongs to node `{known.node}` of store `{known.store}`, "
            f"the settings are for `{settings.node}` of `{settings.store}`",
            f"此数据库属于节点 `{known.node}`（门店 `{known.store}`），"
            f"而设置为 `{settings.node}`（门店 `{settings.store}`）",
            fix=Text("use the settings file this database was made with", "请使用创建此数据库时的设置文件"),
        )
    return replace(known, upstream=known.upstream or settings.upstream)
