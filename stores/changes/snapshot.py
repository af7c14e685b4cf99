"""Everything a store holds, as one SQLite file: how a new PC gets a year of records in seconds.

Headquarters copies the rows at one place of its order into the file, set by set; the branch attaches the file and takes
them over set by set. What has changed since comes by the feed, which goes on at that place.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from itertools import islice
from pathlib import Path

from sqlalchemy.schema import CreateIndex, DropIndex

from core.language.definition import RecordType
from core.model.clock import iso
from core.model.errors import NodeError, Problem, Text
from core.model.values import canonical_json, read_json
from stores.changes import apply, log
from stores.changes.feed import StateRow, held_by, leaving
from stores.node import Node
from stores.storage import bulk, checkpoints, counters, state, words
from stores.storage.database import Connection

FIXED = ("id", "_store", "_life", "_hs", "_at", "_by", "_m", "_x")
BESIDE = "beside"  # the name under which the other file is attached
UNARMED = "snapshot.unarmed"  # node_state, JSON: [type, last id] of loaded records whose timers are still to be armed
PAGE_ROWS = 5_000
DIGEST_BYTES = 32  # of the hash of a file
_INDEXED_APART = 5_000  # rows from which it pays to build the indexes of a table after the rows


class BadSnapshot(NodeError):
    """The file is no snapshot of this chain; nothing was taken over."""

    status = 502


@dataclass(frozen=True, slots=True)
class About:
    """What a snapshot holds: everything up to place ``at`` of the hub's order in ``epoch``, ``applied`` lines of the
    asker's log among it. ``hlc`` is the hub's clock, ``plugins`` are its plugins: name -> [version, digest]."""

    at: int
    epoch: str
    applied: int
    hlc: int
    plugins: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was taken over: rows in all, the types that came set by set, and the records put down one by one."""

    rows: int
    types: tuple[str, ...]
    touched: tuple[tuple[str, str], ...]


def make(node: Node, store: str, origin: str, epoch: str, file: Path) -> About:
    """Write what ``store`` holds into a new ``file``, as of one place of the order, while others work; say what it is.

    ``origin`` is the asker's log. A row that moves on to a later place while the file is written is not in it: the feed
    brings it. A headquarters on SQLite copies set by set, another one row by row.
    """
    with suppress(FileNotFoundError):
        file.unlink()
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(file, isolation_level=None, uri=True)) as out:
        out.execute("PRAGMA journal_mode = OFF").fetchall()
        out.execute("PRAGMA synchronous = OFF")
        if node.database.folder is not None:
            out.execute("ATTACH ? AS hub", (f"{Path(str(node.database.url.database)).resolve().as_uri()}?mode=ro",))
        with node.database.read() as connection:
            out.execute("BEGIN")
            about = About(
                counters.hub_sequence(connection),
                epoch,
                checkpoints.head(connection, origin)[0],
                counters.clock_stamp(connection),
                {each.name: (each.version, each.digest) for each in node.catalog.plugins.values()},
            )
            out.execute("CREATE TABLE about (told)")
            told = {name: getattr(about, name) for name in About.__dataclass_fields__}
            out.execute("INSERT INTO about VALUES (?)", (canonical_json(told),))
            out.execute("CREATE TABLE types (key, name)")
            for record in node.catalog.records.values():
                _copy(connection, out, record, store, about.at, by_set=node.database.folder is not None)
            out.execute("COMMIT")
    return about


def digest_of(file: Path) -> str:
    """Return the BLAKE2b of a file; both sides of a first load must come to the same."""
    with file.open("rb") as opened:
        return file_digest(opened, lambda: blake2b(digest_size=DIGEST_BYTES)).hexdigest()


def _copy(
    connection: Connection, out: sqlite3.Connection, record: RecordType, store: str, at: int, *, by_set: bool
) -> None:
    names = (*FIXED, *leaving(record))
    columns, table = ", ".join(map(bulk.quoted, names)), bulk.quoted(record.table)
    out.execute(f"CREATE TABLE main.{table} ({columns})")
    insert = f"INSERT INTO main.{table} "
    for test, owner in held_by(record, store):
        what = f'WHERE {test}"_hs" > 0 AND "_hs" <= ?'
        if by_set:
            out.execute(f"{insert} SELECT {columns} FROM hub.{table} {what}", (*owner, at))  # noqa: S608 - our names
        else:
            rows = bulk.each(connection, f"SELECT {columns} FROM {table} {what}", *owner, at)  # noqa: S608 - our names
            out.executemany(f"{insert} VALUES ({', '.join('?' * len(names))})", rows)
    if out.execute(f"SELECT 1 FROM main.{table} LIMIT 1").fetchone():  # noqa: S608 - our names
        out.execute("INSERT INTO types VALUES (?, ?)", (record.key, record.table))
    else:
        out.execute(f"DROP TABLE main.{table}")


def load(node: Node, file: Path, seal: str) -> Loaded | None:
    """Take a snapshot over in one transaction; None when this node has read something of the feed already.

    Types of a plugin that both run in one version go set by set into tables that are empty; the rest is put down row by
    row, as the feed would. ``seal`` is the hub's for the place it is of. Raises ``BadSnapshot``.
    """
    about = _about(file)
    with node.database.write_beside(file, BESIDE) as connection:
        known = checkpoints.epoch(connection) == about.epoch
        if not known or not is_new(connection, node) or log.unsent(connection)[0]:
            return None
        rows, sets, touched = 0, list[str](), list[tuple[str, str]]()
        for key, name in bulk.run(connection, f"SELECT key, name FROM {BESIDE}.types"):  # noqa: S608 - our names
            record = node.catalog.records.get(key)
            if record is not None and _fits(connection, node, record, about):
                rows += _take_over(connection, node, record)
                sets.append(key)
            else:
                versions = {plugin: version for plugin, (version, _) in about.plugins.items()}
                for page in _pages(connection, key, str(name)):
                    report = apply.apply_rows(connection, node, page, applied=about.applied, versions=versions)
                    touched += report.touched
                    rows += len(page)
        checkpoints.ack(connection, node.identity.origin, about.applied, iso(node.now()))
        checkpoints.move_pulled(connection, about.at, at=iso(node.now()))
        checkpoints.keep_seal(connection, about.at, seal)
        apply.apply_rows(connection, node, [], hlc=about.hlc)
        timed = [key for key in sets if node.catalog.records[key].timers]
        state.put(connection, UNARMED, canonical_json([[key, ""] for key in timed]) if timed else None)
    return Loaded(rows, tuple(sets), tuple(touched))


def is_new(connection: Connection, node: Node) -> bool:
    """Say whether this node has never got a record from headquarters. One that has goes on by the feed, page by page:
    to take everything over in one transaction would keep a desk waiting that works already."""
    return checkpoints.pulled(connection) == 0 and not any(
        bulk.run(connection, f'SELECT 1 FROM {bulk.quoted(table.name)} WHERE "_hs" > 0 LIMIT 1')  # noqa: S608 - our names
        for _, table in node.tables
    )


def has_unarmed(connection: Connection) -> bool:
    """Say whether timers of loaded records are still to be armed."""
    return state.get(connection, UNARMED) is not None


def next_unarmed(connection: Connection, node: Node, limit: int = PAGE_ROWS) -> list[tuple[str, str]]:
    """Return the next loaded records whose timers are to be armed, and move on, in the caller's write transaction."""
    left = read_json(state.get(connection, UNARMED) or "[]")
    found: list[tuple[str, str]] = []
    while left and not found:
        type_, last = left[0]
        record = node.catalog.records.get(type_)
        ids = _living_after(connection, record, last, limit) if record is not None else []
        found = [(type_, id_) for id_ in ids]
        left = [[type_, ids[-1]], *left[1:]] if ids else left[1:]
    state.put(connection, UNARMED, canonical_json(left) if left else None)
    return found


def _living_after(connection: Connection, record: RecordType, last: str, limit: int) -> list[str]:
    sql = f'SELECT id FROM {bulk.quoted(record.table)} WHERE id > ? AND ("_life" & 1) = 1 ORDER BY id LIMIT ?'  # noqa: S608 - our names
    return [id_ for (id_,) in bulk.run(connection, sql, last, limit)]


def _about(file: Path) -> About:
    """Look into the file before anything is done with it: it came over the network."""
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as read:
            strange = read.execute("SELECT count(*) FROM sqlite_master WHERE type <> 'table'").fetchone()[0]
            told = read_json(read.execute("SELECT told FROM about").fetchone()[0])
        about = About(**{**told, "plugins": {name: tuple(each) for name, each in told["plugins"].items()}})
    except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
        raise _bad("it is not one", "格式不符") from error
    if strange:
        raise _bad("it holds more than rows", "含有数据以外的内容")
    return about


def _fits(connection: Connection, node: Node, record: RecordType, about: About) -> bool:
    """Say whether a type can be taken over as a set: same plugin on both sides, same columns, nothing here yet."""
    plugin = node.catalog.plugins.get(record.plugin)
    if plugin is None or about.plugins.get(record.plugin) != (plugin.version, plugin.digest):
        return False
    table = bulk.quoted(record.table)
    sent = set(_columns(connection, record.table))
    here = bulk.run(connection, f"SELECT 1 FROM main.{table} LIMIT 1")  # noqa: S608 - our names
    return not here and sent == {*FIXED, *leaving(record)}


def _take_over(connection: Connection, node: Node, record: RecordType) -> int:
    """Copy one table; a large one gets its indexes, and its notes for the search, afterwards: several times quicker."""
    table, columns = bulk.quoted(record.table), ", ".join(map(bulk.quoted, (*FIXED, *leaving(record))))
    count = int(bulk.run(connection, f"SELECT count(*) FROM {BESIDE}.{table}")[0][0])  # noqa: S608 - our names
    indexes = sorted(node.table(record).indexes, key=lambda each: str(each.name)) if count > _INDEXED_APART else []
    for index in indexes:
        connection.execute(DropIndex(index))
    sql = f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM {BESIDE}.{table}"  # noqa: S608 - our names
    with words.filling(connection, record, node.table(record)) if indexes else nullcontext():
        bulk.run_only(connection, sql)
    for index in indexes:
        connection.execute(CreateIndex(index))
    return count


def _pages(connection: Connection, key: str, name: str) -> Iterator[Sequence[StateRow]]:
    """Yield the rows of a type as the feed would bring them."""
    names = _columns(connection, name)[len(FIXED) :]
    rows = bulk.each(connection, f"SELECT * FROM {BESIDE}.{bulk.quoted(name)}")  # noqa: S608 - our names
    while page := list(islice(rows, PAGE_ROWS)):
        yield [
            StateRow(key, id_, store, life, hs, at, by, m or "", dict(zip(names, cells, strict=True)), x)
            for id_, store, life, hs, at, by, m, x, *cells in page
        ]


def _columns(connection: Connection, name: str) -> list[str]:
    rows = bulk.run(connection, "SELECT name FROM pragma_table_info(?, ?) ORDER BY cid", name, BESIDE)
    return [column for (column,) in rows]


def _bad(en: str, zh: str) -> BadSnapshot:
    what = Text(f"this snapshot cannot be used: {en}", f"快照不可用：{zh}")
    return BadSnapshot((Problem("bad-snapshot", what, fix=Text("it is fetched again", "将重新获取")),))
