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


_STORES = (  # every store that has closed a day, one step along the index each
    "WITH RECURSIVE stores(store) AS (SELECT min(store) FROM closing UNION ALL "
    "SELECT (SELECT min(closing.store) FROM closing WHERE closing.store > stores.store) FROM stores "
    "WHERE stores.store IS NOT NULL)"
)
_OF_STORES = (
    f"SELECT {', '.join(f'closing.{bulk.quoted(name)}' for name in _COLUMNS)} "  # noqa: S608 - names of our own
    "FROM stores JOIN closing ON closing.store = stores.store"
)
_NEVER = "9999-12-31"  # later than any day


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
    """Return the last closed day of every store, by store; of a node that was reborn on that day each log's part.

    A few steps along the index per store, however many days are kept.
    """
    newest = "SELECT max(last.day) FROM closing AS last WHERE last.store = stores.store"
    sql = f"{_STORES} {_OF_STORES} AND closing.day = ({newest}) ORDER BY closing.store, closing.origin"
    return [_closing(row) for row in bulk.run(connection, sql)]


def last_day(connection: Connection, store: str) -> list[Closing]:
    """Return the last closed day of one store, each log's part; empty when no day has been closed."""
    sql = f"{_SELECT} WHERE store = ? AND day = (SELECT max(day) FROM closing WHERE store = ?) ORDER BY origin"  # noqa: S608 - names of our own
    return [_closing(row) for row in bulk.run(connection, sql, store, store)]


def since(connection: Connection, day: str) -> list[Closing]:
    """Return the days of every store that were closed from ``day`` on, by store and day."""
    sql = f"{_STORES} {_OF_STORES} AND closing.day >= ? ORDER BY closing.store, closing.day, closing.origin"
    return [_closing(row) for row in bulk.run(connection, sql, day)]


def of_store(connection: Connection, store: str, before: str | None, limit: int) -> list[Closing]:
    """Return up to ``limit`` closed days of one store, the latest first, those ``before`` a day; each log's part."""
    first = "SELECT DISTINCT day FROM closing WHERE store = ? AND day < ? ORDER BY day DESC LIMIT ?"
    sql = (
        f"{_SELECT} WHERE store = ? AND day < ? AND day >= (SELECT min(day) FROM ({first}) AS days) "  # noqa: S608 - names of our own
        "ORDER BY day DESC, origin"
    )
    asked = (store, before or _NEVER)
    return [_closing(row) for row in bulk.run(connection, sql, *asked, *asked, limit)]


def _closing(row: Sequence[Any]) -> Closing:
    return Closing(*row)
