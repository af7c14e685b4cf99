"""Contents on this node: what was uploaded here or has been carried here, piece by piece (sync.md 19).

A content is named by what it is, so the same photo is kept once, whoever brought it. It is whole when every piece is
here; a record never waits for that. What no record has come to name within a week is cleared away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from core.model import contents
from core.model.clock import iso
from core.model.errors import NodeError, Text
from core.model.values import read_json
from stores.storage import bulk
from stores.storage.database import Database
from stores.storage.system import CONTENT, PIECE

UNUSED_KEPT = timedelta(days=7)  # a form that was given up
AT_A_TIME = 4  # pieces written in one transaction: a large photo must not keep the desk waiting
PURGED_MAX = 50
_COLUMNS = ("hash", "size", "pieces", "media", "type", "pk", "known_at", "whole_at", "held_at", "next_at", "tries")
_PIECE = ("hash", "nth", "data")


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of one content. ``size`` is bytes; ``pieces`` are the hashes of its pieces, empty when unknown."""

    hash: str
    size: int
    pieces: tuple[str, ...]
    media: str
    type: str | None
    pk: str | None
    whole: bool
    held: bool
    tries: int


def keep(database: Database, data: bytes, now: datetime) -> Content:
    """Keep what a person has uploaded and return it; a content that is here already is not kept twice.

    Raises NodeError when it is larger than CONTENT_BYTES_MAX. Whoever asks must already be known to be allowed to.
    """
    if len(data) > contents.CONTENT_BYTES_MAX:
        raise too_large()
    parts = list(contents.pieces_of(data))
    hashes = [contents.piece_hash(part) for part in parts]
    digest = contents.hash_of(hashes)
    with database.write() as connection:
        _purge(connection, now)
        known = find(connection, digest)
        if known is not None and known.whole:
            _look_again(connection, digest, now)
            return known
        describe(connection, digest, len(data), hashes, contents.media_of(data[:16]), now)
    rows = [(digest, nth, part) for nth, part in enumerate(parts)]
    for first in range(0, len(rows), AT_A_TIME):
        with database.write() as connection:
            bulk.upsert(connection, PIECE, _PIECE, rows[first : first + AT_A_TIME])
    with database.write() as connection:
        finish(connection, digest, now)
        found = find(connection, digest)
    assert found is not None, "it was written just now"
    return found


def find(connection: Connection, digest: str) -> Content | None:
    """Return what is known of a content."""
    rows = bulk.by_key(connection, CONTENT.name, _COLUMNS, ("hash",), digest)
    return _content(rows[0]) if rows else None


def read(connection: Connection, digest: str, first: int = 0, count: int | None = None) -> list[bytes]:
    """Return the pieces that are here from the ``first``-th on, at most ``count``, up to the first gap."""
    sql = "SELECT nth, data FROM piece WHERE hash = ? AND nth >= ? AND nth < ? ORDER BY nth"
    beyond = first + count if count is not None else 2**31
    rows = bulk.run(connection, sql, digest, first, beyond)
    return [bytes(data) for at, (nth, data) in enumerate(rows, first) if nth == at]


def stream(database: Database, content: Content) -> Iterator[bytes]:
    """Yield a whole content piece by piece; one short look at the database for each, so that nobody waits."""
    for nth in range(len(content.pieces)):
        with database.read() as connection:
            found = read(connection, content.hash, nth, 1)
        if not found:
            raise NodeError.of("content-gone", "the file is no longer here", "文件已不在本机")
        yield found[0]


def missing(connection: Connection, content: Content) -> list[int]:
    """Return which pieces are not here yet."""
    here = {nth for (nth,) in bulk.run(connection, "SELECT nth FROM piece WHERE hash = ?", content.hash)}
    return [nth for nth in range(len(content.pieces)) if nth not in here]


def name(connection: Connection, digest: str, type_: str, pk: str, now: datetime, *, sure: bool = False) -> None:
    """Say that a record names a content; it is to be carried from now on, one way or the other.

    ``sure``: headquarters has this record, so it is the one to be told of, whichever was named before.
    """
    known = find(connection, digest)
    if known is None:
        values = (digest, None, None, None, type_, pk, iso(now), None, None, iso(now), 0)
        bulk.insert(connection, CONTENT, _COLUMNS, [values])
    elif known.type is None or (sure and not known.held):
        sql = "UPDATE content SET type = ?, pk = ?, next_at = ?, tries = 0 WHERE hash = ?"
        bulk.run_only(connection, sql, type_, pk, iso(now), digest)


def describe(connection: Connection, digest: str, size: int, pieces: Sequence[str], media: str, now: datetime) -> None:
    """Take note of what a content is made of: its ``size`` in bytes and the hashes of its pieces.

    Raises NodeError unless they add up to its name.
    """
    if not contents.fits(size, pieces) or contents.hash_of(pieces) != digest:
        raise NodeError.of("content-false", "the pieces do not make up this file", "文件分片与文件不符")
    sql = "UPDATE content SET size = ?, pieces = ?, media = ? WHERE hash = ?"
    if find(connection, digest) is None:
        values = (digest, size, json.dumps(list(pieces)), media, None, None, iso(now), None, None, None, 0)
        bulk.insert(connection, CONTENT, _COLUMNS, [values])
    else:
        bulk.run_only(connection, sql, size, json.dumps(list(pieces)), media, digest)


def put(connection: Connection, content: Content, nth: int, data: bytes) -> None:
    """Keep one piece that has arrived. Raises NodeError for one that is not what its hash says."""
    if not 0 <= nth < len(content.pieces) or contents.piece_hash(data) != content.pieces[nth]:
        raise NodeError.of("piece-altered", "a piece of the file was altered on its way", "文件分片在传输中被改动")
    bulk.upsert(connection, PIECE, _PIECE, [(content.hash, nth, data)])


def finish(connection: Connection, digest: str, now: datetime) -> bool:
    """Note a content as whole if no piece is missing; return whether it is."""
    content = find(connection, digest)
    if content is None or not content.pieces or missing(connection, content):
        return False
    if not content.whole:
        beginning = read(connection, digest, 0, 1)[0][:16]
        sql = "UPDATE content SET whole_at = ?, media = ?, tries = 0 WHERE hash = ?"
        bulk.run_only(connection, sql, iso(now), contents.media_of(beginning), digest)
    return True


def held(connection: Connection, digest: str, now: datetime) -> None:
    """Headquarters has all of it: there is nothing left to carry."""
    sql = "UPDATE content SET held_at = ?, next_at = NULL, tries = 0 WHERE hash = ?"
    bulk.run_only(connection, sql, iso(now), digest)


def put_off(connection: Connection, content: Content, until: datetime) -> None:
    """Look at a content again ``until`` then: headquarters does not have it yet, or not the record that names it."""
    sql = "UPDATE content SET next_at = ?, tries = ? WHERE hash = ?"
    bulk.run_only(connection, sql, iso(until), content.tries + 1, content.hash)


def rest(connection: Connection, content: Content, until: datetime) -> None:
    """Look at a content again ``until`` then: the line did not carry it, so no try of it is counted."""
    bulk.run_only(connection, "UPDATE content SET next_at = ? WHERE hash = ?", iso(until), content.hash)


def due(connection: Connection, now: datetime, most: int) -> list[Content]:
    """Return the contents that are to be carried now, those that have waited longest first."""
    sql = f"SELECT {', '.join(_COLUMNS)} FROM content WHERE next_at <= ? ORDER BY next_at LIMIT ?"  # noqa: S608 - our names
    return [_content(row) for row in bulk.run(connection, sql, iso(now), most)]


def count_waiting(connection: Connection) -> tuple[int, int]:
    """Return how many contents are still to be sent up, and how many are on their way down."""
    sql = "SELECT whole_at IS NOT NULL, count(*) FROM content WHERE next_at IS NOT NULL GROUP BY 1"
    found = {bool(whole): int(number) for whole, number in bulk.run(connection, sql)}
    return found.get(True, 0), found.get(False, 0)


def offer_all_again(connection: Connection, now: datetime) -> None:
    """Headquarters has another epoch: it may have lost what it had said it held."""
    sql = "UPDATE content SET held_at = NULL, next_at = ?, tries = 0 WHERE type IS NOT NULL"
    bulk.run_only(connection, sql, iso(now))


def too_large() -> NodeError:
    """Return the error for a content that is larger than a node keeps."""
    most = contents.CONTENT_BYTES_MAX >> 20
    fix = Text("make the picture smaller, or split the document", "请缩小图片或拆分文件")
    return NodeError.of("content-too-large", f"a file has at most {most} MB", f"文件不得超过 {most} MB", fix=fix)


def _look_again(connection: Connection, digest: str, now: datetime) -> None:
    """Begin the week anew in which a record must come to name an upload."""
    bulk.run_only(connection, "UPDATE content SET known_at = ? WHERE hash = ? AND type IS NULL", iso(now), digest)


def _purge(connection: Connection, now: datetime) -> None:
    sql = "SELECT hash FROM content WHERE type IS NULL AND known_at < ? LIMIT ?"
    for (digest,) in bulk.run(connection, sql, iso(now - UNUSED_KEPT), PURGED_MAX):
        bulk.delete(connection, PIECE.name, ("hash",), digest)
        bulk.delete(connection, CONTENT.name, ("hash",), digest)


def _content(row: bulk.Values) -> Content:
    digest, size, pieces, media, type_, pk, _known, whole, held_at, _next, tries = row
    parts = tuple(read_json(pieces)) if pieces else ()
    return Content(
        digest, size or 0, parts, media or contents.OTHER, type_, pk, whole is not None, held_at is not None, tries
    )
