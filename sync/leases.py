"""Leases: how long headquarters keeps tombstones for a node that does not call.

A node that calls holds them until it has seen them. One that has been silent for longer than its lease holds nothing up
any more; when it comes back it may send what it has, and then reads everything again, so that it brings nothing back to
life.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.model.clock import from_iso
from stores.changes import compaction
from stores.node import Node
from stores.storage import checkpoints, counters, credentials, peers, state
from stores.storage.database import Connection
from sync.journal import journal

SWEPT = "leases.swept"  # node_state: when tombstones were last dropped (a cell)


@dataclass(frozen=True, slots=True)
class Lease:
    """One enrolled node: up to where it has read, when it was last heard of (or let in), and whether it has lapsed."""

    node: str
    store: str
    position: int
    heard_at: datetime
    lapsed: bool


def leases(connection: Connection, node: Node, lasts: timedelta) -> list[Lease]:
    """Return the lease of every node that is enrolled, by name."""
    heard = {each.node: each for each in peers.peers(connection)}
    found = []
    for member, store, joined in credentials.joined(connection):
        known = heard.get(member)
        at = max(known.heard_at, from_iso(joined)) if known else from_iso(joined)
        found.append(Lease(member, store, known.position if known else 0, at, node.now() - at > lasts))
    return found


def compact(node: Node, lasts: timedelta, kept: timedelta) -> int:
    """Drop, at headquarters, the tombstones that every node within its lease has seen and that are older than ``kept``.

    Returns how many went.
    """
    with node.database.read() as connection:
        seen = [each.position for each in leases(connection, node, lasts) if not each.lapsed]
        upto = min([*seen, counters.hub_sequence(connection)])
    dropped = compaction.drop(node, upto, node.now() - kept) if upto else 0
    if dropped:
        journal.info("tombstones dropped", extra={"count": dropped})
    return dropped


def is_lapsed(connection: Connection, position: int) -> bool:
    """Say whether a node that has read up to ``position`` may have missed a tombstone that is gone. One that has read
    nothing yet has missed nothing."""
    return 0 < position < compaction.floor(connection)


def follow(node: Node, compacted: int) -> int:
    """Drop, at a branch, what headquarters has dropped, once this node has read up to there; return how many went."""
    with node.database.read() as connection:
        new = compaction.floor(connection) < compacted <= checkpoints.pulled(connection)
    return compaction.drop(node, compacted) if new else 0


def next_sweep(connection: Connection, every: timedelta) -> datetime | None:
    """Return when tombstones are to be dropped next, or None before the first time."""
    last = state.get(connection, SWEPT)
    return None if last is None else from_iso(last) + every
