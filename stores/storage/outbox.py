"""What is to leave the node or be told to plugins once an action is durable: written with it, kept until it is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from core.model.clock import from_iso, iso
from stores.storage import bulk
from stores.storage.system import OUTBOX

Kind = Literal["event", "notice"]
_COLUMNS = ("id", "kind", "about", "channel", "body", "created_at", "next_at", "tries")


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to deliver. ``id`` is the same at every attempt: by it a receiver knows what it has had already.

    An ``event`` carries its ``body`` (JSON); of a ``notice`` (``about`` is its id) the record is read when it leaves.
    """

    id: str
    kind: Kind
    about: str
    channel: str
    body: str | None
    created_at: datetime
    tries: int


def put(
    connection: Connection, kind: Kind, about: str, now: datetime, *, channel: str = "", body: str | None = None
) -> None:
    """Add a parcel in the transaction of what it tells about; it is due at once."""
    id_ = f"{kind}/{about}/{channel}" if channel else f"{kind}/{about}"
    at = iso(now)
    bulk.insert(connection, OUTBOX, _COLUMNS, [(id_, kind, about, channel, body, at, at, 0)])


def due(connection: Connection, now: datetime, limit: int) -> list[Parcel]:
    """Return what is to be tried now, the oldest first."""
    sql = (
        "SELECT id, kind, about, channel, body, created_at, tries FROM outbox"
        " WHERE next_at <= ? ORDER BY next_at, id LIMIT ?"
    )
    found = bulk.run(connection, sql, iso(now), limit)
    return [Parcel(row[0], row[1], row[2], row[3], row[4], from_iso(row[5]), row[6]) for row in found]


def next_due(connection: Connection) -> datetime | None:
    """Return when to look again, None when nothing waits."""
    ((cell,),) = bulk.run(connection, "SELECT min(next_at) FROM outbox")
    return from_iso(cell) if cell else None


def done(connection: Connection, parcel: Parcel, now: datetime, receipt: str | None) -> None:
    """Take a parcel out; one with a receipt stays to be looked up until ``purge``."""
    if receipt is None:
        bulk.run_only(connection, "DELETE FROM outbox WHERE id = ?", parcel.id)
        return
    sql = "UPDATE outbox SET next_at = NULL, fault = NULL, receipt = ?, done_at = ? WHERE id = ?"
    bulk.run_only(connection, sql, receipt, iso(now), parcel.id)


def failed(connection: Connection, parcel: Parcel, fault: str, again: datetime | None) -> None:
    """Note why a parcel could not be delivered and when to try again; None sets it aside for a person to see."""
    sql = "UPDATE outbox SET next_at = ?, fault = ?, tries = ? WHERE id = ?"
    bulk.run_only(connection, sql, iso(again) if again else None, fault, parcel.tries + 1, parcel.id)


def purge(connection: Connection, before: datetime) -> None:
    """Forget receipts, and what was set aside, from before a moment."""
    bulk.run_only(connection, "DELETE FROM outbox WHERE next_at IS NULL AND created_at < ?", iso(before))


def counts(connection: Connection) -> tuple[int, int]:
    """Return how much waits, and how much was set aside undelivered."""
    sql = "SELECT count(next_at), count(*) - count(next_at) - count(done_at) FROM outbox"
    ((waiting, aside),) = bulk.run(connection, sql)
    return int(waiting), int(aside)
