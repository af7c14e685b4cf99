"""An index of words over all records of a node, so that a search looks at those that can match and at no others.

It only says which records may match: the search itself is asked of their columns as ever, under the reader's masks. So
it may hold too much, never too little. What has been written and not yet been read into it stands in ``unread``, put
there by a trigger; a search looks at those too, and reading them in is left to a quiet moment (``read_in``). PostgreSQL
notes all that a statement has written in a row for some hundreds of records: a row for each costs a tenth of a merge. A
table that came whole is noted in one line: until it has been read in, a search looks at its records themselves.

SQLite keeps it as an FTS5 table, PostgreSQL as a GIN index. A database in memory has none: it is a rehearsal's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, column, or_, text

from core.language.definition import RecordType
from stores.storage import bulk, state
from stores.storage.bulk import quoted
from stores.storage.grams import asked, grams_of
from stores.storage.tables import Tables, index_name

COLUMNS = "words.columns"  # JSON: record type -> the columns whose words are in the index
WHOLE = "words.whole"  # JSON: record type of which all is to be read in -> the id up to which it has been
SEARCHED = frozenset({"text", "phone"})  # field types
CANDIDATES_MAX = 20_000  # a word that so many records have is found soon by looking at the records themselves
READ_ROWS = 400  # of one write transaction


def _noted(key: str, table: str) -> str:
    """Return what PostgreSQL notes of the rows of a table, in pieces that are read in at once."""
    numbered = f"SELECT id, (row_number() OVER () - 1) / {READ_ROWS} AS piece FROM {table}"  # noqa: S608 - our own name
    return f"SELECT {key}, array_agg(id), count(*) FROM ({numbered}) AS numbered GROUP BY piece"  # noqa: S608 - likewise


_SCHEMA = {
    "sqlite": (
        "CREATE TABLE IF NOT EXISTS unread (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, pk TEXT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS word_doc (doc INTEGER PRIMARY KEY, type TEXT NOT NULL, pk TEXT NOT NULL)",
        "CREATE VIRTUAL TABLE IF NOT EXISTS word USING fts5(grams, content='', detail=none, tokenize='ascii')",
    ),
    "postgresql": (
        """CREATE TABLE IF NOT EXISTS unread (
            seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type TEXT NOT NULL, pks TEXT[] COLLATE "C" NOT NULL,
            rows INT NOT NULL)""",
        "ALTER TABLE unread ALTER pks SET STORAGE EXTERNAL",  # to pack ids costs more than it saves
        """CREATE TABLE IF NOT EXISTS word_doc (
            type TEXT NOT NULL, pk TEXT COLLATE "C" NOT NULL, grams TSVECTOR NOT NULL, PRIMARY KEY (type, pk))""",
        "CREATE INDEX IF NOT EXISTS word_grams ON word_doc USING gin (grams)",
        f"""CREATE OR REPLACE FUNCTION note_unread() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO unread (type, pks, rows) {_noted("TG_ARGV[0]", "written")}; RETURN NULL; END $$""",
    ),
}  # fmt: skip
_ASKED = {
    "sqlite": "SELECT d.pk FROM word w JOIN word_doc d ON d.doc = w.rowid WHERE w.word MATCH :grams AND d.type = :type",
    "postgresql": "SELECT pk FROM word_doc WHERE grams @@ CAST(:grams AS tsquery) AND type = :type",
}
_UNREAD = {
    "sqlite": "SELECT pk FROM unread WHERE type = :type",
    "postgresql": "SELECT unnest(pks) AS pk FROM unread WHERE type = :type",
}
_OLDEST = {  # what is read in next; of each row its number, its type and a record
    "sqlite": f"SELECT seq, type, pk FROM unread ORDER BY seq LIMIT {READ_ROWS}",  # noqa: S608 - a number of ours
    "postgresql": f"""SELECT seq, type, unnest(pks) FROM (
        SELECT seq, type, pks, sum(rows) OVER (ORDER BY seq) AS upto
        FROM (SELECT * FROM unread ORDER BY seq LIMIT {READ_ROWS}) AS oldest) AS counted
        WHERE upto <= {READ_ROWS} ORDER BY seq""",  # noqa: S608 - a number of ours
}
_WAITING = {
    "sqlite": f"SELECT count(*) FROM (SELECT 1 FROM unread LIMIT {READ_ROWS}) AS waiting",  # noqa: S608 - a number of ours
    "postgresql": f"SELECT coalesce(sum(rows), 0) FROM (SELECT rows FROM unread LIMIT {READ_ROWS}) AS waiting",  # noqa: S608
}


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which records of a type can match: a condition on their id. Not ``whole``: it names only some of them."""

    condition: ColumnElement[bool]
    whole: bool


def searched(record: RecordType) -> list[str]:
    """Return the columns of a record type that a search looks into."""
    return ["number", *(name for name, field in record.stored.items() if field.spec.type in SEARCHED)]


def lift(connection: Connection) -> None:
    """Take the triggers away before tables change: one that names a column keeps it from being dropped."""
    for key in _known(connection):
        _drop_triggers(connection, key)


def fit(connection: Connection, tables: Tables, changed: Iterable[str]) -> None:
    """Make index and triggers fit the tables; records whose searched columns are others now are read in anew.

    ``changed`` are record types whose values a migration has changed behind the triggers' back.
    """
    for statement in _SCHEMA[connection.dialect.name]:
        bulk.run_only(connection, statement)
    known, again = _known(connection), set(changed)
    for record, table in tables:
        columns = searched(record)
        _make_triggers(connection, record.key, table, columns)
        if known.get(record.key) != columns or record.key in again:
            _note_whole(connection, record, table)
    known |= {record.key: searched(record) for record, _ in tables}
    state.put(connection, COLUMNS, json.dumps(known, sort_keys=True))


@contextmanager
def filling(connection: Connection, record: RecordType, table: Table) -> Iterator[None]:
    """Let a table be filled, or a full one take its place, without a note for each row; it is noted whole."""
    columns = _known(connection).get(record.key)
    if columns is None:
        yield
        return
    _drop_triggers(connection, record.key, table.name)
    yield
    _note_whole(connection, record, table)
    _make_triggers(connection, record.key, table, columns)


def narrowed(connection: Connection, record: RecordType, table: Table, words: Sequence[str]) -> Narrowing | None:
    """Return which records can hold all of ``words``; None where there is no index, or it is still being made."""
    if not words or record.key not in _known(connection) or record.key in _wholes(connection):
        return None
    values = {"grams": _asked(connection.dialect.name, words), "type": record.key}
    limited = f"{_ASKED[connection.dialect.name]} LIMIT {CANDIDATES_MAX + 1}"
    found = _count(connection, limited, values)
    unread = f"{_UNREAD[connection.dialect.name]} LIMIT {CANDIDATES_MAX + 1}"
    if _count(connection, unread, values) > CANDIDATES_MAX:
        return None
    of_index = table.c.id.in_(text(limited).bindparams(**values).columns(column("pk")))
    fresh = table.c.id.in_(text(unread).bindparams(type=record.key).columns(column("pk")))
    return Narrowing(or_(of_index, fresh), found <= CANDIDATES_MAX)


def read_in(connection: Connection, tables: Tables) -> int:
    """Read some of what was written into the index, oldest first, then of what came whole; return how many rows.

    In the caller's write transaction, which is short: nobody's action waits for it.
    """
    known = {record.key: (record, table) for record, table in tables}
    found = bulk.run(connection, _OLDEST[connection.dialect.name])
    if not found:
        return _read_whole(connection, known)
    wanted: dict[str, set[str]] = {}
    for _, key, pk in found:
        wanted.setdefault(key, set()).add(pk)
    for key, ids in wanted.items():
        if key in known:
            _take(connection, *known[key], sorted(ids))
    bulk.run_only(connection, "DELETE FROM unread WHERE seq <= ?", found[-1][0])
    return len(found)


def waiting(connection: Connection) -> int:
    """Return how many rows wait to be read in, counted up to a batch."""
    counted = int(bulk.run(connection, _WAITING[connection.dialect.name])[0][0])
    return READ_ROWS if _wholes(connection) else min(counted, READ_ROWS)


def _read_whole(connection: Connection, known: Mapping[str, tuple[RecordType, Table]]) -> int:
    """Read the next rows of a type that came whole, by id; what is written meanwhile notes itself."""
    wholes = _wholes(connection)
    for key, last in sorted(wholes.items()):
        ids = _ids_after(connection, known[key][1], last, READ_ROWS) if key in known else []
        if ids:
            _take(connection, *known[key], ids)
            _put_wholes(connection, wholes | {key: ids[-1]})
            return len(ids)
        del wholes[key]
        _put_wholes(connection, wholes)
    return 0


def _take(connection: Connection, record: RecordType, table: Table, ids: Sequence[str]) -> None:
    rows = bulk.select(connection, table, ("id", *searched(record)), "id", ids)
    docs = [(str(row[0]), sorted(grams_of(row[1:]))) for row in rows]
    if connection.dialect.name == "postgresql":
        sql = (
            "INSERT INTO word_doc (type, pk, grams) VALUES (?, ?, array_to_tsvector(CAST(? AS text[])))"
            " ON CONFLICT (type, pk) DO UPDATE SET grams = excluded.grams"
        )
        bulk.many(connection, sql, [(record.key, pk, grams) for pk, grams in docs])
        return
    (first,) = bulk.run(connection, "SELECT coalesce(max(doc), 0) FROM word_doc")[0]
    told = list(enumerate(docs, start=int(first) + 1))  # an older entry of a record stays: it says too much
    named = [(doc, record.key, pk) for doc, (pk, _) in told]
    bulk.many(connection, "INSERT INTO word_doc (doc, type, pk) VALUES (?, ?, ?)", named)
    spoken = [(doc, " ".join(grams)) for doc, (_, grams) in told]
    bulk.many(connection, "INSERT INTO word (rowid, grams) VALUES (?, ?)", spoken)


def _asked(dialect: str, words: Sequence[str]) -> str:
    found = [gram for word in words for gram in asked(word)]
    if dialect == "postgresql":
        return " & ".join(f"'{gram}'{':*' if beginning else ''}" for gram, beginning in found)
    return " AND ".join(f'"{gram}"{" *" if beginning else ""}' for gram, beginning in found)


def _count(connection: Connection, sql: str, values: Mapping[str, str]) -> int:
    counted = text(f"SELECT count(*) FROM ({sql}) AS found")  # noqa: S608 - our own text
    return int(connection.execute(counted, values).scalar_one())


def _note_whole(connection: Connection, record: RecordType, table: Table) -> None:
    """Note that all records of a type are to be read in, anew if some of it were."""
    if _ids_after(connection, table, "", 1):
        _put_wholes(connection, _wholes(connection) | {record.key: ""})


def _ids_after(connection: Connection, table: Table, last: str, limit: int) -> list[str]:
    sql = f"SELECT id FROM {quoted(table.name)} WHERE id > ? ORDER BY id LIMIT ?"  # noqa: S608 - our own name
    return [str(id_) for (id_,) in bulk.run(connection, sql, last, limit)]


def _wholes(connection: Connection) -> dict[str, str]:
    found: dict[str, str] = json.loads(state.get(connection, WHOLE) or "{}")
    return found


def _put_wholes(connection: Connection, wholes: Mapping[str, str]) -> None:
    state.put(connection, WHOLE, json.dumps(wholes, sort_keys=True) if wholes else None)


def _known(connection: Connection) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(state.get(connection, COLUMNS) or "{}")
    return found


def _trigger(key: str, event: str) -> str:
    return index_name(key.replace(".", "_"), ("unread", event))


def _make_triggers(connection: Connection, key: str, table: Table, columns: Sequence[str]) -> None:
    _drop_triggers(connection, key, table.name)
    of = ", ".join(quoted(name) for name in columns)
    sqlite = connection.dialect.name == "sqlite"
    for event, when in (("insert", "INSERT"), ("update", f"UPDATE OF {of}" if sqlite else "UPDATE")):
        head = f"CREATE TRIGGER {quoted(_trigger(key, event))} AFTER {when} ON {quoted(table.name)}"
        if sqlite:
            body = f"BEGIN INSERT INTO unread (type, pk) VALUES ('{key}', NEW.id); END"  # noqa: S608 - our own name
        else:
            body = f"REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION note_unread('{key}')"
        bulk.run_only(connection, f"{head} {body}")


def _drop_triggers(connection: Connection, key: str, table: str | None = None) -> None:
    name = table or key.replace(".", "_")
    for event in ("insert", "update"):
        where = "" if connection.dialect.name == "sqlite" else f" ON {quoted(name)}"
        bulk.run_only(connection, f"DROP TRIGGER IF EXISTS {quoted(_trigger(key, event))}{where}")
