"""The log: what was done here and, at headquarters, everywhere. Append-only, gapless per origin, chained by hashes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import Connection

from core.model.change import GENESIS, Entry, chain, sealed
from core.model.lines import Lines
from core.model.values import Cell, canonical_json, read_json
from stores.storage import bulk
from stores.storage.checkpoints import acked, head, heads, incarnations, move_head
from stores.storage.system import LOG

__all__ = ["append", "entries_after", "head", "history", "of_deed", "of_records", "unsent", "verify"]

Body = Mapping[str, tuple[Cell, Cell]]

COLUMNS: Final = (
    "origin", "seq", "tx", "nth", "of", "action", "hlc", "at", "received", "mono", "boot", "actor",
    "store", "type", "pk", "kind", "base_hs", "body", "facts", "hash",
)  # fmt: skip
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
SELECT = f"SELECT {_NAMES} FROM log"  # noqa: S608 - names of our own
SELECT_ALL = f"SELECT {_NAMES}, hidden FROM log"  # noqa: S608 - names of our own
_PAGE_ROWS = 2_000
_PLAIN = len(COLUMNS) - 3  # the columns before body, facts and hash, which stand in the row as they are


def append(connection: Connection, entries: Sequence[Entry], hidden: Sequence[Body | None] = ()) -> None:
    """Add lines. ``hidden``, beside them, holds the fields that never leave this node."""
    if isinstance(entries, Lines):
        bulk.insert_columns(connection, LOG, COLUMNS, entries.table())
    elif any(hidden):
        rows = [(*to_row(entry), _written(kept)) for entry, kept in zip(entries, hidden, strict=True)]
        bulk.insert(connection, LOG, (*COLUMNS, "hidden"), rows)
    else:
        bulk.insert(connection, LOG, COLUMNS, [to_row(entry) for entry in entries])


def entries_after(connection: Connection, origin: str, seq: int, limit: int) -> Lines:
    """Return up to ``limit`` lines after ``seq``, cut where a transaction ends; one that is larger comes whole.

    They follow one another: where lines were taken out behind the node's back, the piece ends, or begins behind them.
    Fields that never leave the store are not in them (docs/decisions/0004).
    """
    page = _page(connection, origin, seq, limit)
    if len(page) < limit:
        return page
    number, count = page.columns["nth"][-1], page.columns["of"][-1]
    if number == count:
        return page
    whole = page[: len(page) - page.columns["tx"].count(page.columns["tx"][-1])]
    return whole or _page(connection, origin, seq, count - page.columns["nth"][0] + 1)


def history(connection: Connection, type_: str, pk: str) -> list[Entry]:
    """Return every line about one record, oldest first, with the fields that never leave this node."""
    sql = f"{SELECT_ALL} WHERE type = ? AND pk = ? ORDER BY hlc, origin, seq"
    return [from_row(row[:-1], row[-1]) for row in bulk.run(connection, sql, type_, pk)]


def latest(connection: Connection, origin: str, limit: int, before: int | None = None) -> list[Entry]:
    """Return the last lines of an origin's log, or those before one, newest first, as they were sent.

    A walk along the key, however long the log is.
    """
    rest, values = ("", ()) if before is None else (" AND seq < ?", (before,))
    sql = f"{SELECT} WHERE origin = ?{rest} ORDER BY seq DESC LIMIT ?"
    return [from_row(row) for row in bulk.run(connection, sql, origin, *values, limit)]


def of_deed(connection: Connection, origin: str, seq: int) -> list[Entry]:
    """Return every line of the deed that a line belongs to, in order, with the fields that never leave this node.

    They follow one another in the log of their origin, so the log needs no index of deeds.
    """
    found = bulk.run(connection, "SELECT tx, nth, of FROM log WHERE origin = ? AND seq = ?", origin, seq)
    sql = f"{SELECT_ALL} WHERE origin = ? AND seq BETWEEN ? AND ? AND tx = ? ORDER BY seq"
    return [
        from_row(row[:-1], row[-1])
        for tx, nth, of in found
        for row in bulk.run(connection, sql, origin, seq - nth + 1, seq - nth + of, tx)
    ]


def of_records(
    connection: Connection, type_: str, pks: Iterable[str], origin: str | None = None, after: int = 0
) -> list[Entry]:
    """Return the lines about some records of one type, as they were sent, in the order of each origin's log.

    ``origin`` and ``after`` narrow them to one log and what was written in it later.
    """
    return [from_row(row) for row in rows_of_records(connection, type_, pks, origin, after)]


def rows_of_records(
    connection: Connection, type_: str, pks: Iterable[str], origin: str | None = None, after: int = 0
) -> list[bulk.Values]:
    """Return the same as rows of ``COLUMNS``, for whoever looks at many to read a few."""
    test, values = (" AND origin = ? AND seq > ?", (origin, after)) if origin else ("", ())
    rest = f" AND type = ?{test} ORDER BY origin, seq"
    return bulk.select(connection, LOG, COLUMNS, "pk", pks, rest, type_, *values)


def kept_back(connection: Connection, type_: str, pks: Iterable[str]) -> dict[str, set[str]]:
    """Return the fields of some records that were written here and never left this node, by record id."""
    found: dict[str, set[str]] = {}
    if hiding_key(connection) is not None:
        rest = " AND type = ? AND hidden IS NOT NULL"
        for pk, text in bulk.select(connection, LOG, ("pk", "hidden"), "pk", pks, rest, type_):
            found.setdefault(pk, set()).update(read_json(text))
    return found


def hashes(connection: Connection, origin: str, first: int, last: int) -> dict[int, str]:
    """Return the hashes of the lines from ``first`` to ``last`` by sequence number."""
    sql = "SELECT seq, hash FROM log WHERE origin = ? AND seq BETWEEN ? AND ?"
    return dict(bulk.run(connection, sql, origin, first, last))


def move(connection: Connection, origin: str, after: int, new_origin: str) -> int:
    """Let the lines of a log after ``after`` begin another log, numbered and chained anew; return how many.

    Each says where it stood before (``was`` in its facts): who reads the log years later sees that it was moved.
    """
    sql = f"{SELECT_ALL} WHERE origin = ? AND seq > ? ORDER BY seq"
    rows = bulk.run(connection, sql, origin, after)
    previous, moved, hidden = GENESIS, list[Entry](), list[Body | None]()
    for seq, (*row, kept) in enumerate(rows, start=1):
        entry = from_row(row)
        facts = {**(entry.facts or {}), MOVED: f"{origin}:{entry.seq}"}
        moved.append(sealed(previous, entry._replace(origin=new_origin, seq=seq, facts=facts)))
        hidden.append(None if kept is None else _read(kept))
        previous = moved[-1].hash
    bulk.run_only(connection, "DELETE FROM log WHERE origin = ? AND seq > ?", origin, after)
    shared = hashes(connection, origin, after, after).get(after, GENESIS)
    move_head(connection, origin, after, shared)
    if moved:
        append(connection, moved, hidden)
        move_head(connection, new_origin, len(moved), previous)
    return len(moved)


def is_told(connection: Connection, node: str, entry: Entry) -> bool:
    """Say whether another log of a node has a line of the same action about the same record."""
    sql = "SELECT 1 FROM log WHERE type = ? AND pk = ? AND tx = ? AND origin > ? AND origin < ? AND origin <> ? LIMIT 1"
    told = (entry.type, entry.pk, entry.tx, f"{node}.", f"{node}/", entry.origin)  # "/" comes right after "."
    return bool(bulk.run(connection, sql, *told))


def created_after(connection: Connection, origin: str, seq: int) -> list[tuple[int, str, str]]:
    """Return (seq, type, id) of the records that an origin has created since a line, oldest first."""
    sql = "SELECT seq, type, pk FROM log WHERE origin = ? AND seq > ? AND kind = ? ORDER BY seq"
    return [(line, type_, pk) for line, type_, pk in bulk.run(connection, sql, origin, seq, "create")]


def unsent(connection: Connection) -> tuple[int, str | None]:
    """Return how many lines headquarters has not acknowledged, and when the oldest of them happened (a cell)."""
    count, oldest = 0, None
    for origin, (seq, _) in heads(connection).items():
        done = acked(connection, origin)
        if seq > done:
            count += seq - done
            rows = bulk.run(connection, "SELECT at FROM log WHERE origin = ? AND seq = ?", origin, done + 1)
            oldest = min(filter(None, [oldest, *(at for (at,) in rows)]), default=None)
    return count, oldest


def unsent_records(connection: Connection) -> set[tuple[str, str]]:
    """Return (type, id) of the records that lines are about which headquarters has not acknowledged."""
    found = set[tuple[str, str]]()
    for origin, (seq, _) in heads(connection).items():
        done = acked(connection, origin)
        if seq > done:
            sql = "SELECT DISTINCT type, pk FROM log WHERE origin = ? AND seq > ?"
            found.update((type_, pk) for type_, pk in bulk.run(connection, sql, origin, done))
    return found


def written_until(connection: Connection, node: str) -> str:
    """Return when a node, under whatever incarnation, wrote the last line that is held here (a cell); empty if none."""
    last = ""
    for number in incarnations(connection, node):
        origin = f"{node}.{number}"
        sql = "SELECT received FROM log WHERE origin = ? AND seq = ?"
        last = max([last, *(at for (at,) in bulk.run(connection, sql, origin, head(connection, origin)[0]))])
    return last


def received_at(connection: Connection, origin: str, seq: int) -> str | None:
    """Return when a line was written (a cell), or None when there is none."""
    rows = bulk.run(connection, "SELECT received FROM log WHERE origin = ? AND seq = ?", origin, seq)
    return rows[0][0] if rows else None


def last_before(connection: Connection, origin: str, after: int, moment: str) -> int:
    """Return the last line after ``after`` that was written before a moment (a cell); ``after`` when there is none."""
    sql = "SELECT max(seq) FROM log WHERE origin = ? AND seq > ? AND received < ?"
    return int(bulk.run(connection, sql, origin, after, moment)[0][0] or after)


def records_in(connection: Connection, origin: str, after: int, upto: int) -> int:
    """Return how many records the lines after ``after`` up to ``upto`` are about."""
    sql = (
        "SELECT count(*) FROM (SELECT DISTINCT type, pk FROM log WHERE origin = ? AND seq > ? AND seq <= ?) AS records"
    )
    return int(bulk.run(connection, sql, origin, after, upto)[0][0])


def waiting_in(connection: Connection, origin: str, after: int, upto: int) -> int:
    """Return how many of these lines are in quarantine here."""
    sql = "SELECT count(*) FROM quarantine WHERE origin = ? AND seq > ? AND seq <= ?"
    return int(bulk.run(connection, sql, origin, after, upto)[0][0])


def verify(connection: Connection, origin: str) -> int | None:
    """Return the first sequence number of an origin's log that is not what was written, or None.

    A line that was edited, taken out, put in or moved breaks the chain there; a log cut off at its end misses
    the line after the last. A hidden field is covered by the keyed digest that its line carries.
    """
    last, known = head(connection, origin)
    key = hiding_key(connection)
    previous, expected = GENESIS, 1
    while True:
        sql = f"{SELECT_ALL} WHERE origin = ? AND seq >= ? ORDER BY seq LIMIT ?"
        rows = bulk.run(connection, sql, origin, expected, _PAGE_ROWS)
        for *row, kept in rows:
            entry = _attempt(row)
            if entry is None or entry.seq != expected or chain(previous, entry) != entry.hash:
                return expected
            if not _hidden_intact(key, entry, kept):
                return expected
            previous, expected = entry.hash, expected + 1
        if len(rows) < _PAGE_ROWS:
            break
    return None if (expected - 1, previous) == (last, known) else min(expected, last + 1)


MOVED = "was"  # facts: origin and number a line had before its node was reborn
HIDING_KEY = "hiding_key"  # node_state: what makes the digests of hidden fields worthless to a guesser
HIDDEN = "hidden"  # facts: the digest of the fields of a line that stay here


def hiding_key(connection: Connection) -> str | None:
    """Return this node's key for the digests of hidden fields, or None while it has not needed one."""
    rows = bulk.run(connection, "SELECT value FROM node_state WHERE key = ?", HIDING_KEY)
    return rows[0][0] if rows else None


def hidden_digest(key: str, pk: str, hidden: Body) -> str:
    """Return the keyed digest that stands in the line for the fields that stay here."""
    return blake2b(f"{pk}\n{_written(hidden)}".encode(), key=key.encode(), digest_size=16).hexdigest()


def to_row(entry: Entry) -> tuple[Any, ...]:
    """Return an entry as a row of ``COLUMNS``."""
    facts = None if entry.facts is None else canonical_json(entry.facts)
    return (*entry[:_PLAIN], canonical_json(entry.body), facts, entry.hash)


def from_row(row: Sequence[Any], hidden: str | None = None) -> Entry:
    """Return a row of ``COLUMNS`` as an entry, with the fields that never leave this node if they are given."""
    *plain, body, facts, digest = row
    plain += [
        _read(body) if hidden is None else _read(body) | _read(hidden),
        None if facts is None else read_json(facts),
        digest,
    ]
    return Entry(*plain)


def _page(connection: Connection, origin: str, seq: int, limit: int) -> Lines:
    rows = bulk.run(connection, f"{SELECT} WHERE origin = ? AND seq > ? ORDER BY seq LIMIT ?", origin, seq, limit)
    if not rows:
        return Lines(origin, seq + 1, dict.fromkeys(COLUMNS[2:-1], ()), ())
    first = rows[0][1]
    if rows[-1][1] != first + len(rows) - 1:  # lines were taken out: up to the hole
        rows = rows[: next(place for place, row in enumerate(rows) if row[1] != first + place)]
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    return Lines(origin, first, {name: columns[name] for name in COLUMNS[2:-1]}, columns["hash"])


def _attempt(row: Sequence[Any]) -> Entry | None:
    """Return the entry, or None when the row does not even read as one."""
    try:
        return from_row(row)
    except (ValueError, TypeError, AttributeError):
        return None


def _hidden_intact(key: str | None, entry: Entry, kept: str | None) -> bool:
    claimed = (entry.facts or {}).get(HIDDEN)
    if claimed is None or key is None:
        return kept is None
    return kept is not None and hidden_digest(key, entry.pk, _read(kept)) == claimed


def _written(body: Body | None) -> str | None:
    return None if body is None else canonical_json(body)


def _read(text: str | None) -> dict[str, tuple[Cell, Cell]]:
    return {} if text is None else {name: (old, new) for name, (old, new) in read_json(text).items()}
