"""Straight to the driver: what goes wrong is told as before, and nobody who listens misses a statement."""

from __future__ import annotations

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from stores.storage import bulk
from stores.storage.database import Database
from stores.storage.driver import driver_of
from stores.storage.system import NODE_STATE

PHONE = "13800001234"


@pytest.fixture
def file(tmp_path: object) -> Database:
    database = Database(f"sqlite:///{tmp_path}/node.db")
    with database.write() as connection:
        NODE_STATE.create(connection)
    return database


def test_a_statement_goes_straight_to_sqlite_and_through_sqlalchemy_to_postgresql(database: Database) -> None:
    with database.read() as connection:
        assert (driver_of(connection) is not None) is (database.dialect == "sqlite")


def test_what_the_database_refuses_is_raised_as_everywhere_and_tells_no_values(file: Database) -> None:
    with pytest.raises(IntegrityError) as once, file.write() as connection:
        bulk.insert(connection, NODE_STATE, ("key", "value"), [("a", PHONE), ("a", PHONE)])
    with pytest.raises(OperationalError) as twice, file.write() as connection:
        bulk.run(connection, "SELECT nothing FROM nowhere WHERE key = ?", PHONE)

    assert "UNIQUE constraint failed" in str(once.value)
    assert PHONE not in str(once.value) + str(twice.value)
    with file.read() as connection:  # and nothing of it is there
        assert bulk.run(connection, "SELECT count(*) FROM node_state") == [(0,)]


def test_who_listens_hears_every_statement(file: Database) -> None:
    said: list[str] = []
    event.listen(file._writer, "before_cursor_execute", lambda _c, _k, sql, *_: said.append(sql.split()[0]))

    with file.write() as connection:
        bulk.run_only(connection, "INSERT INTO node_state VALUES (?, ?)", "a", "1")
        bulk.run(connection, "SELECT value FROM node_state")

    assert said == ["BEGIN", "INSERT", "SELECT"]


def test_many_rows_go_in_at_once_and_a_refusal_is_the_same_on_both_databases(database: Database) -> None:
    odd = ["tab\there", "line\nbreak", "back\\slash", "\\N", "", "酒水", "\\."]
    rows = [(f"{n:03}", odd[n % len(odd)]) for n in range(200)]
    with database.write() as connection:
        NODE_STATE.create(connection)
        bulk.insert(connection, NODE_STATE, ("key", "value"), rows)

    with pytest.raises(IntegrityError) as again, database.write() as connection:
        bulk.insert(connection, NODE_STATE, ("key", "value"), [(key, PHONE) for key, _ in rows])

    assert PHONE not in str(again.value)
    with database.read() as connection:
        assert bulk.run(connection, "SELECT key, value FROM node_state ORDER BY key") == rows


@pytest.mark.parametrize(
    "fresh_url", ["postgresql"], indirect=True
)  # SQLite has no COPY, and takes a value of any type
def test_a_value_of_another_type_is_refused_by_copy_as_by_any_statement(database: Database) -> None:
    with database.write() as connection:
        NODE_STATE.create(connection)
    rows: list[tuple[object, object]] = [(f"{n:03}", PHONE) for n in range(99)]

    with pytest.raises(DataError) as told, database.write() as connection:
        bulk.insert(connection, NODE_STATE, ("key", "value"), [*rows, ("x", 7)])
    with pytest.raises(DataError), database.write() as connection:
        bulk.insert(connection, NODE_STATE, ("key", "value"), [*rows, ("x", "a\0b")])

    assert PHONE not in str(told.value)
    with database.write() as connection:
        bulk.insert(connection, NODE_STATE, ("key", "value"), rows)
        assert bulk.run(connection, "SELECT count(*) FROM node_state") == [(99,)]
