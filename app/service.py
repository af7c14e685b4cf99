"""One running node: the node itself and what runs beside it: timers, the plugin watcher, the sync worker."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Thread

from app.background import chores
from app.background.timer_loop import TimerLoop
from app.background.upstream import worker_for
from app.bootstrap import Surroundings, open_node
from app.refusals import Refusals
from app.settings import Settings
from app.signin.passwords import PasswordRules, Passwords
from app.signin.sessions import Sessions
from app.signin.throttle import Throttle
from core.host.catalog import Catalog
from stores.acts import deadlines, firing, outbox, periods
from stores.changes.unsent import UnsentMoney
from stores.node import Node
from stores.storage import words
from stores.storage.bell import Bell
from stores.storage.migrate import migrate
from stores.storage.tables import tables_of
from sync import arrival
from sync.branch import first_load
from sync.branch.worker import Worker
from sync.wire.link import Link

log = logging.getLogger("branchline.node")
WORDS_PAUSE = timedelta(milliseconds=250)  # between two batches of words


@dataclass
class Service:
    """A node and its companions, wired once; ``start`` and ``stop`` may be called by a server or a test."""

    settings: Settings
    world: Surroundings
    node: Node
    passwords: Passwords
    sessions: Sessions
    timers: TimerLoop
    post: TimerLoop  # the outbox
    words: TimerLoop  # what a search looks into
    chores: TimerLoop
    refusals: Refusals
    worker: Worker | None = None
    bell: Bell | None = None  # where several processes serve one headquarters
    unsent: UnsentMoney = field(default_factory=UnsentMoney)
    _stop: Event = field(default_factory=Event)
    _watcher: Thread | None = None
    _ear: Thread | None = None

    def new_id(self) -> str:
        """Return a fresh id."""
        return self.node.new_id()

    def start(self) -> None:
        """Start timers, watcher and worker; what fell due while the PC was off fires at once."""
        if self.node.host.watchdog is not None:
            self.node.host.watchdog.start(self._stop)
        arrival.catch_up(self.node)
        first_load.finish(self.node)
        self.timers.start()
        self.post.start("outbox")
        self.words.start("words")
        self.chores.start("chores")
        if self.settings.plugins.watch:
            self._watcher = self.node.host.watch(self._stop)
        if self.worker is not None:
            self.worker.start()
        if self.bell is not None:
            self._ear = self.bell.listen(self.node.tell, self._stop, self.refusals.hear)
        log.info("started", extra={"node": self.node.identity.node, "store": self.node.store})

    def start_beside(self) -> None:
        """Start what a process needs that only answers branches, beside the one that runs timers, outbox and pages.

        That one hears of what is merged here, and of what is refused.
        """
        assert self.bell is not None, "nobody would hear of it"
        if self.node.host.watchdog is not None:
            self.node.host.watchdog.start(self._stop)
        if self.settings.plugins.watch:
            self._watcher = self.node.host.watch(self._stop)
        self.node.on_change(self.bell.ring)
        self.refusals.pass_on = self.bell.pass_on
        log.info("started beside", extra={"node": self.node.identity.node, "store": self.node.store})

    def stop(self) -> None:
        """Stop everything and close the database."""
        self._stop.set()
        if self.worker is not None:
            self.worker.stop()
        self.timers.stop()
        self.post.stop()
        self.words.stop()
        self.chores.stop()
        if self._ear is not None:
            self._ear.join(timeout=5)
        if self.bell is not None:
            self.bell.close()
        self.node.database.close()
        log.info("stopped", extra={"node": self.node.identity.node})


def open_service(
    settings: Settings,
    world: Surroundings | None = None,
    passwords: Passwords | None = None,
    connect: Callable[[], Link] | None = None,
) -> Service:
    """Open the node that ``settings`` describe, with its companions, not yet started.

    The demo and the tests pass a world of their own, a cheaper hasher, and a cable that can be pulled.
    """
    world = world or Surroundings()
    node = open_node(settings, world)
    rules = PasswordRules(settings.sign_in.password_shortest, settings.sign_in.pin_shortest)
    passwords = passwords or Passwords(rules)
    lasts = timedelta(seconds=settings.sign_in.session)
    sessions = Sessions(node, passwords, Throttle(lambda: world.mono() / 1000), world.token, lasts)
    post = TimerLoop(lambda: outbox.deliver_due(node), lambda: outbox.next_due(node), node.now)
    loop = TimerLoop(lambda: len(firing.fire_due(node)), lambda: firing.next_due(node), node.now)
    worker = worker_for(node, settings, world, connect)
    reader = TimerLoop(lambda: _read_words(node), lambda: _words_due(node), node.now)
    began = world.mono()
    cleaner = TimerLoop(
        lambda: chores.do(node, settings.sync, (world.mono() - began) / 1000), lambda: chores.next_due(node), node.now
    )
    database = node.database
    refusals = Refusals(node.now)
    bell = Bell(database.url) if node.is_hub and database.dialect == "postgresql" else None
    service = Service(settings, world, node, passwords, sessions, loop, post, reader, cleaner, refusals, worker, bell)
    with node.database.write() as connection:
        periods.arm(connection, node)
        deadlines.arm(connection, node)
    node.on_commit(loop.wake)
    node.on_commit(post.wake)
    node.host.before_swap(lambda new: _make_room(node, new))
    node.host.subscribe(lambda _old, new: _adopt(service, new))
    return service


def _read_words(node: Node) -> int:
    """Read a batch of what was written into the index of words; that is nobody's timer, so none is counted.

    Not while somebody writes: a merge takes the whole processor, and a search looks at what is not in the index anyway.
    """
    if node.database.is_writing:
        return 0
    with node.database.read() as connection:
        idle = not words.waiting(connection)
    if not idle:
        with node.database.write() as connection:
            words.read_in(connection, tables_of(node.catalog))
    return 0


def _words_due(node: Node) -> datetime | None:
    """Return when to read on: soon while a batch waits, leaving the writer to others most of the time."""
    with node.database.read() as connection:
        many = words.waiting(connection) >= words.READ_ROWS
    return node.now() + WORDS_PAUSE if many else None


def _make_room(node: Node, new: Catalog) -> None:
    """Give plugins their tables before a request can ask for them; DefinitionError keeps the old version running."""
    migrate(node.database, new)


def _adopt(service: Service, new: Catalog) -> None:
    """Open the periods of the plugins that have just been swapped in, and use what had waited for them."""
    with service.node.database.write() as connection:
        periods.arm(connection, service.node)
        deadlines.arm(connection, service.node)
    arrival.catch_up(service.node)
    service.timers.wake()
    log.info("plugins in force", extra={"revision": new.revision, "count": len(new.plugins)})
