"""A fact that comes in late: undo what timers did after it happened, then go on from there (NC-44, C-13).

Both stand in the log: what the timer did, and its reversal. A timer's step is taken back whole: a record that it
made is deleted (its values stay in the log), one that it changed becomes what it was, a ledger entry is countered.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import cast

from sqlalchemy import select

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Row
from core.model.change import Entry
from core.model.clock import iso
from core.model.duration import Duration
from core.model.errors import ActionRefused, Text
from stores import rows
from stores.acts import timers, undoing
from stores.acts.figures import inactive
from stores.acts.messages import value_or_none
from stores.acts.work import Work
from stores.changes import log
from stores.changes.commit import Deed, Edit, commit
from stores.changes.older import lift_all

UNDO = "core.undo"


def check_window(work: Work) -> None:
    """Refuse a time that has not come yet, or that lies further back than the action allows."""
    window, node_now = _window(work), work.node.now()
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
    if node_now > work.world.calendar().after(work.now, window):
        raise ActionRefused.of(
            "too-long-ago",
            f"this may be entered at most {window.words.en} later",
            f"最多只能补录 {window.words.zh}以内的情况",
            field="at",
        )


def rewind(work: Work, old: Row) -> Row:
    """Take the record back to how it stood at ``work.now`` and return it; refuse what is not allowed.

    Only the system's own later steps are undone. Once a person has acted on the record after that moment, the late
    fact no longer fits and is refused. A request that comes in late has no window to keep, but it takes back
    no more than a late entry could: where somebody has acted since, it meets the record as it stands.
    """
    if work.call.replayed and work.action.backdate is None:
        return old
    later = _later_entries(work)
    by_people = any(entry.actor != SYSTEM or entry.kind != "update" for entry in later)
    if not later or (by_people and work.call.replayed):
        return old
    if by_people:
        raise ActionRefused.of(
            "acted-since",
            "somebody has acted on this record after that time",
            "在该时间之后已有人操作过此记录",
            fix=Text("look at its history and act from its present state", "请查看历史并按当前状态操作"),
        )
    return _undo(work, old, later)


def _window(work: Work) -> Duration | None:
    """Return how far back this action may be dated; None when it may not, or nobody has configured how far."""
    rule = work.action.backdate
    if rule is None or inactive(rule, work.env):
        return None
    return cast("Duration | None", value_or_none(rule, work.env))


def _later_entries(work: Work) -> Sequence[Entry]:
    """Return the record's log after the moment, newest first, without what has been taken back already."""
    at = iso(work.now)
    entries = lift_all(work.node.catalog, log.history(work.connection, work.record.key, work.draft.id))
    undone: set[str] = set()
    for entry in entries:
        if entry.action == UNDO:
            undone |= {entry.tx, *cast("list[str]", (entry.facts or {})["undoes"])}
    return [entry for entry in reversed(entries) if entry.at > at and entry.tx not in undone]


def _undo(work: Work, row: Row, later: Sequence[Entry]) -> Row:
    back = {name: old for entry in later for name, (old, _) in entry.body.items()}
    edits = [Edit(work.record, row.id, str(row.values["store"]), "update", back)]
    for entry in later:
        edits += _counter_entries(work, entry)
        edits += undoing.of_others(work.connection, work.node, entry)
    action = f"{work.record.key}.{work.action.name}"
    facts: dict[str, object] = {"undoes": [entry.tx for entry in later], "because": action, "at": iso(work.now)}
    deed = Deed(work.node.new_id(), UNDO, SYSTEM, work.node.now(), facts)
    written = commit(work.connection, work.node, deed, edits)
    timers.rearm(work.connection, work.node, [(e.type, e.pk) for e in written if e.pk != row.id], work.now)
    return rows.get(work.connection, work.node, work.record, row.id)


def _counter_entries(work: Work, entry: Entry) -> list[Edit]:
    """Return what takes back the ledger entries of a timer's step: a counter-entry beside each (C-10).

    A proposal that nobody has confirmed yet is rejected: there is nothing to counter.
    """
    edits: list[Edit] = []
    for ledger in work.node.catalog.plugin(work.world.plugin).ledgers:
        record = work.node.catalog.record(work.world.plugin, ledger)
        for found in _made_by(work, record, entry):
            state = found.values["state"]
            if state == "proposed":
                edits.append(_stated(record, found, "rejected"))
            elif state in {"posted", "confirmed"}:
                edits += [_stated(record, found, "countered"), _counter(work, record, found)]
    return edits


def _made_by(work: Work, record: RecordType, entry: Entry) -> list[Row]:
    table = work.node.table(record)
    made = work.connection.execute(
        select(table).where(
            table.c.source_id == entry.pk,
            table.c.at == entry.at,
            table.c.source_action == entry.action.rpartition(".")[2],
            table.c.counter_of.is_(None),
        )
    ).mappings()
    return [rows.from_cells(record, dict(found)) for found in made]


def _stated(record: RecordType, row: Row, state: str) -> Edit:
    return Edit(record, row.id, str(row.values["store"]), "update", {"state": state})


def _counter(work: Work, record: RecordType, row: Row) -> Edit:
    amount = cast(Decimal, row.values["amount"])
    values = row.values | {"amount": -amount, "counter_of": row.id, "at": work.now, "source_action": work.action.name}
    return Edit(record, work.node.new_id(), str(row.values["store"]), "create", rows.to_cells(record, values))
