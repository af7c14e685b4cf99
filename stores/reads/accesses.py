"""The access log: who looked at what in clear, or took a list away as a file, and why."""

from __future__ import annotations

from sqlalchemy import Connection

from core.host.contexts import AccessEntry
from core.language.definition import RecordType
from stores import rows
from stores.actor import Actor
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node

ACCESS = "core.access"
EVERYTHING = "*"  # the field of an entry about a whole list


def log(connection: Connection, node: Node, store: str, entry: AccessEntry) -> None:
    """Write one entry in the caller's write transaction, in ``store``, so that it learns what others looked at."""
    access = node.catalog.records[ACCESS]
    values = {
        "who": entry.who,
        "record_type": entry.record_type,
        "record_id": entry.record_id or None,
        "field": entry.field,
        "reason": entry.reason,
        "seen_at": entry.at,
    }
    edit = Edit(access, node.new_id(), store, "create", rows.to_cells(access, values))
    commit(connection, node, Deed(node.new_id(), f"{ACCESS}.log", entry.who, entry.at), [edit])


def log_export(node: Node, actor: Actor, record: RecordType, count: int) -> None:
    """Note that somebody is about to take ``count`` records of a type away as a file; before he gets it."""
    entry = AccessEntry(actor.id, record.key, "", EVERYTHING, f"Excel ({count})", node.now())
    with node.database.write() as connection:
        log(connection, node, actor.store, entry)
    node.committed()
    node.host.tell("read_logged", entry=entry)
