"""Giving up a change that headquarters cannot merge: somebody decides it, with a reason, and it leaves a trace.

The line stays in the log for good; only its turn to be merged is over. The store that sent it holds what it wrote all
the same, so headquarters writes the record once more as it stands here (or, where it has none, as deleted): that goes
down and takes its place. A conflict record that is closed already tells the store what became of its work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from core.model.change import Entry
from core.model.errors import NodeError, NotFound, Text
from stores.actor import Actor
from stores.changes import held, log, quarantine
from stores.changes.commit import Deed, Edit, commit
from stores.changes.conflicts import CONFLICT
from stores.changes.quarantine import Kept
from stores.node import Node

DISCARD = f"{CONFLICT}.discard"


def discard(connection: Connection, node: Node, origin: str, tx: str, actor: Actor, reason: str) -> list[Entry]:
    """Give up the held-back lines of one action in the caller's write transaction; return the lines written for it.

    Raises NotFound when nothing of it is held back any more, NodeError without a reason. What waited behind it is to be
    tried again by the caller (``apply.retry``).
    """
    if not reason.strip():
        raise NodeError.of(
            "reason-missing", "say why the change is given up; it is logged", "请填写放弃原因，系统将予以记录",
            fix=Text("enter a reason", "请填写原因"), field="reason",
        )  # fmt: skip
    lines = quarantine.of_deed(connection, origin, tx) if tx else []
    if not lines:
        raise NotFound.of("not-held-back", "this change is not held back any more", "该更改已不在隔离中")
    entries = {entry.seq: entry for entry in log.of_deed(connection, origin, lines[0].seq)}
    quarantine.drop(connection, origin, tx)
    edits = [*_restated(connection, node, lines), *_traces(node, lines, entries)]
    facts = {"reason": reason.strip(), "discarded": [origin, min(kept.seq for kept in lines)]}
    return commit(connection, node, Deed(node.new_id(), DISCARD, actor.id, node.now(), facts), edits)


def _restated(connection: Connection, node: Node, lines: Sequence[Kept]) -> Iterator[Edit]:
    """Yield what sends down the records as headquarters has them; of a type nobody knows here there is nothing."""
    for type_, pk, sender in dict.fromkeys((kept.type, kept.pk, kept.sender) for kept in lines):
        record = node.catalog.records.get(type_)
        if record is None:
            continue
        known = held.load(connection, node.tables[type_], [pk], ()).get(pk)
        if known is not None:
            yield Edit(record, pk, known.store, "update")
        else:
            yield Edit(record, pk, sender, "create")
            yield Edit(record, pk, sender, "delete")


def _traces(node: Node, lines: Sequence[Kept], entries: dict[int, Entry]) -> Iterator[Edit]:
    for kept in lines:
        entry = entries[kept.seq]
        cells = {
            "kind": "refused",
            "record_type": kept.type,
            "record_id": kept.pk,
            "theirs_by": entry.actor,
            "theirs_at": entry.at,
            "theirs_origin": entry.origin,
            "outcome": "current",
            "detail": f"{kept.why.zh} / {kept.why.en}",
            "keep": "current",
            "state": "resolved",
        }
        yield Edit(node.catalog.records[CONFLICT], node.new_id(), kept.sender, "create", cells)
