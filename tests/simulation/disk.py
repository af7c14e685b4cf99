"""A node's database as an outsider sees it: read with the database's own driver, sharing no code with the product."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg.rows import tuple_row

Cell = int | str | None
Row = dict[str, Cell]


class Disk(Protocol):
    """What a node has kept, whichever database it keeps it in."""

    node: str
    url: str

    def rows(self, sql: str, *values: Cell) -> list[Row]:
        """Return the rows of a query written with ``?`` for its parameters."""

    def log_since(self, place: int) -> list[Row]:
        """Return the lines of the log that came after ``place``, in the order in which they came."""

    def keep(self, file: Path) -> None:
        """Make a backup while the node works."""

    def put_back(self, file: Path) -> int | None:
        """Put a backup in the place of what is there; nobody has it open. Return the place (see ``log_since``) of its
        last line, if lines have other places now than when it was made."""

    def close(self) -> None:
        """Let go of it."""


class SqliteDisk:
    """A file."""

    def __init__(self, node: str, file: Path) -> None:
        self.node, self.file = node, file
        self.url = f"sqlite:///{file}"

    def rows(self, sql: str, *values: Cell) -> list[Row]:
        with closing(sqlite3.connect(self.file)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(sql, values)]

    def log_since(self, place: int) -> list[Row]:
        sql = "SELECT rowid AS place, origin, tx, pk, hlc FROM log WHERE rowid > ? ORDER BY rowid"
        return self.rows(sql, place)

    def keep(self, file: Path) -> None:
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE").fetchall()

    def put_back(self, file: Path) -> int | None:
        for ending in ("-wal", "-shm"):
            self.file.with_name(self.file.name + ending).unlink(missing_ok=True)
        shutil.copyfile(file, self.file)
        return None

    def close(self) -> None:
        """Nothing is held open."""


class PostgresDisk:
    """A schema of a PostgreSQL. One connection is kept: opening one costs more than a query."""

    def __init__(self, node: str, url: str) -> None:
        self.node, self.url = node, url
        self._connection: Any = None
        self._kept: dict[Path, str] = {}  # backups, each a schema of its own

    def rows(self, sql: str, *values: Cell) -> list[Row]:
        with self._line().cursor() as cursor:
            cursor.execute(sql.replace("?", "%s"), values)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def log_since(self, place: int) -> list[Row]:
        """Transactions are numbered in commit order, because there is one writer; one holds lines of one log."""
        sql = (
            "SELECT xmin::text::bigint AS place, origin, tx, pk, hlc FROM log"
            " WHERE xmin::text::bigint > ? ORDER BY 1, origin, seq"
        )
        return self.rows(sql, place)

    def keep(self, file: Path) -> None:
        """Copy every table inside the server, in one picture."""
        line = self._line()
        own = self._schema()
        kept = self._kept[file] = f"{own}_kept_{len(self._kept)}"
        with line.transaction():
            line.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            line.execute(f"CREATE SCHEMA {kept}")
            for name in self._tables(own):
                line.execute(f'CREATE UNLOGGED TABLE {kept}."{name}" AS TABLE {own}."{name}"')

    def put_back(self, file: Path) -> int | None:
        line, own, kept = self._line(), self._schema(), self._kept[file]
        with line.transaction():
            line.execute("SET LOCAL session_replication_role = replica")  # no trigger notes what comes back
            tables = ", ".join(f'{own}."{name}"' for name in self._tables(own))
            line.execute(f"TRUNCATE {tables}")
            for name in self._tables(kept):
                line.execute(f'INSERT INTO {own}."{name}" OVERRIDING SYSTEM VALUE SELECT * FROM {kept}."{name}"')
        return max((_place(row) for row in self.log_since(0)), default=0)  # all lines were written just now

    def close(self) -> None:
        if self._connection is not None:
            for kept in self._kept.values():
                self._connection.execute(f"DROP SCHEMA {kept} CASCADE")
            self._connection.close()

    def _line(self) -> Any:
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True, row_factory=tuple_row)
        return self._connection

    def _schema(self) -> str:
        return str(self._line().execute("SELECT current_schema()").fetchone()[0])

    def _tables(self, schema: str) -> list[str]:
        found = self._line().execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", (schema,))
        return [name for (name,) in found.fetchall()]


def _place(row: Row) -> int:
    place = row["place"]
    assert isinstance(place, int)
    return place


def disk_of(node: str, folder: Path, url: str | None = None) -> Disk:
    """Return the disk of a node: at ``url``, or else a file in ``folder``."""
    if url is None:
        return SqliteDisk(node, folder / f"{node}.db")
    kind, _, place = url.partition(":///")
    return SqliteDisk(node, Path(place)) if kind == "sqlite" else PostgresDisk(node, url)


def table(disk: Disk, name: str) -> dict[str, Row]:
    """Return the rows of a table by id, as any tool shows them."""
    return {str(row["id"]): row for row in disk.rows(f'SELECT * FROM "{name}"')}


def log_of(disk: Disk, node: str) -> list[Row]:
    """Return every column of every line of a node's log, in order."""
    return disk.rows("SELECT * FROM log WHERE origin LIKE ? ORDER BY origin, seq", f"{node}.%")


def number_of(disk: Disk, sql: str) -> int:
    """Return the one number a query gives, 0 for none."""
    for row in disk.rows(sql):
        (value,) = row.values()
        return int(value or 0)
    return 0
