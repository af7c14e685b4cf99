"""Headquarters' side of a first load: a snapshot is given out piece by piece, each made when it is asked for.

Nothing is kept of it here: the question tells all that a piece needs. So a load that was cut goes on where it was, also
after headquarters was started again.
"""

from __future__ import annotations

from dataclasses import replace

from stores.changes import snapshot as snapshots
from stores.node import Node
from stores.storage.credentials import Credential
from sync import keys, leases
from sync.callers import check_caller
from sync.hub import seals
from sync.hub.server import is_strange
from sync.protocol import Snapshot, SnapshotAnswer
from sync.wire.squeezing import squeezed

LEVEL = 1  # of zstd: most of a piece is ids and stamps, which no level makes smaller


def snapshot(node: Node, caller: Credential, question: Snapshot) -> SnapshotAnswer:
    """Return the piece asked for; the first one, of how things stand now, to who does not name a place."""
    check_caller(caller, question.origin, caller.store)
    with node.database.read() as connection:
        hub = keys.hub(connection)
        lapsed = leases.is_lapsed(connection, question.at)
        if lapsed or is_strange(connection, hub, question.epoch, question.at, question.seal):
            return SnapshotAnswer(b"", "", 0, "", None, restart=True)
        told = snapshots.about(connection, node, caller.store, question.origin, hub.epoch)
        if question.at:
            told = replace(told, at=question.at)
        seal = question.seal if question.at else seals.seal(connection, hub, told.at)
        image, after = snapshots.piece(connection, node, told, question.after)
    data = squeezed(image, LEVEL)
    return SnapshotAnswer(data, snapshots.digest_of(data), told.at, seal, after)
