"""What an action does to records other than its own: changes them, takes ledger entries back, lets them stand again.

All of it belongs to the action's own store and its one transaction. Nothing cascades: a changed record runs no
action, only its timers are armed anew. So an action always ends, and its log says all that it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import cast

from sqlalchemy import select

from core.language.definition import RecordType
from core.language.expressions import Aggregate, Row
from core.language.outcomes import Outcome, Sweep, Update
from stores import rows
from stores.acts.figures import inactive
from stores.acts.fitting import fitting
from stores.acts.work import Work
from stores.lowering import matching

TAKEN_BACK = {"proposed": "rejected", "posted": "countered", "confirmed": "countered"}
COUNTING = {"rejected": "proposed", "countered": "countered"}  # a restored entry that counted is entered once more


def reach_out(work: Work, outcome: Outcome) -> None:
    """Gather what an outcome does to other records: ledger entries first, then the records it changes."""
    for sweep in outcome.sweep:
        _sweep(work, sweep)
    for update in outcome.update:
        _change(work, update)


def _change(work: Work, update: Update) -> None:
    """Change every record that ``update`` means; the action's own is written by its own ``set``."""
    record = work.node.catalog.records[update.record]
    for row in _found(work, record, update.query):
        env = work.env.having(**{update.query.name: row})
        for name, formula in update.set.items():
            if not inactive(formula, env):
                row.values[name] = fitting(record, name, formula(env))
        if update.to is not None:
            row.values["state"] = update.to
        work.gathered.updated[record.key, row.id] = (record, row)


def _sweep(work: Work, what: Sweep) -> None:
    """Take entries of a ledger back, or let them stand again.

    A proposal changes its state. What counted gets a counter-entry: nothing that counted is ever changed (C-10).
    """
    record = work.node.catalog.record(work.world.plugin, what.ledger)
    for row in _found(work, record, what.query):
        before = str(row.values["state"])
        if what.restores:
            _restore(work, record, row, before)
        elif before in TAKEN_BACK and row.values["counter_of"] is None:
            _take_back(work, record, row, before)


def _take_back(work: Work, record: RecordType, row: Row, before: str) -> None:
    row.values |= {"state": TAKEN_BACK[before], "voided_by": work.draft.id}
    work.gathered.updated[record.key, row.id] = (record, row)
    if before != "proposed":
        _enter_again(work, record, row, before, sign=-1)


def _restore(work: Work, record: RecordType, row: Row, before: str) -> None:
    if row.values["voided_by"] is None or before not in COUNTING:
        return
    row.values |= {"state": COUNTING[before], "voided_by": None}
    work.gathered.updated[record.key, row.id] = (record, row)
    if before == "countered":
        _enter_again(work, record, row, _standing(record), sign=1)


def _enter_again(work: Work, record: RecordType, row: Row, state: str, *, sign: int) -> None:
    """Enter the same once more: with the opposite sign beside what it takes back, or to count anew."""
    again = dict(row.values) | {
        "amount": sign * cast(Decimal, row.values["amount"]),
        "counter_of": row.id if sign < 0 else None,
        "voided_by": None,
        "at": work.now,
        "state": state,
    }
    for name in rows.HIDDEN:
        again.pop(name, None)
    work.gathered.created.append((record, Row(record.key, work.node.new_id(), again)))


def _standing(record: RecordType) -> str:
    return "confirmed" if "confirmed" in record.states else "posted"


def _found(work: Work, record: RecordType, query: Aggregate) -> Iterator[Row]:
    """Yield the records meant, as they stand now or as this action has already changed them, in order of their ids."""
    table = work.node.table(record)
    wanted = matching(work.world, work.env, query, work.node.database.dialect)
    found = work.connection.execute(
        select(table)
        .where(wanted, table.c._store == work.world.store, table.c.id != work.draft.id)
        .order_by(table.c.id)
    )
    for cells in found.mappings().all():
        changed = work.gathered.updated.get((record.key, str(cells["id"])))
        row = changed[1] if changed else rows.from_cells(record, dict(cells))
        work.world.put(row)
        yield row
