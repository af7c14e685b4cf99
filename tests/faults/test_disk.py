"""Disks that fill up, lie, flip bits or come back without their journal: what was acknowledged stays, or is known to be gone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from stores.changes import log
from stores.node import Node
from stores.storage import bulk, checkpoints, driver
from stores.storage.credentials import Credential
from stores.storage.database import Database, StorageFault
from sync.branch.disputes import LogDamaged
from sync.branch.round import sync_round
from sync.wire.codec import decode, encode
from tests.stores.chain import BOOKING, MEMBER, Chain, Stand, quarantined
from tests.sync.nodes import DirectLink, World, read, write

PAGES = 4  # of room that a full disk still has


@contextmanager
def full(database: Database) -> Iterator[None]:
    """Let a database grow no further, as a disk that is full."""
    _pragma(database, f"max_page_count = {_pragma(database, 'page_count') + PAGES}")
    yield
    _pragma(database, "max_page_count = 1073741823")


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    _pragma(database, "query_only = ON")
    yield
    _pragma(database, "query_only = OFF")


def _pragma(database: Database, what: str) -> int:
    with database._turns.turn(5):
        found = driver.raw(database.connected()).execute(f"PRAGMA {what}").fetchone()
        return int(found[0]) if found else 0


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Chain]:
    """Headquarters and two stores, headquarters on a file."""
    made = Chain(f"sqlite:///{tmp_path}/hub.db")
    yield made
    made.close()


@pytest.mark.parametrize("ill", [full, read_only])
def test_a_disk_that_takes_nothing_more_leaves_nothing_half_saved_wherever_it_happens(
    files: Chain, ill: Callable[[Database], Any]
) -> None:
    texts = ["房" * 3_000 + str(nth) for nth in range(40)]
    for text in texts:
        files.east.create(BOOKING, {"guest": text})
    member = files.hub.create(MEMBER, {"name": "Chen"})

    with ill(files.hub.database), pytest.raises(StorageFault) as merging:
        files.push(files.east)
    with ill(files.hub.database), pytest.raises(StorageFault):
        _write_on(files.hub, texts)
    written = len(files.hub.rows(MEMBER))
    with ill(files.east.database), pytest.raises(StorageFault):
        _write_on(files.east, texts)

    assert merging.value.problems[0].code == "storage-fault"
    assert files.hub.rows(BOOKING) == []
    assert len(files.hub.log()) >= written
    files.settle()  # somebody has made room
    assert len(files.hub.rows(BOOKING)) == len(files.east.rows(BOOKING)) == 40
    assert files.east.row(MEMBER, member)["name"] == "Chen"
    for place in files.places:
        with place.database.read() as connection:
            assert {log.verify(connection, origin) for origin in checkpoints.heads(connection)} <= {None}
    assert quarantined(files.hub) == []


def _write_on(place: Stand, texts: list[str]) -> None:
    for text in texts * 5:
        place.create(MEMBER, {"name": text})


def at_a_file(folder: Path, world: World) -> tuple[Node, Path]:
    file = folder / "bund.db"
    node = world.node("bund", f"sqlite:///{file}")
    return node, file


def copied(file: Path, folder: Path, wal_bytes: int | None = None) -> Path:
    """Return what is on the disk after a power cut: the file, and so much of the journal as had reached the platter."""
    folder.mkdir()
    target = folder / file.name
    shutil.copy(file, target)
    wal = file.with_name(file.name + "-wal")
    if wal.exists():
        target.with_name(target.name + "-wal").write_bytes(wal.read_bytes()[:wal_bytes])
    return target


def test_a_power_cut_that_takes_any_part_of_the_journal_leaves_whole_transactions(tmp_path: Path) -> None:
    world, hub = World(), World().hub()
    bund, file = at_a_file(tmp_path, world)
    link = DirectLink(hub, Credential("bund", "bund"))
    guests = [world.id() for _ in range(6)]
    for guest in guests:
        write(bund, guest, "create", name="李")
    sync_round(bund, link)
    size = file.with_name("bund.db-wal").stat().st_size
    kept = []

    for nth, part in enumerate([*range(0, size, size // 12), size]):
        left = Stand(f"sqlite:///{copied(file, tmp_path / str(nth), part)}", "bund", host=bund.host)
        with left.database.read() as connection:
            heads = checkpoints.heads(connection)
            assert [log.verify(connection, origin) for origin in heads] == [None] * len(heads)
            lines = bulk.run(connection, "SELECT count(*) FROM log")[0][0]
            assert lines == heads.get("bund.1", (0, ""))[0]
            assert bulk.run(connection, "SELECT count(*) FROM tea_house_guest")[0][0] == lines
        kept.append(lines)
        left.close()

    assert kept == sorted(kept)
    assert kept[-1] == len(guests), "with all of the journal nothing is lost"
    bund.database.close()


def test_a_disk_that_lost_what_it_had_acknowledged_gets_it_back_from_headquarters(tmp_path: Path) -> None:
    world = World()
    hub = world.hub()
    bund, file = at_a_file(tmp_path, world)
    link = DirectLink(hub, Credential("bund", "bund"))
    first, second = world.id(), world.id()
    write(bund, first, "create", name="李")
    sync_round(bund, link)
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    write(bund, second, "create", name="王")
    sync_round(bund, link)
    without = copied(file, tmp_path / "cut", 0)  # the journal never reached the platter
    bund.database.close()
    bund.database = Database(f"sqlite:///{without}")

    assert read(bund, second) == {}
    sync_round(bund, link)

    assert (read(bund, second)["name"], bund.identity.origin) == ("王", "bund.2")
    bund.database.close()


def test_a_journal_of_another_database_is_never_taken_for_ones_own(tmp_path: Path) -> None:
    world = World()
    bund, file = at_a_file(tmp_path, world)
    jingan = world.node("jingan", f"sqlite:///{tmp_path}/jingan.db")
    for nth in range(30):
        write(bund, world.id(), "create", name=f"李{nth}")
        write(jingan, world.id(), "create", name="客" * 500)
    bund.database.close()  # its journal is folded in; the other's is still open
    foreign = tmp_path / "jingan.db-wal"
    assert foreign.stat().st_size > 0
    shutil.copy(foreign, tmp_path / "bund.db-wal")
    jingan.database.close()

    with pytest.raises(StorageFault) as told:
        Database(f"sqlite:///{file}")

    assert told.value.problems[0].code == "storage-foreign-journal"
    (tmp_path / "bund.db-wal").unlink()
    again = Database(f"sqlite:///{file}")
    with again.read() as connection:
        assert bulk.run(connection, "SELECT count(*) FROM tea_house_guest") == [(30,)]
    again.close()


@pytest.mark.parametrize("how", ["unreadable", "another value"])
def test_a_flipped_bit_in_a_line_not_yet_sent_is_told_and_records_still_come_down(
    hub: Node, bund: Node, world: World, how: str
) -> None:
    def over_the_wire(_call: str, question: Any) -> Any:
        return decode(encode(question), type(question))

    link = DirectLink(hub, Credential("bund", "bund"), before=over_the_wire)
    guest, theirs = world.id(), world.id()
    write(bund, guest, "create", name="李")
    write(hub, theirs, "create", name="王")
    body = "{" if how == "unreadable" else '{"name":[null,"季"]}'
    with bund.database.write() as connection:
        bulk.run_only(connection, "UPDATE log SET body = ? WHERE seq = 1", body)

    with pytest.raises(LogDamaged, match="altered"):
        sync_round(bund, link)

    assert read(bund, theirs)["name"] == "王"
    assert read(hub, guest) == {}


def test_a_flipped_bit_in_what_is_kept_aside_holds_up_neither_merge_nor_feed(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"tier": "basic"})
    shops.settle()
    with shops.hub.database.write() as connection:
        bulk.run_only(connection, "UPDATE club_member SET _x = ? WHERE id = ?", '{"a', member)

    shops.east.update(MEMBER, member, tier="gold")
    shops.settle()

    assert {place.row(MEMBER, member)["tier"] for place in shops.places} == {"gold"}
