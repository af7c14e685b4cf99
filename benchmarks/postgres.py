"""Headquarters on PostgreSQL: the first merge against COPY into the same tables, updates against ON CONFLICT."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import Column, Connection, MetaData, Table, create_engine, text

from benchmarks import floor, joined, workbench
from core.model.change import GENESIS, canonical
from stores.changes import log
from stores.storage import bulk
from stores.storage.columns import Chars, Whole

VARIABLE = "BRANCHLINE_BENCH_POSTGRES"
SCHEMA = "branchline_bench"
COPIED = ("log", "parcels_parcel")


def run(count: int) -> list[tuple[str, str]]:
    """Let a branch send ``count`` records, then as many updates, to a headquarters on PostgreSQL."""
    address = os.environ.get(VARIABLE)
    if not address:
        return [(f"not measured: set {VARIABLE} to postgresql://… of a server to be tried", "")]
    with workbench.folder() as path, _schema(address) as url:
        branch = workbench.open_node(path, joined.STORE, joined.NOWHERE)
        joined.fill(branch, 0, count)
        with joined.serving(path, [branch], url):
            first = joined.send(branch)
            copied, least = _copy_seconds(url), _least_seconds(url)
            joined.fetch(branch)
            joined.update(branch, joined.ids(branch), "更正")
            updates = joined.send(branch)
            upserted = _upsert_seconds(url)
        branch.database.close()
    return [
        (f"records per second, first merge of {count:,} over HTTP into PostgreSQL", f"{count / first.seconds:,.0f}"),
        ("COPY of the same rows of log and records into the same tables per second", f"{count / copied:,.0f}"),
        ("ratio", f"{copied / first.seconds:.1%}"),
        ("the most that can be reached, with the hash of each line, frame by frame", f"{copied / least:.1%}"),
        (f"updates per second, {count:,} of one or two fields", f"{count / updates.seconds:,.0f}"),
        ("INSERT … ON CONFLICT DO UPDATE of the same records per second", f"{count / upserted:,.0f}"),
        ("ratio", f"{upserted / updates.seconds:.1%}"),
    ]


@contextmanager
def _schema(address: str) -> Iterator[str]:
    """Make an empty schema, as good as a database of its own, and drop it at the end."""
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1), isolation_level="AUTOCOMMIT")
    joint = "&" if "?" in address else "?"
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    try:
        yield f"{address}{joint}options={quote(f'-csearch_path={SCHEMA}')}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP SCHEMA {SCHEMA} CASCADE"))
        engine.dispose()


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _copy_seconds(url: str) -> float:
    """Return how long COPY takes for what the merge has written, into tables with the same columns and indexes."""
    spent = 0.0
    for table in COPIED:
        with _connected(url) as connection:
            connection.execute(text(f"CREATE TABLE copy_of_{table} (LIKE {table} INCLUDING ALL)"))
            with _driver(connection).cursor().copy(f"COPY {table} TO STDOUT") as out:
                told = b"".join(out)
        spent += workbench.seconds(lambda table=table, told=told: _copy(url, f"copy_of_{table}", told))  # type: ignore[misc]
    return spent


def _copy(url: str, table: str, told: bytes) -> None:
    with _connected(url) as connection, _driver(connection).cursor().copy(f"COPY {table} FROM STDIN") as into:
        into.write(told)


def _least_seconds(url: str) -> float:
    """Return how long the same takes with the hash of each line, in transactions as large as a frame, row by row.

    Beside the tables that have just been copied: that is the most that can be reached.
    """
    with _connected(url) as connection:
        for table in COPIED:
            connection.execute(text(f"TRUNCATE copy_of_{table}"))
        told = "REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_unread('parcels.parcel')"
        connection.execute(text(f"CREATE TRIGGER noted AFTER INSERT ON copy_of_{COPIED[1]} {told}"))
        lines = bulk.run(connection, f"{log.SELECT} ORDER BY origin, seq")
        columns = [name for (name,) in bulk.run(connection, _COLUMNS)]
        records = bulk.run(
            connection, f"SELECT {', '.join(map(bulk.quoted, columns))} FROM parcels_parcel ORDER BY _hs"
        )
        copies = [_copied(connection, table) for table in COPIED]
    texts = [canonical(log.from_row(line)) for line in lines]

    def write() -> None:
        previous = GENESIS
        for first in range(0, len(lines), floor.PIECE):
            piece = slice(first, first + floor.PIECE)
            previous = floor.hashed(previous, texts[piece])
            bulk.insert(connection, copies[0], log.COLUMNS, lines[piece])
            bulk.insert(connection, copies[1], columns, records[piece])
            connection.commit()

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.connect() as connection:
        spent = workbench.seconds(write)
    engine.dispose()
    return spent


def _copied(connection: Connection, table: str) -> Table:
    """Return the copy of a table as the node's own statements know tables."""
    rows = bulk.run(connection, _TYPES, f"copy_of_{table}")
    columns = [Column(name, Whole if kind == "bigint" else Chars) for name, kind in rows]
    return Table(f"copy_of_{table}", MetaData(), *columns)


def _upsert_seconds(url: str) -> float:
    """Return how long it takes to write all records over themselves, one executemany in one transaction."""
    with _connected(url) as connection:
        columns = [name for (name,) in bulk.run(connection, _COLUMNS)]
        rows = bulk.run(connection, f"SELECT {', '.join(map(bulk.quoted, columns))} FROM parcels_parcel")
        into = ", ".join(f"{bulk.quoted(name)} = excluded.{bulk.quoted(name)}" for name in columns if name != "id")
        listed, marks = ", ".join(map(bulk.quoted, columns)), ", ".join("%s" for _ in columns)
        sql = f"INSERT INTO parcels_parcel ({listed}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {into}"
        return workbench.seconds(lambda: _driver(connection).cursor().executemany(sql, rows))


_COLUMNS = "SELECT column_name FROM information_schema.columns WHERE table_name = 'parcels_parcel' AND table_schema = current_schema()"  # noqa: E501 - SQL
_TYPES = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = ? AND table_schema = current_schema() ORDER BY ordinal_position"  # noqa: E501 - SQL
