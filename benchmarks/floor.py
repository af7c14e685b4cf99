"""The least that the guarantees cost: each line hashed after the one before, log and records written with indexes.

Nothing is around it: no frame, no check, no permission, nobody's stamp compared. It is measured in the same run as what
the product reaches, on the same rows, so that a goal that lies beyond it is seen to.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from core.model.change import GENESIS, Entry, canonical
from stores.changes import log
from stores.storage.database import WRITER

PIECE = 5_000  # lines in a transaction, as a frame has
PARAMETERS = 1_000  # of one statement
BESIDE = "beside"
_NEW = ("id", "_store", "_hs", "_life", "_at", "_by", "_m")
_MOVED = ("_hs", "_at", "_by", "_m")
TIMERS = ("type", "pk", "name", "due", "next_at", "stage", "fault")
Rows = list[tuple[Any, ...]]
Statement = Callable[[int], str]  # that writes so many rows


@dataclass(frozen=True, slots=True)
class Piece:
    """What is hashed and written in one transaction: a statement, for so many rows, with its rows after the other."""

    texts: list[bytes]
    writes: list[tuple[Statement, Rows]]


@dataclass(frozen=True, slots=True)
class Least:
    """Seconds on the wall clock and of the processor."""

    seconds: float
    processor: float

    def told(self, what: str, plain_s: float, plain_cpu: float) -> list[tuple[str, str]]:
        """Return the most that can be reached as a ratio to the plain table, which took so long."""
        clock, processor = f"{plain_s / self.seconds:.1%}", f"{plain_cpu / self.processor:.1%}"
        return [(f"the most that can be reached, {what}, by clock / processor", f"{clock} / {processor}")]


def before(database: Path, name: str = "floor") -> Path:
    """Return a copy of a database as it stands, to be written to beside it."""
    copy = database.with_name(f"{database.stem}-{name}.db")
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(copy)) as into:
        source.backup(into)
    return copy


def row_by_row(database: Path, copy: Path, lines: int = PIECE, *, beside: bool = False) -> Least:
    """Write what ``database`` has learnt since ``copy`` was made into the copy, so many lines in a transaction.

    ``beside`` writes what an action has to keep beside them: the record's timers as they stand, clock and head.
    """
    with closing(sqlite3.connect(database)) as source:
        pieces = list(_pieces(source, _heads(copy), lines, beside=beside))

    def write(into: sqlite3.Connection) -> None:
        previous = GENESIS
        for piece in pieces:
            into.execute("BEGIN IMMEDIATE")
            previous = hashed(previous, piece.texts)
            for statement, rows in piece.writes:
                _write(into, statement, rows)
            into.execute("COMMIT")

    return _measured(copy, write)


def set_wise(database: Path, copy: Path, tables: Sequence[str], *, with_log: bool = True) -> Least:
    """Write all that ``database`` holds in ``tables`` into the copy, out of a file, one statement a table.

    With the log, and the hash of each of its lines; without it, as a snapshot comes, whose indexes are made after the
    rows, which is the quickest way into an empty table, and which is noted for the search as a whole.
    """
    file, named = copy.with_name("floor-beside.db"), [*(["log"] if with_log else []), *tables]
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as source:
        texts = list(_texts(source)) if with_log else []
        source.execute(f"ATTACH ? AS {BESIDE}", (str(file),))
        for table in named:
            source.execute(f"CREATE TABLE {BESIDE}.{table} AS SELECT * FROM main.{table}")
        source.commit()

    def write(into: sqlite3.Connection) -> None:
        into.execute(f"ATTACH ? AS {BESIDE}", (str(file),))
        into.execute("BEGIN IMMEDIATE")
        hashed(GENESIS, texts)
        indexes = [] if with_log else _without_indexes(into, tables)
        for table in named:
            into.execute(f"INSERT OR FAIL INTO main.{table} SELECT * FROM {BESIDE}.{table}")
        for index in indexes:
            into.execute(index)
        into.execute("COMMIT")

    return _measured(copy, write)


def hashed(previous: str, texts: Sequence[bytes]) -> str:
    """Return the last hash of a chain of lines, given as the canonical texts of each."""
    for text in texts:
        previous = blake2b(previous.encode() + text, digest_size=16).hexdigest()
    return previous


def row_bytes(database: Path, table: str) -> int:
    """Return how many bytes a table takes with its key and no other index."""
    with closing(sqlite3.connect(database)) as connection:
        names = f"'{table}', 'sqlite_autoindex_{table}_1'"
        return int(connection.execute(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({names})").fetchone()[0])


def _write(into: sqlite3.Connection, statement: Statement, rows: Rows) -> None:
    """Insert or update all rows, some at a time, which is the quickest way into SQLite."""
    together = PARAMETERS // len(rows[0])
    whole = len(rows) - len(rows) % together
    for first in range(0, whole, together):
        into.execute(statement(together), tuple(chain.from_iterable(rows[first : first + together])))
    into.executemany(statement(1), rows[whole:])


def _measured(copy: Path, write: Callable[[sqlite3.Connection], None]) -> Least:
    """Measure a write with the settings of a node's writer, the way back from the write-ahead log included."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as into:
        for pragma in (*WRITER, "synchronous = FULL"):
            into.execute(f"PRAGMA {pragma}")
        start, own = time.perf_counter(), time.process_time()
        write(into)
        return Least(time.perf_counter() - start, time.process_time() - own)


def _without_indexes(into: sqlite3.Connection, tables: Sequence[str]) -> list[str]:
    """Drop indexes and triggers of empty tables; return the statements by which the indexes are made again."""
    marks = ", ".join("?" * len(tables))
    sql = (
        f"SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'table' AND tbl_name IN ({marks})"
    )
    found = into.execute(sql, tuple(tables)).fetchall()
    for kind, name, _ in found:
        into.execute(f"DROP {kind} {name}")
    return [made for kind, _, made in found if kind == "index"]


def _heads(copy: Path) -> dict[str, int]:
    with closing(sqlite3.connect(copy)) as connection:
        return dict(connection.execute("SELECT origin, max(seq) FROM log GROUP BY origin"))


def _texts(source: sqlite3.Connection) -> Iterator[bytes]:
    return (canonical(log.from_row(row)) for row in source.execute(f"{log.SELECT} ORDER BY origin, seq"))


def _pieces(source: sqlite3.Connection, heads: dict[str, int], lines: int, *, beside: bool = False) -> Iterator[Piece]:
    """Yield the lines after ``heads`` in the order in which they were written, with the records that they made."""
    rows = [row for row in source.execute(f"{log.SELECT} ORDER BY rowid") if row[1] > heads.get(row[0], 0)]
    insert = _insert("log", log.COLUMNS)
    for first in range(0, len(rows), lines):
        some = rows[first : first + lines]
        entries = [log.from_row(row) for row in some]
        about = sorted((entry.type, entry.kind, tuple(sorted(entry.body)), entry.pk) for entry in entries)
        writes = [
            _records(source, *what, [pk for *_, pk in group]) for what, group in groupby(about, lambda each: each[:3])
        ]
        kept = [*_timers(source, entries), _standing(entries[-1])] if beside else []
        yield Piece([canonical(entry) for entry in entries], [(insert, some), *writes, *kept])


def _timers(source: sqlite3.Connection, entries: Sequence[Entry]) -> Iterator[tuple[Statement, Rows]]:
    """Yield the statement, and its rows, by which the timers of some records are armed."""
    sql = f"SELECT {', '.join(TIMERS)} FROM timer WHERE type = ? AND pk = ?"
    rows = [row for entry in entries for row in source.execute(sql, (entry.type, entry.pk))]
    if rows:
        yield _insert("timer", TIMERS), rows


def _standing(last: Entry) -> tuple[Statement, Rows]:
    """Return the statement, and its rows, by which clock and head are kept."""
    sql = "INSERT INTO checkpoint (peer, stream, position, proof)"
    over = "ON CONFLICT (peer, stream) DO UPDATE SET position = excluded.position, proof = excluded.proof"
    rows: Rows = [("", "clock", last.hlc, None), (last.origin, "head", last.seq, last.hash)]
    return lambda count: f"{sql} VALUES {_marks(4, count)} {over}", rows


def _records(
    source: sqlite3.Connection, type_: str, kind: str, fields: tuple[str, ...], ids: list[str]
) -> tuple[Statement, Rows]:
    """Return the statement, and its rows, by which some lines made records, or changed ``fields`` of theirs."""
    table = type_.replace(".", "_")
    if kind == "create":
        names = (*_NEW, *fields)
        return _insert(table, names), _read(source, table, names, ids)
    moved = (*fields, *_MOVED)
    return _update(table, moved), _read(source, table, (*moved, "rowid"), ids)


def _insert(table: str, names: Sequence[str]) -> Statement:
    listed = ", ".join(f'"{name}"' for name in names)
    return lambda count: f"INSERT OR FAIL INTO {table} ({listed}) VALUES {_marks(len(names), count)}"


def _update(table: str, names: Sequence[str]) -> Statement:
    """Return the statement that changes rows where they lie; the last value of each is where."""
    settings = ", ".join(f'"{name}" = given.column{n}' for n, name in enumerate(names, start=1))
    key = f"{table}.rowid = given.column{len(names) + 1}"
    return lambda count: (
        f"UPDATE OR FAIL {table} SET {settings} FROM (VALUES {_marks(len(names) + 1, count)}) AS given WHERE {key}"
    )


def _marks(width: int, count: int) -> str:
    return ", ".join([f"({', '.join('?' * width)})"] * count)


def _read(source: sqlite3.Connection, table: str, names: Sequence[str], ids: list[str]) -> Rows:
    listed = ", ".join(f'"{name}"' for name in names)
    sql = f"SELECT {listed} FROM {table} WHERE id = ?"
    return [source.execute(sql, (id_,)).fetchone() for id_ in ids]
