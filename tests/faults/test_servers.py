"""The database server itself goes away, and a file system that is really full: real ones, not pragmas."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.model.errors import NodeError
from stores.changes import log
from stores.node import Node
from stores.storage import bulk, checkpoints
from stores.storage.credentials import Credential
from stores.storage.database import Busy, Database, StorageFault
from sync.branch.round import sync_round
from tests.conftest import NoPostgres, PostgresServer, private_server
from tests.sync.nodes import DirectLink, World, read, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs mount and a PostgreSQL in a folder")
ROOM_KB = 1_536


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


def test_a_transaction_that_idles_for_an_hour_is_ended_and_the_next_writer_goes_on(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.storage.database.IDLE_MS_MAX", 300)  # an hour, for a test
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
