"""Closed days: what a node did on a day, all of it at headquarters, counter-signed. Kept by both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from stores.storage import bulk
from stores.storage.system import CLOSING

_COLUMNS = (
    "origin", "day", "store", "after", "seq", "hash", "changes", "records", "waiting", "epoch", "time", "signature",
)  # fmt: skip
_SELECT = f"SELECT {', '.join(map(bulk.quoted, _COLUMNS))} FROM closing"  # noqa: S608 - names of our own


@dataclass(frozen=True, slots=True)
class Closing:
    """The lines of ``origin``'s log after ``after`` up to ``seq``, whose hash is ``hash``: the ``changes`` of a ``day``
    (ISO date), in so many ``records``; ``waiting`` of them are in quarantine. ``signature`` is headquarters' under all
    of it, given at ``time`` (milliseconds, its clock) in ``epoch``."""

    origin: str
    day: str
    store: str
    after: int
    seq: int
    hash: str
    changes: int
    records: int
    waiting: int
    epoch: str
    time: int
    signature: str

    @property
    def statement(self) -> list[object]:
        """What is signed: everything but the signature."""
        return [getattr(self, name) for name in _COLUMNS[:-1]]


def keep(connection: Connection, closing: Closing) -> None:
    """Keep a closed day; closing it again replaces what was kept."""
    bulk.upsert(connection, CLOSING, _COLUMNS, [(*closing.statement, closing.signature)])


def last_of(connection: Connection, origin: str) -> Closing | None:
    """Return the last closed day of a log, or None."""
    rows = bulk.run(connection, f"{_SELECT} WHERE origin = ? ORDER BY day DESC LIMIT 1", origin)
    return _closing(rows[0]) if rows else None


def of_day(connection: Connection, origin: str, day: str) -> Closing | None:
    """Return one closed day of a log, or None."""
    rows = bulk.run(connection, f"{_SELECT} WHERE origin = ? AND day = ?", origin, day)
    return _closing(rows[0]) if rows else None


def latest(connection: Connection) -> list[Closing]:
    """Return the last closed day of every store, by store; of a node that was reborn on that day each log's part."""
    newest = "SELECT max(c.day) FROM closing c WHERE c.store = closing.store"
    return [_closing(row) for row in bulk.run(connection, f"{_SELECT} WHERE day = ({newest}) ORDER BY store, origin")]


def _closing(row: Sequence[Any]) -> Closing:
    return Closing(*row)
