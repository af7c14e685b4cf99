"""Seals: headquarters vouches for the place it gives a branch, so that it notices when it has forgotten that place.

A virtual machine that is set back, a database that fails over and loses its last commits, an old disk that is put in:
none of them tells headquarters. Its branches do: they show the seal of how far they have read, and headquarters finds
that it gave this place out and knows another history, or none, by that number.
"""

from __future__ import annotations

from hashlib import blake2b
from hmac import compare_digest

from stores.storage import counters, marks
from stores.storage.database import Connection
from sync.keys import Hub, gaps

_SEAL_BYTES = 16


def seal(connection: Connection, hub: Hub, place: int) -> str:
    """Return the seal of a place in this hub's order; empty when nothing marks it."""
    mark = marks.at(connection, place)
    return f"{mark}.{_signed(hub, hub.epoch, place, mark)}" if mark else ""


def greeting(connection: Connection, hub: Hub) -> str:
    """Return the seal of a place not read yet, 0: it says how far the hub's order had come when its epoch was told."""
    reached = str(counters.hub_sequence(connection))
    return f"{reached}.{_signed(hub, hub.epoch, 0, reached)}"


def forgotten(connection: Connection, hub: Hub, epoch: str, place: int, shown: str) -> bool:
    """Return whether this hub gave out a place of an epoch under the seal ``shown`` and knows nothing of it any more.

    A seal that it never gave proves nothing: a node that lies is only told what is. One of an epoch that it does not
    know was given before the hub was put back to a time before that epoch.
    """
    mark, _, signed = shown.partition(".")
    if not mark or not compare_digest(signed.encode(), _signed(hub, epoch, place, mark).encode()):
        return False
    reached = place or int(mark)
    if epoch != hub.epoch:
        known = gaps(connection)  # a place below the last leap was lost with the restoration that it is from
        return epoch not in {gap.ended for gap in known} and reached > max((gap.begun for gap in known), default=0)
    return reached > counters.hub_sequence(connection) or marks.at(connection, place) not in ("", mark)


def _signed(hub: Hub, epoch: str, place: int, mark: str) -> str:
    told = f"branchline seal 1|{epoch}|{place}|{mark}"
    return blake2b(told.encode(), key=hub.key.private_bytes_raw(), digest_size=_SEAL_BYTES).hexdigest()
