"""Which history a place in the hub's order belongs to: every transaction of the hub leaves a mark nobody can guess.

A hub that was put back to an earlier state gives the same places out again, to other changes. Only a mark tells the
two apart: the number alone would let a branch skip what it has never seen.
"""

from __future__ import annotations

from sqlalchemy import Connection

from stores.storage import bulk
from stores.storage.system import MARK

KEPT_PLACES = 1_000_000  # a branch that is further behind than this has seen nothing that could have been forgotten
_PRUNED_EVERY = 4_096  # places


def put(connection: Connection, began: int, ended: int, mark: str) -> None:
    """Mark the places after ``began`` up to ``ended`` in the transaction that gives them out; drop old marks."""
    bulk.insert(connection, MARK, ("hs", "mark"), [(ended, mark)])
    if began // _PRUNED_EVERY != ended // _PRUNED_EVERY:
        bulk.run_only(connection, "DELETE FROM mark WHERE hs < ?", ended - KEPT_PLACES)


def at(connection: Connection, place: int) -> str:
    """Return the mark of the transaction that gave a place out; empty for one from before all marks that are kept."""
    sql = "SELECT mark FROM mark WHERE hs >= ? AND EXISTS (SELECT 1 FROM mark WHERE hs <= ?) ORDER BY hs LIMIT 1"
    rows = bulk.run(connection, sql, place, place)
    return rows[0][0] if rows else ""
