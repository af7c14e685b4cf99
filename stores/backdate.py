"""A fact that comes in late: undo what timers did after it happened, then go on from there (NC-44, C-13).

Both stand in the log: what the timer did, and its reversal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.language.definition import SYSTEM
from core.language.expressions import Row
from core.model.change import Entry
from core.model.clock import iso
from core.model.errors import ActionRefused, Text
from stores import log, rows
from stores.commit import Deed, Edit, commit

if TYPE_CHECKING:
    from stores.act import Work


def rewind(work: Work) -> Row | None:
    """Take the record back to how it stood at ``work.now`` and return it; refuse what is not allowed.

    Only the system's own later steps are undone. Once a person has acted on the record after that moment,
    the late fact no longer fits and is refused.
    """
    _check_window(work)
    if work.old is None:
        return None
    later = _later_entries(work)
    if not later:
        return work.old
    if any(entry.actor != SYSTEM for entry in later):
        raise ActionRefused.of(
            "acted-since",
            "somebody has acted on this record after that time",
            "在该时间之后已有人操作过此记录",
            fix=Text("look at its history and act from its present state", "请查看历史并按当前状态操作"),
        )
    return _undo(work, work.old, later)


def _check_window(work: Work) -> None:
    window, node_now = work.action.backdate, work.node.now()
    if work.now > node_now:
        raise ActionRefused.of("in-the-future", "this time has not come yet", "该时间尚未到来", field="at")
    if window is None:
        raise ActionRefused.of(
            "no-backdating",
            f"`{work.action.label.en}` counts from when it is entered",
            f"“{work.action.label.zh}”以录入时间为准",
            field="at",
            fix=Text("leave the time out", "请去掉时间"),
        )
    if node_now - work.now > window.timedelta:
        raise ActionRefused.of(
            "too-long-ago",
            f"this may be entered at most {window} later",
            f"最多只能补录 {window} 以内的情况",
            field="at",
        )


def _later_entries(work: Work) -> Sequence[Entry]:
    """Return the record's log after the moment, newest first."""
    at = iso(work.now)
    entries = log.history(work.connection, work.record.key, work.draft.id)
    return [entry for entry in reversed(entries) if entry.at > at and entry.kind == "update"]


def _undo(work: Work, row: Row, later: Sequence[Entry]) -> Row:
    back = {name: old for entry in later for name, (old, _) in entry.body.items()}
    edits = [Edit(work.record, row.id, str(row.values["store"]), "update", back)]
    for entry in later:
        edits += _counter_entries(work, entry)
    action = f"{work.record.key}.{work.action.name}"
    facts: dict[str, object] = {"undoes": [entry.tx for entry in later], "because": action, "at": iso(work.now)}
    commit(work.connection, work.node, Deed(work.node.new_id(), "core.undo", SYSTEM, _now(work), facts), edits)
    return rows.get(work.connection, work.node, work.record, row.id)


def _counter_entries(work: Work, entry: Entry) -> list[Edit]:
    """Return, for each ledger entry a timer's step had made, the entry that takes it back."""
    edits = []
    for ledger in work.node.catalog.plugin(work.record.plugin).ledgers:
        record = work.node.catalog.record(work.record.plugin, ledger)
        table = work.node.table(record)
        made = work.connection.execute(
            select(table).where(table.c.source_id == entry.pk, table.c.at == entry.at)
        ).mappings()
        for found in made:
            given = rows.from_cells(record, dict(found)).values
            amount = given["amount"]
            counter = given | {"amount": -amount, "counter_of": found["id"], "at": work.now}  # type: ignore[operator]
            counter["source_action"] = work.action.name
            cells = rows.to_cells(record, counter)
            edits.append(Edit(record, work.node.new_id(), work.world.store, "create", cells))
    return edits


def _now(work: Work) -> datetime:
    return work.node.now()
