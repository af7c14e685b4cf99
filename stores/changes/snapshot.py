"""Everything a store holds, in pieces that are SQLite databases: how a new PC gets a year of records in seconds.

Headquarters copies some thousand rows into a database in memory, set by set, and keeps nothing of it: each piece says
where the next one begins. All are of one place of its order. What has moved on from there when its piece is made is
left out: the feed brings it, which goes on at that place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from core.language.definition import RecordType
from core.model.errors import NodeError
from core.model.values import canonical_json
from stores.changes.feed import held_by, leaving
from stores.node import Node
from stores.storage import bulk, checkpoints, counters
from stores.storage.database import Connection

FIXED = ("id", "_store", "_life", "_hs", "_at", "_by", "_m", "_x")
PIECE_ROWS = 10_000
PIECE_BYTES = 4 << 20  # a piece that has become so large is ended
FIRST_ROWS = 100  # of a type, before it is known how large its rows are
IMAGE_BYTES_MAX = 7 << 20  # of a piece as it turns out: if later rows are larger than the first, it is made smaller

_DIGEST_BYTES = 32

Behind = tuple[int, str, str]  # where a piece ends: which owner's rows of which type, and the last id


class BadSnapshot(NodeError):
    """This is no piece of a snapshot of this chain; nothing was taken over."""

    status = 502


@dataclass(frozen=True, slots=True)
class About:
    """What a piece is of: all that ``store`` holds up to place ``at`` of the hub's order in ``epoch``, ``applied``
    lines of the asker's log among it. ``hlc`` is the hub's clock, ``plugins`` are its plugins: name -> (version,
    digest)."""

    store: str
    at: int
    epoch: str
    applied: int
    hlc: int
    plugins: dict[str, tuple[str, str]]


def about(connection: Connection, node: Node, store: str, origin: str, epoch: str) -> About:
    """Return what a snapshot for ``store`` would be of that is begun now; ``origin`` is the asker's log."""
    return About(
        store,
        counters.hub_sequence(connection),
        epoch,
        checkpoints.head(connection, origin)[0],
        counters.clock_stamp(connection),
        {each.name: (each.version, each.digest) for each in node.catalog.plugins.values()},
    )


def piece(connection: Connection, node: Node, told: About, after: Behind | None = None) -> tuple[bytes, Behind | None]:
    """Return the next rows as the image of a database, and where they end: None when these are the last.

    They are told apart by type, owner and id, which nothing moves. A headquarters on SQLite copies set by set, another
    one row by row.
    """
    rows = PIECE_ROWS
    image, end = _filled(connection, node, told, after, rows)
    while len(image) > IMAGE_BYTES_MAX and rows > 1:
        rows = max(1, rows // 8)
        image, end = _filled(connection, node, told, after, rows)
    return image, end


def _filled(
    connection: Connection, node: Node, told: About, after: Behind | None, rows: int
) -> tuple[bytes, Behind | None]:
    with closing(_Image(connection, node, rows)) as image:
        for part in _parts(node, told.store, after):
            last = image.add(part, told.at)
            if last is not None:
                return image.sealed(told), (part.number, part.record.key, last)
        return image.sealed(told), None


def digest_of(data: bytes) -> str:
    """Return the BLAKE2b of what travels; both sides of a first load must come to the same."""
    return blake2b(data, digest_size=_DIGEST_BYTES).hexdigest()


class _Part(NamedTuple):
    """The rows of one type that one owner has, behind an id."""

    record: RecordType
    number: int
    test: str
    owner: tuple[str, ...]
    behind: str


def _parts(node: Node, store: str, after: Behind | None) -> Iterator[_Part]:
    """Yield what there is behind a place, in the order of all pieces."""
    first, begun, behind = after or (0, "", "")
    for key in sorted(key for key in node.catalog.records if key >= begun):
        record = node.catalog.records[key]
        for number, (test, owner) in enumerate(held_by(record, store)):
            if key > begun or number >= first:
                yield _Part(record, number, test, owner, behind if (number, key) == (first, begun) else "")


class _Image:
    """A piece while it is made: a database in memory, beside the one of headquarters where that is a file."""

    def __init__(self, connection: Connection, node: Node, rows_max: int) -> None:
        self._connection, self._by_set = connection, node.database.folder is not None
        self._left = rows_max
        self._held: dict[str, str] = {}  # type -> table
        self._out = sqlite3.connect(":memory:", isolation_level=None, uri=True)
        if self._by_set:
            beside = f"{Path(str(node.database.url.database)).resolve().as_uri()}?mode=ro"
            self._out.execute("ATTACH ? AS hub", (beside,))
        self._out.execute("BEGIN")

    def add(self, part: _Part, at: int) -> str | None:
        """Copy rows; return the last id when the piece is full and more may follow, None when there are no more.

        How large the first ones are says how many more there is room for.
        """
        if not self._opened(part, at):
            return None
        begun, copied, last = self._bytes(), 0, part.behind
        while (room := PIECE_BYTES - self._bytes()) > 0 and self._left:
            more = room * copied // max(1, self._bytes() - begun) if copied else FIRST_ROWS
            limit = min(self._left, max(1, more))
            count = self._copy(part, last, at, limit)
            last = self._last(part.record) if count else last
            if count < limit:
                return None
            copied += count
        return last

    def sealed(self, told: About) -> bytes:
        """Return the image, complete with what it is of."""
        self._out.execute("CREATE TABLE types (key, name)")
        self._out.executemany("INSERT INTO types VALUES (?, ?)", self._held.items())
        self._out.execute("CREATE TABLE about (told)")
        cells = {name: getattr(told, name) for name in About.__dataclass_fields__}
        self._out.execute("INSERT INTO about VALUES (?)", (canonical_json(cells),))
        self._out.execute("COMMIT")
        return self._out.serialize()

    def close(self) -> None:
        """Let go of it."""
        self._out.close()

    def _opened(self, part: _Part, at: int) -> bool:
        """Make room for the rows of a type; False when there are none."""
        record, table = part.record, bulk.quoted(part.record.table)
        any_ = f"SELECT 1 FROM {table} WHERE {_behind(part)} LIMIT 1"  # noqa: S608 - our names
        if not bulk.run(self._connection, any_, *part.owner, part.behind, at):
            return False
        if record.key not in self._held:
            self._held[record.key] = record.table
            self._out.execute(f"CREATE TABLE main.{table} ({_columns(record)})")
        return True

    def _copy(self, part: _Part, last: str, at: int, limit: int) -> int:
        table, columns = bulk.quoted(part.record.table), _columns(part.record)
        what = f"WHERE {_behind(part)} ORDER BY id LIMIT {limit}"
        if self._by_set:
            sql = f"INSERT INTO main.{table} SELECT {columns} FROM hub.{table} {what}"  # noqa: S608 - our names
            count = self._out.execute(sql, (*part.owner, last, at)).rowcount
        else:
            rows = bulk.run(self._connection, f"SELECT {columns} FROM {table} {what}", *part.owner, last, at)  # noqa: S608 - our names
            marks = ", ".join("?" * (columns.count(",") + 1))
            self._out.executemany(f"INSERT INTO main.{table} VALUES ({marks})", rows)  # noqa: S608 - our names
            count = len(rows)
        self._left -= count
        return count

    def _last(self, record: RecordType) -> str:
        sql = f"SELECT id FROM main.{bulk.quoted(record.table)} ORDER BY rowid DESC LIMIT 1"  # noqa: S608 - our names
        return str(self._out.execute(sql).fetchone()[0])

    def _bytes(self) -> int:
        pages, size = (self._out.execute(f"PRAGMA main.{each}").fetchone()[0] for each in ("page_count", "page_size"))
        return int(pages) * int(size)


def _columns(record: RecordType) -> str:
    return ", ".join(map(bulk.quoted, (*FIXED, *leaving(record))))


def _behind(part: _Part) -> str:
    """Return the condition, of owner, id and place. The plus keeps the walk along the index of owner and id, which has
    their order. Where a field names the holder there is only its index with the place, and that one is walked."""
    also = part.record.sync.also
    place = '"_hs"' if also and part.test.startswith(bulk.quoted(also)) else '+"_hs"'
    return f"{part.test}id > ? AND {place} > 0 AND {place} <= ?"
