"""The database server itself goes away, and a file system that is really full: real ones, not pragmas."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import pytest
from sqlalchemy import Connection, create_engine, make_url

from core.model.errors import NodeError
from stores.changes import log
from stores.node import Node
from stores.storage import bulk, checkpoints, holdups, postgres
from stores.storage.credentials import Credential
from stores.storage.database import Busy, Database, StorageFault
from sync import keys
from sync.branch.round import sync_round
from tests.conftest import NoPostgres, PostgresServer, private_server, replica_of, schemas
from tests.sync.nodes import DirectLink, World, read, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs mount and a PostgreSQL in a folder")
T = TypeVar("T")
ROOM_KB = 1_536
WAIT_S = 0.2
LOCK = f"SELECT pg_advisory_xact_lock({postgres.LOCK_FAMILY}, hashtext(current_schema()))"


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test alone, to be ended as it likes."""
    try:
        with private_server(safe=True) as server:
            yield server
    except NoPostgres as reason:
        pytest.skip(str(reason))


def test_postgresql_that_is_restarted_in_the_middle_of_a_merge_loses_and_doubles_nothing(
    own_server: PostgresServer, world: World, bund: Node
) -> None:
    hub = world.hub(own_server.url)
    guests = [world.id() for _ in range(40)]
    for guest in guests:
        write(bund, guest, "create", name="李", visits=1)
        write(bund, guest, visits=2)
    in_the_middle, again = threading.Event(), threading.Event()
    real = checkpoints.move_head

    def stopping(*args: object, **more: object) -> None:
        real(*args, **more)  # type: ignore[arg-type]
        if args[1] == "bund.1" and not in_the_middle.is_set():
            in_the_middle.set()
            again.wait(60)

    def restart() -> None:
        in_the_middle.wait(60)
        own_server.restart()
        again.set()

    ends = threading.Thread(target=restart)
    ends.start()
    link = DirectLink(hub, Credential("bund", "bund"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stores.changes.apply.checkpoints.move_head", stopping)
        with pytest.raises(Busy) as told:
            sync_round(bund, link)
    ends.join()

    _until_it_works(bund, link)

    assert told.value.problems[0].code == "database-away"
    with hub.database.read() as connection:
        assert log.verify(connection, "bund.1") is None
        assert bulk.run(connection, "SELECT count(*), sum(visits) FROM tea_house_guest") == [(40, 80)]
    hub.database.close()


def test_a_failover_that_loses_the_last_commits_is_found_out_and_branches_send_again_what_it_lost(
    own_server: PostgresServer, world: World, bund: Node
) -> None:
    guest, late = world.id(), world.id()
    write(bund, guest, "create", name="李", visits=1)
    with closing(Database(own_server.url)) as made, made.write() as connection:
        bulk.run_only(connection, "CREATE SCHEMA chain")
    with replica_of(own_server) as copy:
        both = quote(f"{own_server.folder},{copy.folder}", safe="")
        hub = world.hub(
            f"postgresql://postgres@/postgres?host={both}&target_session_attrs=read-write&options=-csearch_path%3Dchain"
        )
        link = DirectLink(hub, Credential("bund", "bund"))
        sync_round(bund, link)
        _ask(copy, "ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")  # it hears of nothing any more
        _until(lambda: not _ask(copy, "SELECT 1 FROM pg_stat_wal_receiver"))
        write(bund, guest, visits=2)
        write(bund, late, "create", name="王", visits=1)
        sync_round(bund, link)
        with hub.database.read() as connection:
            before, lost = keys.hub(connection).epoch, checkpoints.head(connection, "bund.1")
        own_server.stop()
        _ask(copy, "SELECT pg_promote()")
        ((left,),) = _ask(copy, "SELECT position FROM chain.checkpoint WHERE peer = 'bund.1' AND stream = 'head'")

        _until_it_works(bund, link)

        with hub.database.read() as connection:
            assert bulk.run(connection, "SELECT pg_is_in_recovery()") == [(False,)]
            assert keys.hub(connection).epoch != before
            assert checkpoints.head(connection, "bund.1") == lost
            assert left < lost[0]
            assert log.verify(connection, "bund.1") is None
            assert bulk.run(connection, "SELECT name FROM core_notice") == [("core.hub_put_back",)]
        assert (read(hub, guest)["visits"], read(hub, late)["name"]) == (2, "王")
        hub.database.close()


def _ask(server: PostgresServer, *statements: str) -> list[bulk.Values]:
    """Ask a server as its administrator; return what the last statement answers."""
    engine = create_engine(make_url(server.url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        answers = [connection.exec_driver_sql(statement) for statement in statements]
        found = [tuple(row) for row in answers[-1]]
    engine.dispose()
    return found


def test_a_transaction_that_idles_for_an_hour_is_ended_and_the_next_writer_goes_on(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.storage.postgres.IDLE_WRITING_MS_MAX", 300)  # an hour, for a test
    idle, other = Database(postgres_url), Database(postgres_url)
    entered, written = threading.Event(), threading.Event()

    def idles() -> str:
        try:
            with idle.write() as connection:
                bulk.run(connection, "SELECT 1")
                entered.set()
                written.wait(30)
                bulk.run(connection, "SELECT 1")
        except Busy as busy:
            return busy.problems[0].code
        return "went on"

    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(idles)
        entered.wait(30)
        with other.write() as connection:  # waits for the lock that the idle one holds
            assert bulk.run(connection, "SELECT 1") == [(1,)]
        written.set()
        assert told.result() == "database-away"
    for database in (idle, other):
        database.close()


@pytest.fixture
def chain_url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty schema in which nobody waits for longer than some hundred milliseconds."""
    real = postgres.engines
    monkeypatch.setattr(postgres, "engines", lambda url, wait_s, readers: real(url, min(wait_s, WAIT_S), readers))
    monkeypatch.setattr(holdups, "IDLE_S_MIN", 0)
    with schemas(postgres_url) as make:
        yield make()


@contextmanager
def left_open(url: str, sql: str) -> Iterator[Connection]:
    """A console somebody has left open in a transaction, with what he asked last."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        connection.exec_driver_sql("SET application_name = 'console'")
        connection.exec_driver_sql(sql)
        yield connection
    engine.dispose()


@pytest.mark.parametrize("sql", [LOCK, "SELECT * FROM tea_house_guest FOR UPDATE", "LOCK TABLE log"])
def test_a_console_left_open_in_a_transaction_blocks_nobody_for_ever_and_is_named(
    chain_url: str, world: World, bund: Node, sql: str
) -> None:
    hub, guest = world.hub(chain_url), world.id()
    link = DirectLink(hub, Credential("bund", "bund"))
    write(bund, guest, "create", name="李", visits=1)
    sync_round(bund, link)
    write(bund, guest, visits=2)

    with left_open(chain_url, sql):
        with pytest.raises(Busy) as told:
            sync_round(bund, link)
        shown = read(hub, guest)["visits"]
        (holdup,) = _holdups(hub.database)
    sync_round(bund, link)

    assert (told.value.problems[0].code, told.value.retry_after_s, shown) == ("node-busy", 5, 1)
    assert holdup.application == "console"
    assert str(holdup.pid) in holdup.problem.render("zh")
    assert (read(hub, guest)["visits"], _holdups(hub.database)) == (2, [])
    with bund.database.read() as connection:
        assert log.unsent(connection)[0] == 0
    with hub.database.read() as connection:
        assert log.verify(connection, "bund.1") is None
    hub.database.close()


def test_who_is_waited_for_is_named_with_how_many_wait_and_our_own_work_is_not(
    chain_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdups, "IDLE_S_MIN", 60)
    monkeypatch.setattr(holdups, "WAIT_S_MIN", 0)
    monkeypatch.setattr("tests.faults.test_servers.WAIT_S", 30)
    ours, other = Database(chain_url), Database(chain_url)

    def writes() -> bool:
        with other.write() as connection:
            return bool(bulk.run(connection, "SELECT 1"))

    with ThreadPoolExecutor(1) as pool:
        with left_open(chain_url, LOCK) as console:
            waits = pool.submit(writes)
            (holdup,) = _until(lambda: _holdups(ours))
            console.rollback()
        assert waits.result()
    assert (holdup.application, holdup.waiting) == ("console", 1)
    for database in (ours, other):
        database.close()


def _holdups(database: Database) -> list[holdups.Holdup]:
    with database.read() as connection:
        return holdups.holdups(connection)


def _until(found: Callable[[], T]) -> T:
    for _ in range(1_000):
        if seen := found():
            return seen
        time.sleep(0.01)
    raise AssertionError("it does not come about")


def test_a_serialization_failure_is_told_as_a_busy_node(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(Busy) as told, database.write() as connection:
        bulk.run(connection, "DO $$ BEGIN RAISE SQLSTATE '40001' USING MESSAGE = 'could not serialize access'; END $$")

    assert told.value.problems[0].code == "node-busy"
    database.close()


def _until_it_works(node: Node, link: DirectLink) -> None:
    for _ in range(20):
        try:
            sync_round(node, link)
        except Busy:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("headquarters does not come back")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM_KB}k", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here ({made.stderr.strip()}): run as root to fill a real disk")
    yield folder
    subprocess.run(["umount", folder], check=False)


def test_a_disk_that_is_really_full_is_told_and_what_was_acknowledged_is_all_there(
    small_disk: Path, world: World, hub: Node
) -> None:
    branch = world.node("bund", f"sqlite:///{small_disk}/bund.db")
    acknowledged: list[str] = []

    def work() -> None:
        while len(acknowledged) < 2_000:
            guest = world.id()
            write(branch, guest, "create", name="房" * 2_000)
            acknowledged.append(guest)

    with pytest.raises(StorageFault) as told:
        work()
    link = DirectLink(hub, Credential("bund", "bund"))
    with pytest.raises(NodeError):
        sync_round(branch, link)  # not even the acknowledgement can be kept
    subprocess.run(["mount", "-o", f"remount,size={ROOM_KB * 8}k", small_disk], check=True)
    sync_round(branch, link)

    assert told.value.problems[0].code == "storage-fault"
    assert acknowledged
    assert all(read(branch, guest)["name"] and read(hub, guest)["name"] for guest in acknowledged)
    with hub.database.read() as connection:
        assert checkpoints.head(connection, "bund.1")[0] == len(acknowledged)
        assert log.verify(connection, "bund.1") is None
    branch.database.close()
