"""The database of one node: one writer at a time, many readers, SQLite or PostgreSQL behind one address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from sqlite3 import Connection as SQLite
from types import TracebackType
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, RootTransaction, create_engine, event, make_url
from sqlalchemy.pool import StaticPool

from core.model.errors import NodeError, Text
from stores.storage import driver, journal, postgres
from stores.storage.faults import READ_FAULTS, WRITE_FAULTS, Busy, StorageFault, as_told, told_plainly
from stores.storage.replica import Replica
from stores.storage.turns import TurnMissed, Turns

__all__ = ["Busy", "Connection", "Database", "Dialect", "StorageFault", "Synchronous"]  # also for the layers above

Dialect = Literal["sqlite", "postgresql"]
Synchronous = Literal["FULL", "NORMAL", "OFF"]

BESIDE = "beside"  # what ``write_beside`` calls the other database
WRITE_WAIT_S_MAX = 30.0  # how long an action waits for its turn before the person is told that the node is busy
BUSY_TIMEOUT_MS = 5_000  # how long SQLite waits for a writer in another process
READERS_MAX = 24
READERS_KEPT = 4  # connections that stay open from one read transaction to the next
WRITER = (  # pragmas
    "journal_mode = WAL",
    "foreign_keys = ON",
    "cache_size = -32768",  # KiB: the upper levels of every index of a large headquarters
    "wal_autocheckpoint = 4000",  # pages: one merge fills a thousand, and copying them back is a sync of its own
)


class Database:
    """One node's database, by URL: ``sqlite:///path``, ``sqlite:///:memory:`` or ``postgresql://…``."""

    def __init__(
        self,
        url: str,
        *,
        replica: str | None = None,
        synchronous: Synchronous = "FULL",
        write_wait_s_max: float = WRITE_WAIT_S_MAX,
    ) -> None:
        """``replica`` is the URL of a PostgreSQL server that streams from this one (see ``survey``)."""
        self.url: URL = _with_driver(make_url(url))
        self._turns = Turns()
        self._writing: Any = None  # the driver's connection of whoever has the turn, or had it last
        self._kept: Connection | None = None  # the writer's, from one transaction to the next
        self._idle: list[Connection] = []  # readers', from one transaction to the next
        self._wait_s_max = write_wait_s_max
        self.in_memory = self.dialect == "sqlite" and self.url.database in {None, "", ":memory:"}
        if self.dialect == "postgresql":
            self._writer, self._reader = postgres.engines(self.url, write_wait_s_max, READERS_MAX)
        elif self.in_memory:
            self._writer = self._reader = _sqlite_in_memory(self._turns)
        else:
            self._writer, self._reader = _sqlite_files(self.url, synchronous, self._turns)
        self._idle_max = READERS_KEPT if self.dialect == "sqlite" and not self.in_memory else 0
        self._replica = Replica(_replica_url(replica, self.dialect)) if replica else None

    @property
    def dialect(self) -> Dialect:
        """Which SQL it speaks."""
        return "sqlite" if self.url.get_backend_name() == "sqlite" else "postgresql"

    @property
    def folder(self) -> Path | None:
        """Where its file is; None for one in memory or on a server."""
        return Path(str(self.url.database)).parent if self.dialect == "sqlite" and not self.in_memory else None

    @property
    def is_writing(self) -> bool:
        """Whether somebody of this process is writing right now; what can wait for a quiet moment asks."""
        return self._turns.taken

    def write(self) -> AbstractContextManager[Connection]:
        """Open the one write transaction; commit at the end of the block, roll back if it raises.

        Threads of this process wait in line; other processes are kept out by ``BEGIN IMMEDIATE`` or by the
        advisory lock, which is taken before anything is read: what the block reads is what the last writer
        left, and sequence numbers come out in commit order (sync.md 7). Schema changes roll back as well.

        Raises ``Busy`` when no turn came in time and ``StorageFault`` when the disk refuses.
        """
        return _Writing(self, self._turns, self._wait_s_max)

    def take_away(self, thread: int) -> bool:
        """Roll back the write transaction of a thread that is stuck inside it, and let the next one write.

        Returns whether it had one. What the thread still tries when it goes on fails: its connection is closed.
        """
        if self.in_memory or not self._turns.is_of(thread):
            return False
        if self.dialect == "sqlite":
            self._writer.dispose(close=False)  # its pool has one connection, and that one is lost
            self._writing.interrupt()
        self._kept = None
        self._writing.close()
        return self._turns.take_from(thread)

    @contextmanager
    def write_beside(self, other: Path | bytes) -> Iterator[Connection]:
        """Open the write transaction with another SQLite database at hand, a file or the image of one.

        Its tables are called ``beside.table``.
        """
        assert self.dialect == "sqlite", "only SQLite reads SQLite files"
        with told_plainly(WRITE_FAULTS), self._turns.turn(self._wait_s_max):
            connection = self.connected()
            driver.beneath(connection, f"ATTACH ? AS {BESIDE}", ":memory:" if isinstance(other, bytes) else str(other))
            try:
                if isinstance(other, bytes):
                    driver.raw(connection).deserialize(other, name=BESIDE)
                with connection.begin():
                    yield connection
            finally:
                driver.beneath(connection, f"DETACH {BESIDE}")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read transaction: one consistent picture, never blocked by the writer; writing in it fails."""
        with told_plainly(READ_FAULTS), self._shared_connection():
            connection, fine = self._reading(), False
            try:
                with connection.begin():
                    yield connection
                fine = True
            except NodeError:
                fine = True
                raise
            finally:
                self._end_reading(connection, fine=fine)

    @contextmanager
    def survey(self) -> Iterator[Connection]:
        """Open a read transaction for what reads much: at the replica, so that nobody's work waits; without one, here.

        What it shows may be some seconds old. Who must see what was written just now uses ``read``.
        """
        with self.read() as connection:
            elsewhere = self._replica.open(connection) if self._replica else None
            if elsewhere is None:
                yield connection
                return
        with told_plainly(READ_FAULTS), elsewhere, elsewhere.begin():
            yield elsewhere

    def image(self) -> bytes:
        """Return a database in memory as bytes."""
        with self.read() as connection:
            image: bytes = driver.raw(connection).serialize()
            return image

    def load(self, image: bytes) -> None:
        """Become the database in memory that ``image`` was made of. What was in this one is gone."""
        assert self.in_memory, "a file is not overwritten"
        with self._turns.turn(self._wait_s_max), self._writer.connect() as connection:
            driver.raw(connection).deserialize(image)

    def copy_into(self, copy: SQLite) -> None:
        """Copy the database, as it is at one moment, into an open SQLite one, while others write."""
        assert self.dialect == "sqlite", "PostgreSQL has tools of its own"
        with self._reader.connect() as connection:
            driver.raw(connection).backup(copy)

    def carry_over(self) -> None:
        """Carry what is in SQLite's write-ahead log into the database, beside whoever reads and writes.

        Else the commit that makes the log too long does it, and whoever writes next waits for it.
        """
        if self.folder is not None:
            with told_plainly(WRITE_FAULTS), self._reader.connect() as connection:
                driver.beneath(connection, "PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Let go of every connection."""
        if self._kept is not None and not self._turns.taken:
            self.let_go(self._kept)
        self._idle_max = 0
        while self._idle:
            self._idle.pop().close()
        self._reader.dispose()
        self._writer.dispose()
        if self._replica:
            self._replica.close()

    def connected(self) -> Connection:
        """Return the connection of whoever has the turn; it stays open from one transaction to the next.

        To take it out of a pool and put it back each time costs as much as five statements.
        """
        if self._kept is None:
            self._kept = self._writer.connect()
            self._writing = driver.raw(self._kept)
        return self._kept

    def let_go(self, connection: Connection) -> None:
        """Put a writer's connection back into its pool: the next transaction gets one that has been looked at."""
        if connection is self._kept:  # else it was taken away, and this is what is left of it
            self._kept = None
        connection.close()

    def _reading(self) -> Connection:
        """Return a connection for one read transaction: one that is open already, if there is any."""
        with suppress(IndexError):  # another thread was quicker
            while self._idle:
                connection = self._idle.pop()
                if not connection.in_transaction():  # else somebody went on with it after his block
                    return connection
                connection.close()
        return self._reader.connect()

    def _end_reading(self, connection: Connection, *, fine: bool) -> None:
        """Keep a connection open for the next reader; one on which more went wrong than a refusal is closed."""
        if fine and len(self._idle) < self._idle_max:
            self._idle.append(connection)
        else:
            connection.close()

    def _shared_connection(self) -> AbstractContextManager[None]:
        """A database in memory has one connection, so its readers wait in line with the writer."""
        return self._turns.turn(self._wait_s_max) if self.in_memory else nullcontext()


class _Writing(AbstractContextManager[Connection]):
    """The block of one write transaction. A class: generators around an action would cost as much as its statements."""

    _connection: Connection | None = None
    _transaction: RootTransaction

    def __init__(self, database: Database, turns: Turns, wait_s_max: float) -> None:
        self._database, self._turns, self._wait_s_max = database, turns, wait_s_max

    def __enter__(self) -> Connection:
        """Wait for the turn and begin."""
        try:
            self._turns.take(self._wait_s_max)
        except TurnMissed as missed:
            raise as_told(missed, WRITE_FAULTS) from None
        try:
            connection = self._connection = self._database.connected()
            self._transaction = connection.begin()
            if self._database.dialect == "postgresql":
                postgres.take_lock(connection)
        except BaseException as error:
            self._end(error)
            _tell(error)
            raise
        return connection

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Commit, or roll back what has raised."""
        try:
            self._transaction.__exit__(kind, error, at)
        except BaseException as refused:
            self._end(refused)
            _tell(refused)
            raise
        self._end(error)
        if error is not None:
            _tell(error)

    def _end(self, error: BaseException | None) -> None:
        """Hand the turn on. A connection on which more went wrong than a refused action is looked at before it is used
        again, and PostgreSQL's each time: its pool asks whether the server is still there."""
        try:
            fine = error is None or isinstance(error, NodeError)
            if self._connection is not None and not (fine and self._database.dialect == "sqlite"):
                self._database.let_go(self._connection)
        finally:
            self._turns.hand_on()


def _tell(error: BaseException) -> None:
    """Raise what an error means to a person, if it means anything else than it says."""
    if (plain := as_told(error, WRITE_FAULTS)) is not error:
        raise plain from error


def _with_driver(url: URL) -> URL:
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url
    raise NodeError.of(
        "database-unknown",
        f"a node cannot keep its data in '{url.drivername}'",
        f"节点不支持 '{url.drivername}' 数据库",
        fix=Text("write sqlite:///file or postgresql://…", "请填写 sqlite:///文件 或 postgresql://…"),
    )


def _replica_url(replica: str, dialect: Dialect) -> URL:
    """Return the replica's URL; refuse one that cannot be a replica of this database."""
    url = _with_driver(make_url(replica))
    if dialect == "postgresql" and url.get_backend_name() == dialect:
        return url
    raise NodeError.of(
        "replica-not-postgres",
        "only a PostgreSQL database has a replica, on PostgreSQL too",
        "只有 PostgreSQL 数据库才能设置只读副本，且副本也须为 PostgreSQL",
        fix=Text(
            "remove `replica` from the settings, or name two PostgreSQL servers",
            "请删除设置中的 replica，或同时填写两台 PostgreSQL 服务器",
        ),
    )


def _sqlite_files(url: URL, synchronous: Synchronous, turns: Turns) -> tuple[Engine, Engine]:
    file = Path(url.database or "")
    if problem := journal.foreign(file):
        raise StorageFault((problem,))
    _make_private(file)
    writer = create_engine(url, pool_size=1, max_overflow=0, pool_reset_on_return=None)
    _take_over(writer, "BEGIN IMMEDIATE", [*WRITER, f"synchronous = {synchronous}"], turns)
    reader = create_engine(url, pool_size=4, max_overflow=READERS_MAX, pool_reset_on_return=None)
    _take_over(reader, "BEGIN DEFERRED", ["query_only = ON"])
    return writer, reader


def _make_private(file: Path) -> None:
    """Make a new database readable by its own user only; SQLite gives its WAL the same rights. An old one is left."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with suppress(OSError):  # there already, a URI, or a disk that will be complained about when it is opened
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _sqlite_in_memory(turns: Turns) -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _take_over(engine, "BEGIN IMMEDIATE", ["foreign_keys = ON"], turns)
    return engine


def _take_over(engine: Engine, begin: str, pragmas: list[str], turns: Turns | None = None) -> None:
    """Begin transactions ourselves. Python's driver would begin late, and would not roll a CREATE TABLE back.

    ``write`` and ``read`` end what they begin, so the pool need not roll back what comes back to it. With ``turns``
    only who has the turn may begin: a connection that somebody keeps after his block writes nothing.
    """

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        for pragma in [f"busy_timeout = {BUSY_TIMEOUT_MS}", "temp_store = MEMORY", *pragmas]:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        assert turns is None or turns.mine, "the block of this connection has ended"
        driver.begin(connection, begin)
