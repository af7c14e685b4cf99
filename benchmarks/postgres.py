"""Headquarters on PostgreSQL: the first merge against COPY into the same tables, updates against ON CONFLICT."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, text

from benchmarks import joined, workbench
from stores.storage import bulk

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
            copied = _copy_seconds(url)
            joined.fetch(branch)
            joined.update(branch, joined.ids(branch), "更正")
            updates = joined.send(branch)
            upserted = _upsert_seconds(url)
        branch.database.close()
    return [
        (f"records per second, first merge of {count:,} over HTTP into PostgreSQL", f"{count / first.seconds:,.0f}"),
        ("COPY of the same rows of log and records into the same tables per second", f"{count / copied:,.0f}"),
        ("ratio", f"{copied / first.seconds:.1%}"),
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
