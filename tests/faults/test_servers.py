"""The database server itself goes away, and a file system that is really full: real ones, not pragmas."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.model.errors import NodeError
from stores.changes import log
from stores.node import Node
from stores.storage import bulk, checkpoints
from stores.storage.credentials import Credential
from stores.storage.database import StorageFault
from sync.round import sync_round
from tests.conftest import HOW_TO_GET_ONE, PostgresServer, _find_binaries
from tests.sync.nodes import DirectLink, World, read, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs mount and a PostgreSQL in a folder")
ROOM_KB = 1_536


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test alone, to be ended as it likes."""
    binaries = _find_binaries()
    if binaries is None:
        pytest.skip(f"no PostgreSQL here: {HOW_TO_GET_ONE}")
    folder = Path(tempfile.mkdtemp(prefix="branchline-pg-"))
    server = PostgresServer(binaries, folder)
    try:
        problem = server.start()
        if problem:
            pytest.skip(f"PostgreSQL in {binaries} does not start ({problem}): {HOW_TO_GET_ONE}")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


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
        with pytest.raises(Exception, match="(?i)closed|terminat|connection|shut|database"):
            sync_round(bund, link)
    ends.join()

    _until_it_works(bund, link)

    with hub.database.read() as connection:
        assert log.verify(connection, "bund.1") is None
        assert bulk.run(connection, "SELECT count(*), sum(visits) FROM tea_house_guest") == [(40, 80)]
    hub.database.close()


def _until_it_works(node: Node, link: DirectLink) -> None:
    for _ in range(20):
        try:
            sync_round(node, link)
        except Exception:  # noqa: BLE001 - every pooled connection is dead once
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
