"""Which contents the log and the records of this node name, found by reading them: nobody who writes needs to tell."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.contents import SCHEME, hashes_in
from core.model.fields.files import may_hold
from stores import contents
from stores.changes import feed
from stores.node import Node
from stores.storage import bulk, checkpoints
from stores.storage.checkpoints import HUB

LINES_MAX = 2_000  # of a log, or records of a type, looked through in one transaction


@dataclass(frozen=True, slots=True)
class _Found:
    """What one log, or the records of one type, name up to a place; ``more``: there is more behind it."""

    peer: str
    upto: int
    more: bool
    named: list[tuple[str, str, str]]  # content, record type, id
    sure: bool = False


def note(node: Node) -> bool:
    """Take note of the contents that new lines of the log and new records name; return whether there is more to read.

    What was ever written here goes up, also when the record names something else by now; what records that came down
    name is wanted here: the store works without a network, its pictures too. Headquarters in another epoch may have
    lost what it held: then everything is looked through again.
    """
    with node.database.read() as connection:
        epoch, pulled = checkpoints.epoch(connection), checkpoints.pulled(connection)
        seen, of = checkpoints.named(connection, HUB)
        anew = epoch != of
        found = [_in_log(connection, origin, anew=anew) for origin in checkpoints.heads(connection)]
        if anew or seen != pulled:
            found += [_in_records(connection, node, record, pulled, anew=anew) for record in _may_name(node)]
    news = [each for each in found if each is not None]
    if not anew and seen == pulled and not news:
        return False
    more = any(each.more for each in news)
    with node.database.write() as connection:
        if anew:
            checkpoints.forget_named(connection)
            contents.offer_all_again(connection, node.now())
        for each in news:
            for digest, type_, pk in each.named:
                contents.name(connection, digest, type_, pk, node.now(), sure=each.sure)
            checkpoints.move_named(connection, each.peer, each.upto)
        checkpoints.move_named(connection, HUB, 0 if more else pulled, epoch)
    return more


def belongs(connection: Connection, node: Node, type_: str, pk: str, store: str) -> bool:
    """Return whether the record is here, and is one of the store's or of this node's own."""
    record = node.catalog.records.get(type_)
    if record is None:
        return False
    rows = bulk.by_key(connection, record.table, ("_store",), ("id",), pk)
    return bool(rows) and rows[0][0] in (store, node.store)


def names(connection: Connection, node: Node, store: str, type_: str, pk: str, digest: str) -> bool:
    """Return whether the record is among those that a store holds, and names the content in what the store gets."""
    record = node.catalog.records.get(type_)
    if record is None:
        return False
    columns = ", ".join(map(bulk.quoted, feed.leaving(record)))
    for test, owner in feed.held_by(record, store):
        sql = f'SELECT {columns} FROM {bulk.quoted(record.table)} WHERE {test}"id" = ?'  # noqa: S608 - our names
        for cells in bulk.run(connection, sql, *owner, pk):
            if any(digest in hashes_in(cell) for cell in cells):
                return True
    return False


def _may_name(node: Node) -> list[RecordType]:
    return [
        record
        for record in node.catalog.records.values()
        if any(field.stored and may_hold(field.spec) for field in record.fields.values())
    ]


def _in_log(connection: Connection, origin: str, *, anew: bool) -> _Found | None:
    after, acked = 0 if anew else checkpoints.named(connection, origin)[0], checkpoints.acked(connection, origin)
    if acked <= after:
        return None
    upto = min(after + LINES_MAX, acked)
    sql = "SELECT type, pk, body FROM log WHERE origin = ? AND seq > ? AND seq <= ? AND body LIKE ?"
    lines = bulk.run(connection, sql, origin, after, upto, f"%{SCHEME}%")
    named = [(digest, type_, pk) for type_, pk, body in lines for digest in hashes_in(body)]
    return _Found(origin, upto, upto < acked, named, sure=True)


def _in_records(connection: Connection, node: Node, record: RecordType, pulled: int, *, anew: bool) -> _Found | None:
    """Return what records that came down name; None where none came, which is nearly always so."""
    after = 0 if anew else checkpoints.named(connection, record.key)[0]
    upto = _end(connection, node, record, after, pulled)
    columns = ", ".join(map(bulk.quoted, feed.leaving(record)))
    named, rows = list[tuple[str, str, str]](), 0
    for test, owner in feed.held_by(record, node.store):
        table = bulk.quoted(record.table)
        sql = f'SELECT "id", {columns} FROM {table} WHERE {test}"_hs" > ? AND "_hs" <= ?'  # noqa: S608 - our names
        for pk, *cells in bulk.run(connection, sql, *owner, after, upto):
            rows += 1
            named += [(digest, record.key, pk) for cell in cells for digest in hashes_in(cell)]
    return _Found(record.key, upto, upto < pulled, named) if rows or upto < pulled else None


def _end(connection: Connection, node: Node, record: RecordType, after: int, pulled: int) -> int:
    """Return up to which place of headquarters' order to read in one go."""
    places = [pulled]
    for test, owner in feed.held_by(record, node.store):
        table = bulk.quoted(record.table)
        sql = f'SELECT "_hs" FROM {table} WHERE {test}"_hs" > ? ORDER BY "_hs" LIMIT 1 OFFSET ?'  # noqa: S608 - our names
        places += (hs for (hs,) in bulk.run(connection, sql, *owner, after, LINES_MAX))
    return max(after, min(places))
