"""Where this node's counting stands: read once in a write transaction, counted on, and kept before it ends.

Nothing is numbered by looking for the largest number so far: a line removed from the end of the log would then
have its number given out twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.model.change import GENESIS
from stores.node import Node
from stores.storage import bulk, marks
from stores.storage.checkpoints import stand
from stores.storage.system import NODE_STATE

LEAP = 1 << 40  # places; a chain that gave out a million a second would need twelve days for them
PLACES_A_MS = 1 << 20  # more than any hub gives out
HS = "hs"  # node_state: the hub's order, the number of its last transaction
_CLOCK = (  # an older database has it among its facts, until something is written
    "coalesce((SELECT position FROM checkpoint WHERE peer = '' AND stream = 'clock'), "
    "(SELECT CAST(value AS BIGINT) FROM node_state WHERE key = 'hlc'))"
)
_STANDING = (  # one question for all of it, four looks by key: every action asks it
    f"SELECT {_CLOCK}, "  # noqa: S608 - SQL of our own
    "(SELECT value FROM node_state WHERE key = ?), "
    "(SELECT position FROM checkpoint WHERE peer = ? AND stream = 'head'), "
    "(SELECT proof FROM checkpoint WHERE peer = ? AND stream = 'head')"
)


@dataclass(slots=True)
class Counters:
    """The counters of one node inside one write transaction. ``save`` keeps them in it."""

    origin: str
    seq: int
    hash: str
    hlc: int
    hs: int
    began: int = 0  # the hub's order when they were read
    mark: str = ""  # of the places given out since; see ``marks``

    def next_hs(self) -> int:
        """Give out the next place in the hub's order; it is commit order, because there is one writer."""
        self.hs += 1
        return self.hs


def load(connection: Connection, node: Node) -> Counters:
    """Return where the node stands. The clock is told what was kept, so that it never goes back (sync.md 6)."""
    origin = node.identity.origin
    ((stamp, place, seq, digest),) = bulk.run(connection, _STANDING, HS, origin, origin)
    hlc, hs = stamp or 0, int(place or 0)
    node.clock.observe(hlc)
    mark = node.new_id() if node.is_hub else ""
    return Counters(origin, seq or 0, digest or GENESIS, hlc, hs, hs, mark)


def save(connection: Connection, counters: Counters) -> None:
    """Keep the counters in the caller's transaction: they are durable exactly when what they number is."""
    if counters.hs > counters.began:
        bulk.upsert(connection, NODE_STATE, ("key", "value"), [(HS, str(counters.hs))])
        marks.put(connection, counters.began, counters.hs, counters.mark)
        counters.began = counters.hs
    stand(connection, counters.hlc, counters.origin, counters.seq, counters.hash)


def hub_sequence(connection: Connection) -> int:
    """Return the number of the hub's last transaction; 0 on a node that is no hub."""
    kept = bulk.run(connection, "SELECT value FROM node_state WHERE key = ?", HS)
    return int(kept[0][0]) if kept else 0


def leap(connection: Connection, now_ms: int) -> int:
    """Go on far above every place of the order that may have been given out and forgotten: the hub was restored.

    A backup may be put back twice, and forgets the first time then: only the clock tells the two leaps apart, so it is
    the clock that says how far; ``LEAP`` only where it stands behind what was given out. Returns the place from which
    the hub goes on.
    """
    known, place = hub_sequence(connection), now_ms * PLACES_A_MS
    if place <= known:
        place = known + LEAP
    bulk.upsert(connection, NODE_STATE, ("key", "value"), [(HS, str(place))])
    return place


def clock_stamp(connection: Connection) -> int:
    """Return the last clock stamp this node has given out or heard of."""
    ((stamp,),) = bulk.run(connection, f"SELECT {_CLOCK}")
    return stamp or 0
