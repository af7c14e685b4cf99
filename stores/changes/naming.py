"""Which contents the log and the records of this node name, found by reading them: nobody who writes needs to tell."""

from __future__ import annotations

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


def note(node: Node) -> bool:
    """Take note of the contents that new lines of the log and new records name; return whether there is more to read.

    What was ever written here goes up, also when the record names something else by now; what records that came down
    name is wanted here: the store works without a network, its pictures too. Headquarters in another epoch may have
    lost what it held: then everything is looked through again.
    """
    with node.database.read() as connection:
        epoch, pulled = checkpoints.epoch(connection), checkpoints.pulled(connection)
        seen, of = checkpoints.named(connection, HUB)
        logs = [each for each in checkpoints.heads(connection) if _is_behind(connection, each)]
    if epoch == of and seen == pulled and not logs:
        return False
    with node.database.write() as connection:
        if epoch != of:
            checkpoints.forget_named(connection)
            contents.offer_all_again(connection, node.now())
        more = [_note_log(connection, node, origin) for origin in logs]
        more += [_note_records(connection, node, record, pulled) for record in _may_name(node)]
        checkpoints.move_named(connection, HUB, seen if any(more) else pulled, epoch)
    return any(more)


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


def _is_behind(connection: Connection, origin: str) -> bool:
    return checkpoints.named(connection, origin)[0] < checkpoints.acked(connection, origin)


def _may_name(node: Node) -> list[RecordType]:
    return [
        record
        for record in node.catalog.records.values()
        if any(field.stored and may_hold(field.spec) for field in record.fields.values())
    ]


def _note_log(connection: Connection, node: Node, origin: str) -> bool:
    after, acked = checkpoints.named(connection, origin)[0], checkpoints.acked(connection, origin)
    upto = min(after + LINES_MAX, acked)
    sql = "SELECT type, pk, body FROM log WHERE origin = ? AND seq > ? AND seq <= ? AND body LIKE ?"
    for type_, pk, body in bulk.run(connection, sql, origin, after, upto, f"%{SCHEME}%"):
        for digest in hashes_in(body):
            contents.name(connection, digest, type_, pk, node.now(), sure=True)
    checkpoints.move_named(connection, origin, upto)
    return upto < acked


def _note_records(connection: Connection, node: Node, record: RecordType, pulled: int) -> bool:
    after = checkpoints.named(connection, record.key)[0]
    upto = _end(connection, node, record, after, pulled)
    columns = ", ".join(map(bulk.quoted, feed.leaving(record)))
    for test, owner in feed.held_by(record, node.store):
        table = bulk.quoted(record.table)
        sql = f'SELECT "id", {columns} FROM {table} WHERE {test}"_hs" > ? AND "_hs" <= ?'  # noqa: S608 - our names
        for pk, *cells in bulk.run(connection, sql, *owner, after, upto):
            for digest in (digest for cell in cells for digest in hashes_in(cell)):
                contents.name(connection, digest, record.key, pk, node.now())
    checkpoints.move_named(connection, record.key, upto)
    return upto < pulled


def _end(connection: Connection, node: Node, record: RecordType, after: int, pulled: int) -> int:
    """Return up to which place of headquarters' order to read in one go."""
    places = [pulled]
    for test, owner in feed.held_by(record, node.store):
        table = bulk.quoted(record.table)
        sql = f'SELECT "_hs" FROM {table} WHERE {test}"_hs" > ? ORDER BY "_hs" LIMIT 1 OFFSET ?'  # noqa: S608 - our names
        places += (hs for (hs,) in bulk.run(connection, sql, *owner, after, LINES_MAX))
    return max(after, min(places))
