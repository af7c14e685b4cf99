"""How a new node takes a snapshot over: piece by piece into tables beside its own, which then become its own at once.

Each piece is a short transaction, so nobody at the desk waits for long, and a load that is cut goes on behind the last
one. Until the last nothing of it is seen. The tables beside are of the same form: a large one is then not copied once
more but takes the name of the empty one, and its indexes are made after its rows, which is several times quicker.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import islice

from sqlalchemy import MetaData
from sqlalchemy.schema import CreateIndex, CreateTable

from core.language.definition import RecordType
from core.model.clock import iso
from core.model.errors import Problem, Text
from core.model.values import canonical_json, read_json
from stores.changes import apply, log, unarmed
from stores.changes.feed import StateRow, leaving
from stores.changes.snapshot import FIXED, About, BadSnapshot, Behind
from stores.node import Node
from stores.storage import bulk, checkpoints, state, words
from stores.storage.database import BESIDE, Connection

UNDER = "snapshot.under"  # node_state, JSON: how far a load has come (``Under``)
PAGE_ROWS = 5_000
RENAMED_FROM = 5_000  # rows from which it pays to let the table take the name, and to index it afterwards


@dataclass(frozen=True, slots=True)
class Taken:
    """What has been put beside of one type: the columns that were sent, and how many rows."""

    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Under:
    """A load under way. ``after`` is where its pieces have come to: None when the last one is here. ``seal`` is the
    hub's for the place the snapshot is of."""

    about: About
    seal: str
    after: Behind | None
    types: dict[str, Taken] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that has arrived and has been looked into."""

    about: About
    seal: str
    image: bytes = field(repr=False)
    after: Behind | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was taken over: rows in all, the types that came set by set, and the records put down one by one."""

    rows: int
    types: tuple[str, ...]
    touched: tuple[tuple[str, str], ...]


def opened(image: bytes, seal: str, after: Behind | None) -> Piece:
    """Look into what came over the network before anything is done with it. Raises ``BadSnapshot``."""
    try:
        with closing(sqlite3.connect(":memory:")) as read:
            read.deserialize(image or b"\0")  # of nothing at all Python says that it is out of memory
            strange = read.execute("SELECT count(*) FROM sqlite_master WHERE type <> 'table'").fetchone()[0]
            told = read_json(read.execute("SELECT told FROM about").fetchone()[0])
        about = About(**{**told, "plugins": {name: tuple(each) for name, each in told["plugins"].items()}})
    except (sqlite3.DatabaseError, ValueError, TypeError, KeyError) as error:
        raise bad("it is not one", "格式不符") from error
    if strange:
        raise bad("it holds more than rows", "含有数据以外的内容")
    return Piece(about, seal, image, after)


def under(connection: Connection) -> Under | None:
    """Return how far a load has come, None when there is none under way."""
    kept = read_json(state.get(connection, UNDER) or "null")
    if kept is None:
        return None
    about = About(
        **{**kept["about"], "plugins": {name: tuple(each) for name, each in kept["about"]["plugins"].items()}}
    )
    types = {key: Taken(tuple(each["columns"]), each["rows"]) for key, each in kept["types"].items()}
    return Under(about, kept["seal"], tuple(kept["after"]) if kept["after"] else None, types)


def is_under_way(connection: Connection) -> bool:
    """Say whether a load is under way."""
    return state.get(connection, UNDER) is not None


def add(node: Node, piece: Piece, known: Under | None) -> Under | None:
    """Put a piece beside, in one transaction, behind what is ``known``; return how far the load has come.

    None when another process of this node has gone on with it meanwhile, or it is not of the same snapshot.
    """
    with node.database.write_beside(piece.image) as connection:
        if under(connection) != known or (known and not _same(known.about, piece.about)):
            return None
        types = dict(known.types) if known else {}
        for key, name in bulk.run(connection, f"SELECT key, name FROM {BESIDE}.types"):  # noqa: S608 - our names
            types[str(key)] = _put_beside(connection, node, str(key), str(name), piece.about, types.get(str(key)))
        about, seal = (known.about, known.seal) if known else (piece.about, piece.seal)
        now = Under(about, seal, piece.after, types)
        state.put(connection, UNDER, canonical_json(asdict(now)))
    return now


def forget(connection: Connection) -> None:
    """Drop what a load has put beside, if one is under way."""
    if not is_under_way(connection):
        return  # nor is there any on PostgreSQL, which keeps its tables elsewhere
    for (name,) in bulk.run(
        connection, "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'loading.%'"
    ):
        bulk.run_only(connection, f"DROP TABLE main.{bulk.quoted(name)}")
    state.put(connection, UNDER, None)


def take_over(node: Node) -> Loaded | None:
    """Let all that was put beside be the node's own, in one transaction; None when it has read some of the feed.

    Types of a plugin that both run in one version go set by set into tables that are empty; the rest is put down row by
    row, as the feed would.
    """
    with node.database.write() as connection:
        whole = under(connection)
        usable = whole is not None and whole.after is None and checkpoints.epoch(connection) == whole.about.epoch
        if whole is None or not usable or not is_new(connection, node) or log.unsent(connection)[0]:
            forget(connection)
            return None
        sets, touched = list[str](), list[tuple[str, str]]()
        for key, taken in whole.types.items():
            if _is_set(connection, node, key, whole.about):
                _take_over(connection, node, node.catalog.records[key], taken)
                sets.append(key)
            else:
                touched += _put_down(connection, node, key, taken, whole.about)
        _stand(connection, node, whole)
        unarmed.note(connection, [key for key in sets if node.catalog.records[key].timers])
        forget(connection)
    return Loaded(sum(taken.rows for taken in whole.types.values()), tuple(sets), tuple(touched))


def is_new(connection: Connection, node: Node) -> bool:
    """Say whether this node has never got a record from headquarters. One that has goes on by the feed, page by page:
    to take everything over in one transaction would keep a desk waiting that works already."""
    return checkpoints.pulled(connection) == 0 and not any(
        bulk.run(connection, f'SELECT 1 FROM {bulk.quoted(table.name)} WHERE "_hs" > 0 LIMIT 1')  # noqa: S608 - our names
        for _, table in node.tables
    )


def _same(one: About, other: About) -> bool:
    """Say whether two pieces are of one snapshot, told by plugins of one version: then their columns are the same."""
    return replace(one, applied=0, hlc=0) == replace(other, applied=0, hlc=0)


def _put_beside(connection: Connection, node: Node, key: str, name: str, about: About, taken: Taken | None) -> Taken:
    """Copy a table of the piece behind what is there of its type."""
    beside = bulk.quoted(_beside(key))
    if taken is None:
        taken = Taken(tuple(_columns_of(connection, name, BESIDE)), 0)
        if _is_set(connection, node, key, about) and {*taken.columns} == {*FIXED, *leaving(node.catalog.records[key])}:
            connection.execute(CreateTable(node.tables[key].to_metadata(MetaData(), name=_beside(key))))
        else:
            bulk.run_only(connection, f"CREATE TABLE main.{beside} ({_listed(taken.columns)})")
    columns = _listed(taken.columns)
    sql = f"INSERT INTO main.{beside} ({columns}) SELECT {columns} FROM {BESIDE}.{bulk.quoted(name)}"  # noqa: S608 - our names
    bulk.run_only(connection, sql)
    rows = bulk.run(connection, f"SELECT count(*) FROM {BESIDE}.{bulk.quoted(name)}")[0][0]  # noqa: S608 - our names
    return replace(taken, rows=taken.rows + int(rows))


def _is_set(connection: Connection, node: Node, key: str, about: About) -> bool:
    """Say whether a type can be taken over as a set: same plugin on both sides, nothing here yet."""
    record = node.catalog.records.get(key)
    plugin = node.catalog.plugins.get(record.plugin) if record else None
    if record is None or plugin is None or about.plugins.get(record.plugin) != (plugin.version, plugin.digest):
        return False
    return not bulk.run(connection, f"SELECT 1 FROM main.{bulk.quoted(record.table)} LIMIT 1")  # noqa: S608 - our names


def _take_over(connection: Connection, node: Node, record: RecordType, taken: Taken) -> None:
    """Fill an empty table: a large one by renaming the one beside, with its indexes made afterwards."""
    table, own, beside = node.table(record), bulk.quoted(record.table), bulk.quoted(_beside(record.key))
    alike = _columns_of(connection, _beside(record.key), "main") == [column.name for column in table.columns]
    if taken.rows < RENAMED_FROM or not alike:
        columns = _listed(taken.columns)
        bulk.run_only(connection, f"INSERT INTO main.{own} ({columns}) SELECT {columns} FROM main.{beside}")  # noqa: S608 - our names
        return
    with words.filling(connection, record, table):
        bulk.run_only(connection, f"DROP TABLE main.{own}")
        bulk.run_only(connection, f"ALTER TABLE main.{beside} RENAME TO {own}")
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        connection.execute(CreateIndex(index))


def _put_down(connection: Connection, node: Node, key: str, taken: Taken, about: About) -> Iterator[tuple[str, str]]:
    """Put the rows of a type down one by one; yield the records that this touched."""
    versions = {plugin: version for plugin, (version, _) in about.plugins.items()}
    for page in _pages(connection, key, taken.columns):
        yield from apply.apply_rows(connection, node, page, applied=about.applied, versions=versions).touched


def _pages(connection: Connection, key: str, columns: Sequence[str]) -> Iterator[Sequence[StateRow]]:
    """Yield the rows of a type as the feed would bring them."""
    names = [name for name in columns if name not in FIXED]
    listed = _listed((*FIXED, *names))
    rows = bulk.each(connection, f"SELECT {listed} FROM main.{bulk.quoted(_beside(key))}")  # noqa: S608 - our names
    while page := list(islice(rows, PAGE_ROWS)):
        yield [
            StateRow(key, id_, store, life, hs, at, by, m or "", dict(zip(names, cells, strict=True)), x)
            for id_, store, life, hs, at, by, m, x, *cells in page
        ]


def _stand(connection: Connection, node: Node, whole: Under) -> None:
    """Say that this node stands where the snapshot was made."""
    now = iso(node.now())
    checkpoints.ack(connection, node.identity.origin, whole.about.applied, now)
    checkpoints.move_pulled(connection, whole.about.at, at=now)
    checkpoints.keep_seal(connection, whole.about.at, whole.seal)
    apply.apply_rows(connection, node, [], hlc=whole.about.hlc)


def _beside(key: str) -> str:
    """Return the name of the table beside: no record type's own has a full stop in it."""
    return f"loading.{key}"


def _columns_of(connection: Connection, name: str, schema: str) -> list[str]:
    rows = bulk.run(connection, "SELECT name FROM pragma_table_info(?, ?) ORDER BY cid", name, schema)
    return [str(column) for (column,) in rows]


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(map(bulk.quoted, columns))


def bad(en: str, zh: str) -> BadSnapshot:
    """Return the error for what is no piece of a snapshot."""
    what = Text(f"this snapshot cannot be used: {en}", f"快照不可用：{zh}")
    return BadSnapshot((Problem("bad-snapshot", what, fix=Text("it is fetched again", "将重新获取")),))
