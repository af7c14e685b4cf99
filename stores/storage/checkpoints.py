"""How far each stream has got. A position moves in the transaction of what it covers, so it can neither skip nor lag.

``head``: how far an origin's log is stored here. ``up``: how much of it headquarters has acknowledged.
``down``: up to which place of the hub's order this node holds the records of its scopes. ``seal``: the hub's word
for that place, to be shown to it again. ``named``: up to where a log, or the records of a type, have been looked
through for the contents they name. ``clock``: the last clock stamp given out here or heard of; it moves at every action
as the head does, and stands beside it: one page of the disk for both.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection

from core.model.change import GENESIS
from stores.storage import bulk
from stores.storage.system import CHECKPOINT

Stream = Literal["head", "up", "down", "seal", "named", "clock"]
HERE = ""  # the peer of what is this node's own
HUB = "hub"  # the peer of a node with one upstream

_COLUMNS = ("peer", "stream", "position", "proof", "moved_at")


def head(connection: Connection, origin: str) -> tuple[int, str]:
    """Return the last sequence number of an origin's log held here, and the hash that chains all before it."""
    position, proof = _read(connection, origin, "head")
    return position, proof or GENESIS


def heads(connection: Connection) -> dict[str, tuple[int, str]]:
    """Return the head of every log held here, by origin."""
    rows = bulk.run(connection, "SELECT peer, position, proof FROM checkpoint WHERE stream = 'head' ORDER BY peer")
    return {origin: (seq, digest) for origin, seq, digest in rows}


def incarnations(connection: Connection, node: str) -> list[int]:
    """Return under which incarnations a node has written logs that are held here. A look along the key."""
    sql = "SELECT peer FROM checkpoint WHERE peer > ? AND peer < ? AND stream = 'head'"
    rows = bulk.run(connection, sql, f"{node}.", f"{node}/")  # "/" comes right after "."
    return sorted(int(origin.rpartition(".")[2]) for (origin,) in rows)


def move_head(connection: Connection, origin: str, seq: int, digest: str, at: str | None = None) -> None:
    """Say how far an origin's log is stored here, in the transaction that stores it."""
    _write(connection, origin, "head", seq, digest, at)


def stand(connection: Connection, hlc: int, origin: str, seq: int, digest: str) -> None:
    """Say where this node's clock and its own log stand; a log in which nothing has been written has no head."""
    at = [(HERE, "clock", hlc, None, None), (origin, "head", seq, digest, None)]
    bulk.upsert(connection, CHECKPOINT, _COLUMNS, at if digest != GENESIS else at[:1])


def acked(connection: Connection, origin: str) -> int:
    """Return how much of an origin's log headquarters has acknowledged."""
    return _read(connection, origin, "up")[0]


def ack(connection: Connection, origin: str, seq: int, at: str | None = None) -> int:
    """Keep an acknowledgement and return what is acknowledged now. A late, smaller one changes nothing.

    Headquarters cannot have more than was written here: what it claims beyond the head is not believed, because
    those numbers will be given to changes it has never seen.
    """
    known = acked(connection, origin)
    sure = max(known, min(seq, head(connection, origin)[0]))
    if sure > known:
        _write(connection, origin, "up", sure, None, at)
    return sure


def pulled(connection: Connection, peer: str = HUB) -> int:
    """Return up to which place of the hub's order this node holds the records of its scopes."""
    return _read(connection, peer, "down")[0]


def epoch(connection: Connection, peer: str = HUB) -> str:
    """Return the epoch of the hub that the down position belongs to; empty before the first pull."""
    return _read(connection, peer, "down")[1] or ""


def move_pulled(
    connection: Connection, upto: int, *, peer: str = HUB, epoch: str | None = None, at: str | None = None
) -> None:
    """Say up to where the hub's order is held here, in the transaction of the rows; ``restart_pull`` goes back."""
    position, proof = _read(connection, peer, "down")
    if upto > position or (epoch is not None and epoch != proof):
        _write(connection, peer, "down", max(upto, position), epoch if epoch is not None else proof, at)


def restart_pull(connection: Connection, position: int, epoch: str, *, peer: str = HUB, at: str | None = None) -> None:
    """Go on from ``position`` of a hub of another epoch; 0 reads everything again."""
    _write(connection, peer, "down", position, epoch, at)


def keep_seal(connection: Connection, place: int, seal: str, *, peer: str = HUB, at: str | None = None) -> None:
    """Keep the hub's seal of a place, in the transaction of the rows up to it."""
    _write(connection, peer, "seal", place, seal, at)


def seal(connection: Connection, place: int, peer: str = HUB) -> str:
    """Return the hub's seal of a place; empty when the one kept is of another."""
    sealed, shown = _read(connection, peer, "seal")
    return (shown or "") if sealed == place else ""


def named(connection: Connection, peer: str) -> tuple[int, str]:
    """Return up to where ``peer`` (a log, a record type, the hub) was looked through for contents, in which epoch."""
    position, proof = _read(connection, peer, "named")
    return position, proof or ""


def move_named(connection: Connection, peer: str, position: int, epoch: str = "") -> None:
    """Say up to where contents have been looked for, in the transaction that takes note of them."""
    _write(connection, peer, "named", position, epoch, None)


def forget_named(connection: Connection) -> None:
    """Look through everything again: headquarters has another epoch."""
    bulk.run_only(connection, "DELETE FROM checkpoint WHERE stream = 'named'")


def _read(connection: Connection, peer: str, stream: Stream) -> tuple[int, str | None]:
    rows = bulk.run(connection, "SELECT position, proof FROM checkpoint WHERE peer = ? AND stream = ?", peer, stream)
    return (rows[0][0], rows[0][1]) if rows else (0, None)


def _write(connection: Connection, peer: str, stream: Stream, position: int, proof: str | None, at: str | None) -> None:
    bulk.upsert(connection, CHECKPOINT, _COLUMNS, [(peer, stream, position, proof, at)])
