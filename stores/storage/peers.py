"""What headquarters has last heard of each node: when, how far both have got, and what the node tells of itself.

It is written beside the calls of sync and decides nothing: what is really held stands in the log and its heads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from core.model.clock import from_iso, iso
from core.model.values import canonical_json
from stores.storage import bulk
from stores.storage.system import PEER

REFRESHED_AFTER = timedelta(seconds=20)  # a node calls after every commit: more often than this is not worth a write
_COLUMNS = ("node", "store", "heard_at", "origin", "head", "position", "ahead_ms", "report")


@dataclass(frozen=True, slots=True)
class Peer:
    """One node as it was when it last called. ``report`` is what it said about itself, as plain data."""

    node: str
    store: str
    heard_at: datetime
    origin: str
    head: int
    position: int
    ahead_ms: int
    report: Mapping[str, Any] = field(default_factory=dict)


def is_news(known: Peer | None, heard: Peer) -> bool:
    """Return whether a call is worth writing down: something people look at has changed, or some time has passed."""
    if known is None or known.origin != heard.origin or known.store != heard.store:
        return True
    told, tells = ({k: v for k, v in each.report.items() if k not in _MOVING} for each in (known, heard))
    return told != tells or heard.heard_at - known.heard_at >= REFRESHED_AFTER


_MOVING = ("waiting", "oldest")  # differ at every call of a busy shop


def hear(connection: Connection, peer: Peer) -> None:
    """Write down what a node has said."""
    report = canonical_json(dict(peer.report))
    row = (peer.node, peer.store, iso(peer.heard_at), peer.origin, peer.head, peer.position, peer.ahead_ms, report)
    bulk.upsert(connection, PEER, _COLUMNS, [row])


def peer(connection: Connection, node: str) -> Peer | None:
    """Return what was last heard of a node, or None."""
    rows = bulk.by_key(connection, "peer", _COLUMNS, ("node",), node)
    return _peer(rows[0]) if rows else None


def peers(connection: Connection, store: str = "") -> list[Peer]:
    """Return what was last heard of every node, or of those of one store, by name."""
    sql = f"SELECT {_NAMES} FROM peer WHERE ? IN ('', store) ORDER BY node"  # noqa: S608 - names of our own
    return [_peer(row) for row in bulk.run(connection, sql, store)]


_NAMES = ", ".join(_COLUMNS)


def _peer(row: bulk.Values) -> Peer:
    node, store, heard_at, origin, head, position, ahead_ms, report = row
    return Peer(node, store, from_iso(heard_at), origin, head, position, ahead_ms, json.loads(report))
