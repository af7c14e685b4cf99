"""Giving up a change that headquarters cannot merge: somebody decides it, with a reason, and it leaves a trace.

The line stays in the log for good; only its turn to be merged is over. The store that sent it holds what it wrote all
the same, so headquarters writes the record once more as it stands here (or, where it has none, as deleted): that goes
down and takes its place. Of a type that no plugin here knows that is done once one does. A conflict record that is
closed already tells the store what became of its work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from core.language.definition import SYSTEM
from core.model.change import Entry
from core.model.errors import NodeError, NotFound, Text
from stores.actor import Actor
from stores.changes import held, log, quarantine
from stores.changes.commit import Deed, Edit, commit
from stores.changes.conflicts import CONFLICT
from stores.changes.quarantine import Kept, Key
from stores.node import Node
from stores.storage import state

DISCARD = f"{CONFLICT}.discard"
_NOTED = "discarded.unknown"  # node_state: JSON, what was given up of types that no plugin here knew

Told = tuple[str, str, str]  # record type, record, the store that sent the change


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
    told = [(kept.type, kept.pk, kept.sender) for kept in lines]
    _remember(connection, [each for each in told if each[0] not in node.catalog.records])
    edits = [*_restated(connection, node, told), *_traces(node, lines, entries)]
    facts = {"reason": reason.strip(), "discarded": [origin, min(kept.seq for kept in lines)]}
    return commit(connection, node, Deed(node.new_id(), DISCARD, actor.id, node.now(), facts), edits)


def settle(connection: Connection, node: Node) -> tuple[Key, ...]:
    """Send down the records of which a change was given up while no plugin here knew their type, now that one does;
    return them. Without it their store would hold what was given up, and the next comparison would bring it back."""
    noted: list[Told] = [(type_, pk, sender) for type_, pk, sender in json.loads(state.get(connection, _NOTED) or "[]")]
    known = [each for each in noted if each[0] in node.catalog.records]
    if not known:
        return ()
    _note(connection, [each for each in noted if each not in known])
    commit(connection, node, Deed(node.new_id(), DISCARD, SYSTEM, node.now()), [*_restated(connection, node, known)])
    return tuple((type_, pk) for type_, pk, _ in known)


def _remember(connection: Connection, unknown: Sequence[Told]) -> None:
    if unknown:
        noted = json.loads(state.get(connection, _NOTED) or "[]")
        _note(connection, [*noted, *unknown])


def _note(connection: Connection, noted: Sequence[Told]) -> None:
    state.put(connection, _NOTED, json.dumps(noted) if noted else None)


def _restated(connection: Connection, node: Node, told: Sequence[Told]) -> Iterator[Edit]:
    """Yield what sends down the records as headquarters has them; of a type nobody knows here there is nothing yet."""
    for type_, pk, sender in dict.fromkeys(told):
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
