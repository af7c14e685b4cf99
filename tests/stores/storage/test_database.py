"""One writer at a time, readers that see one picture, and schema changes that roll back."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import Column, Connection, MetaData, Table, event, select, text
from sqlalchemy.exc import DBAPIError

from core.model.errors import NodeError, Text
from stores.storage import bulk, driver
from stores.storage.columns import Chars
from stores.storage.database import READERS_KEPT, Busy, Database, StorageFault


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A node's database with one table of rooms."""
    made = Database(database_url)
    with made.write() as connection:
        connection.execute(text("CREATE TABLE room (name TEXT PRIMARY KEY, seats BIGINT)"))
    yield made
    made.close()


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/node.db")
    yield made
    made.close()


def rooms(connection: Connection) -> list[str]:
    return [name for (name,) in connection.execute(text("SELECT name FROM room ORDER BY name"))]


def add(connection: Connection, name: str) -> None:
    connection.execute(text("INSERT INTO room (name) VALUES (:name)"), {"name": name})


def test_what_a_write_block_did_is_there_afterwards(database: Database) -> None:
    with database.write() as connection:
        add(connection, "V8")

    with database.read() as connection:
        assert rooms(connection) == ["V8"]


def test_a_write_block_that_raises_leaves_nothing_not_even_a_table(database: Database) -> None:
    def half_done() -> None:
        with database.write() as connection:
            connection.execute(text("CREATE TABLE guest (name TEXT)"))
            add(connection, "V8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()

    with database.read() as connection:
        assert rooms(connection) == []
        assert not connection.dialect.has_table(connection, "guest")


def test_a_savepoint_rolls_back_alone(database: Database) -> None:
    def half_done(connection: Connection) -> None:
        with bulk.savepoint(connection):
            with bulk.savepoint(connection):
                add(connection, "V9")
            raise ZeroDivisionError

    with database.write() as connection:
        add(connection, "V7")
        with pytest.raises(ZeroDivisionError):
            half_done(connection)
        with pytest.raises(DBAPIError), bulk.savepoint(connection):
            connection.execute(text("INSERT INTO nowhere VALUES (1)"))
        with bulk.savepoint(connection):
            add(connection, "V8")

    with database.read() as connection:
        assert rooms(connection) == ["V7", "V8"]


def test_what_a_lost_connection_says_is_not_hidden_by_the_savepoint_that_went_with_it(database: Database) -> None:
    def cut(connection: Connection) -> None:
        with bulk.savepoint(connection):
            connection.invalidate()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), database.write() as connection:
        cut(connection)

    with database.write() as connection:
        add(connection, "V8")


def test_a_reader_is_not_blocked_and_keeps_its_picture_while_others_write(database: Database) -> None:
    with database.read() as before:
        assert rooms(before) == []
        with database.write() as connection:
            add(connection, "V8")
        assert rooms(before) == []

    with database.read() as after:
        assert rooms(after) == ["V8"]


def test_a_read_block_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.read() as connection:
        add(connection, "V8")


def test_threads_that_count_up_at_once_lose_no_count(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("INSERT INTO room VALUES ('V8', 0)"))

    def count() -> None:
        for _ in range(10):
            with database.write() as connection:
                seats = connection.execute(text("SELECT seats FROM room")).scalar_one()
                connection.execute(text("UPDATE room SET seats = :seats"), {"seats": seats + 1})

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as connection:
        assert connection.execute(text("SELECT seats FROM room")).scalar_one() == 40


def test_a_second_process_waits_for_the_lock_before_it_reads(database_url: str, database: Database) -> None:
    # Given another process, which has its own line of writers
    other = Database(database_url)
    seen: list[list[str]] = []
    looked = Event()

    def look() -> None:
        with other.write() as connection:
            seen.append(rooms(connection))
            looked.set()

    with database.write() as connection:
        thread = Thread(target=look)
        thread.start()
        assert not looked.wait(0.15)
        add(connection, "V8")
    thread.join()
    other.close()

    # Then it saw what the first one wrote
    assert seen == [["V8"]]


def test_a_connection_that_is_kept_after_its_block_writes_nothing(on_disk: Database) -> None:
    with on_disk.write() as connection:
        connection.execute(text("CREATE TABLE room (name TEXT)"))

    with pytest.raises(AssertionError, match="block"):
        add(connection, "V8")
    with pytest.raises(AssertionError, match="block"):
        bulk.run_only(connection, "INSERT INTO room (name) VALUES ('V8')")

    with on_disk.write() as again:
        assert rooms(again) == []


def test_the_writer_s_connection_stays_open_and_one_that_failed_is_looked_at_first(on_disk: Database) -> None:
    taken: list[object] = []
    event.listen(on_disk._writer, "checkout", lambda *told: taken.append(told))
    for _ in range(3):
        with on_disk.write():
            pass
    with pytest.raises(NodeError), on_disk.write():
        raise NodeError(())
    with on_disk.write():
        assert len(taken) == 1

    with pytest.raises(DBAPIError), on_disk.write() as connection:
        add(connection, "V8")
    with on_disk.write() as connection:
        connection.execute(text("CREATE TABLE room (name TEXT)"))
        add(connection, "V9")
    assert len(taken) == 2
    with on_disk.read() as connection:
        assert rooms(connection) == ["V9"]


def test_readers_connections_stay_open_but_for_one_that_failed_or_is_still_in_use(on_disk: Database) -> None:
    taken: list[object] = []
    event.listen(on_disk._reader, "checkout", lambda *told: taken.append(told))
    for _ in range(3):
        with on_disk.read():
            pass
    with pytest.raises(NodeError), on_disk.read():
        raise NodeError(())
    with on_disk.read(), on_disk.read():
        assert len(taken) == 2  # one for each of those who read at once
    with pytest.raises(DBAPIError), on_disk.read() as connection:
        add(connection, "V8")
    assert len(on_disk._idle) == 1

    with on_disk.read() as connection:
        pass
    connection.execute(text("SELECT 1"))  # after its block: nobody else may be given what it stands on
    with on_disk.write() as writer:
        writer.execute(text("CREATE TABLE room (name TEXT)"))
        add(writer, "V9")
    with on_disk.read() as again:
        assert again is not connection
        assert rooms(again) == ["V9"]
    assert len(taken) == 3


def test_of_many_readers_at_once_a_few_connections_stay_open_and_none_after_the_end(on_disk: Database) -> None:
    with ExitStack() as together:
        for _ in range(READERS_KEPT + 2):
            together.enter_context(on_disk.read())
    assert len(on_disk._idle) == READERS_KEPT

    with on_disk.read():
        on_disk.close()
    assert not on_disk._idle


def test_a_writer_of_another_process_that_never_ends_makes_it_busy_and_the_next_one_writes(
    on_disk: Database,
) -> None:
    with on_disk.write() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        connection.execute(text("CREATE TABLE room (name TEXT)"))
    other = Database(str(on_disk.url))

    with other.write(), pytest.raises(Busy), on_disk.write():
        pass
    with on_disk.write() as connection:
        add(connection, "V8")
    other.close()

    with on_disk.read() as connection:
        assert rooms(connection) == ["V8"]


def test_text_sorts_byte_by_byte_on_every_database(database: Database) -> None:
    guests = Table("guest", MetaData(), Column("name", Chars))
    names = ["b", "陈", "A", "a", "B", "张", "_"]
    with database.write() as connection:
        guests.create(connection)
        connection.execute(guests.insert(), [{"name": name} for name in names])

    with database.read() as connection:
        assert list(connection.execute(select(guests.c.name).order_by(guests.c.name)).scalars()) == sorted(names)


def test_a_shop_on_sqlite_loses_no_acknowledged_booking_in_a_power_cut(on_disk: Database) -> None:
    with on_disk.write() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]

    assert pragmas == ["wal", 2, 1]  # 2 is FULL


def test_a_writer_that_never_ends_makes_others_say_busy(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/node.db", write_wait_s_max=0.05)
    refused: list[NodeError] = []

    def write() -> None:
        try:
            with database.write():
                pass
        except Busy as error:
            refused.append(error)

    with database.write():
        thread = Thread(target=write)
        thread.start()
        thread.join()
    database.close()

    assert [error.problems[0].code for error in refused] == ["node-busy"]


def test_writing_inside_a_write_is_our_mistake_and_found_at_once(on_disk: Database) -> None:
    with on_disk.write(), pytest.raises(AssertionError, match="already holds"), on_disk.write():
        pass


def test_a_rehearsal_in_memory_keeps_its_tables_between_transactions_and_threads() -> None:
    database = Database("sqlite:///:memory:")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE room (name TEXT)"))
        add(connection, "V8")
    found: list[list[str]] = []

    def look() -> None:
        with database.read() as connection:
            found.append(rooms(connection))

    thread = Thread(target=look)
    thread.start()
    thread.join()
    database.close()

    assert found == [["V8"]]


def test_two_rehearsals_in_memory_do_not_see_each_other() -> None:
    first, second = Database("sqlite:///:memory:"), Database("sqlite:///:memory:")
    with first.write() as connection:
        connection.execute(text("CREATE TABLE room (name TEXT)"))

    with second.read() as connection:
        assert not connection.dialect.has_table(connection, "room")
    first.close()
    second.close()


def test_a_database_of_another_make_is_refused_in_words() -> None:
    with pytest.raises(NodeError, match="mysql") as refusal:
        Database("mysql://localhost/node")
    assert refusal.value.problems[0].code == "database-unknown"


def test_a_file_that_is_no_database_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / "node.db").write_bytes(b"this was a booking list once" * 100)
    database = Database(f"sqlite:///{tmp_path}/node.db")

    with pytest.raises(NodeError) as refusal, database.write():
        pass
    database.close()

    problem = refusal.value.problems[0]
    assert (problem.code, problem.what.zh) == ("storage-fault", "本机数据库已损坏")
    assert "branchline restore" in str(problem.fix)


def test_a_disk_that_is_full_is_told_in_both_languages_and_not_in_sqlites(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/node.db")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE guest (name TEXT)")
        connection.exec_driver_sql("PRAGMA max_page_count = 2")

    with pytest.raises(StorageFault) as refusal, database.write() as connection:
        connection.exec_driver_sql("INSERT INTO guest VALUES (zeroblob(100000))")
    database.close()

    (problem,) = refusal.value.problems
    assert problem.what == Text("the disk of this node is full; nothing was saved", "本机磁盘已满，本次未保存")


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_a_new_database_is_read_by_its_own_user_only(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE guest (name TEXT)"))

    rights = {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir()}

    assert rights.keys() >= {"shop.db", "shop.db-wal"}
    assert set(rights.values()) == {0}
    database.close()


def test_who_is_stuck_inside_its_turn_loses_it_and_what_it_wrote(database: Database) -> None:
    entered, released, ends = Event(), Event(), list[NodeError]()

    def sticks() -> None:
        try:
            with database.write() as connection:
                add(connection, "V1")
                entered.set()
                released.wait(10)
                add(connection, "V2")
        except NodeError as error:
            ends.append(error)

    thread = Thread(target=sticks)
    thread.start()
    entered.wait(10)
    assert thread.ident is not None

    assert database.take_away(thread.ident)
    with database.write() as connection:
        add(connection, "V3")
    assert not database.take_away(thread.ident)

    released.set()
    thread.join(10)
    assert [type(each) for each in ends] == [Busy]
    with database.write() as connection:
        add(connection, "V4")
    with database.read() as connection:
        assert rooms(connection) == ["V3", "V4"]


def test_a_disk_that_fails_while_the_log_is_carried_over_is_told_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{tmp_path}/node.db")
    with database.write() as connection:
        connection.execute(text("CREATE TABLE room (name TEXT)"))
    real = driver.raw

    class Failing:
        def execute(self, *_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(driver, "raw", lambda _: Failing())
    with pytest.raises(StorageFault):
        database.carry_over()

    monkeypatch.setattr(driver, "raw", real)
    database.carry_over()
    database.close()
