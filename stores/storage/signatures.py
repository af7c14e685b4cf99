"""Headquarters' signed receipts, kept by the branch: proof of what was sent and when."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from stores.storage import bulk
from stores.storage.system import RECEIPT


@dataclass(frozen=True, slots=True)
class Signature:
    """The hub's signature under "I hold this log up to ``seq``, whose hash is ``hash``". ``time`` is milliseconds."""

    origin: str
    seq: int
    hash: str
    epoch: str
    time: int
    signature: str


_COLUMNS = ("origin", "seq", "hash", "epoch", "time", "signature")


def keep(connection: Connection, kept: Signature) -> None:
    """Keep a receipt in the transaction of the acknowledgement; one for the same place replaces the one before."""
    values = (kept.origin, kept.seq, kept.hash, kept.epoch, kept.time, kept.signature)
    bulk.upsert(connection, RECEIPT, _COLUMNS, [values])


def latest(connection: Connection, origin: str) -> Signature | None:
    """Return the receipt that covers most of a log, or None."""
    newest = select(RECEIPT).where(RECEIPT.c.origin == origin).order_by(RECEIPT.c.seq.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else Signature(row.origin, row.seq, row.hash, row.epoch, row.time, row.signature)
