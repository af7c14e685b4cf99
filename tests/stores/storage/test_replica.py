"""Reports are read from a streaming replica of headquarters' PostgreSQL, and from the database when it is no use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.model.errors import NodeError
from stores.storage import bulk, replica
from stores.storage.database import Database
from tests.conftest import NoPostgres, PostgresServer, private_server, replica_of

IS_REPLICA = "SELECT pg_is_in_recovery()"
NOWHERE = "postgresql://postgres@/postgres?host=%2Fnowhere"


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A PostgreSQL server and one that streams from it."""
    try:
        with private_server() as original:
            with closing(Database(original.url)) as made, made.write() as connection:
                connection.execute(text("CREATE TABLE node_state (key text PRIMARY KEY, value text)"))
            with replica_of(original) as copy:
                yield original, copy
    except NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture
def database(servers: tuple[PostgresServer, PostgresServer]) -> Iterator[Database]:
    """Headquarters' database at its first place; the replica has caught up."""
    original, copy = servers
    with closing(Database(original.url, replica=copy.url)) as made:
        _move(made, 1)
        _await_place(copy, 1)
        yield made


def _move(database: Database, place: int) -> None:
    with database.write() as connection:
        bulk.run_only(connection, "DELETE FROM node_state")
        bulk.run_only(connection, "INSERT INTO node_state (key, value) VALUES ('hs', ?)", str(place))


def _await_place(copy: PostgresServer, place: int) -> None:
    with closing(Database(copy.url)) as there:
        for _ in range(500):
            with there.read() as connection:
                if bulk.run(connection, "SELECT value FROM node_state WHERE key = 'hs'") == [(str(place),)]:
                    return
            time.sleep(0.01)
    raise AssertionError("the replica does not follow")


def _is_replica(database: Database) -> bool:
    with database.survey() as connection:
        return bool(bulk.run(connection, IS_REPLICA)[0][0])


def test_what_reads_much_reads_from_the_replica_and_nothing_else_does(database: Database) -> None:
    assert _is_replica(database)
    with database.read() as connection:
        assert bulk.run(connection, IS_REPLICA) == [(False,)]


def test_it_cannot_write_there(database: Database) -> None:
    with pytest.raises(Exception, match="read-only"), database.survey() as connection:
        bulk.run_only(connection, "DELETE FROM node_state")


def test_a_replica_that_is_behind_is_passed_over_until_it_has_caught_up(
    database: Database,
    servers: tuple[PostgresServer, PostgresServer],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(replica, "LAG_MAX", timedelta(0))
    with closing(Database(servers[1].url)) as there, there.read() as connection:
        bulk.run(connection, "SELECT pg_wal_replay_pause()")
    _move(database, 2)

    assert not _is_replica(database)
    assert "the replica is behind" in caplog.text

    with closing(Database(servers[1].url)) as there, there.read() as connection:
        bulk.run(connection, "SELECT pg_wal_replay_resume()")
    _await_place(servers[1], 2)
    assert _is_replica(database)


def test_a_replica_that_is_away_delays_nobody(
    servers: tuple[PostgresServer, PostgresServer], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Database(servers[0].url, replica=NOWHERE)) as alone:
        assert not _is_replica(alone)
    assert "the replica does not answer" in caplog.text


def test_a_database_that_is_no_replica_of_this_one_is_passed_over(
    servers: tuple[PostgresServer, PostgresServer], database: Database
) -> None:
    with database.write() as connection:
        connection.execute(text("CREATE SCHEMA IF NOT EXISTS elsewhere"))
        connection.execute(text("CREATE TABLE IF NOT EXISTS elsewhere.node_state (key text, value text)"))
    elsewhere = f"{servers[0].url}&options=-csearch_path%3Delsewhere"

    with closing(Database(servers[0].url, replica=elsewhere)) as wrong, wrong.survey() as connection:
        assert bulk.run(connection, "SELECT value FROM node_state") == [("1",)]


@pytest.mark.parametrize("url", ["sqlite:///:memory:", NOWHERE])
def test_only_postgresql_has_replicas_of_its_own_kind(url: str) -> None:
    other = NOWHERE if url.startswith("sqlite") else "sqlite:///:memory:"

    with pytest.raises(NodeError, match="only a PostgreSQL database has a replica"):
        Database(url, replica=other)
