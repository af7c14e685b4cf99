"""Beginnings: a node joins the chain, a new one loads all it holds, a restored headquarters is told what it lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from stores.changes.feed import StateRow
from stores.changes.snapshot import Behind
from sync.protocol.bounds import PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Enrol:
    """Redeem an invitation. The token is made by the branch, so a lost answer can simply be asked for again."""

    code: str = field(repr=False)
    node: str
    store: str
    token: str = field(repr=False)
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class EnrolAnswer:
    """The store this node now stands in, and the hub's name, epoch and public key to pin."""

    node: str
    store: str
    hub: str
    epoch: str
    key: str  # Ed25519 public key, hex
    time: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Ask for the piece of a snapshot that comes behind ``after``; the first one of a new snapshot without ``at``.

    ``at`` is the place of headquarters' order it is of, ``seal`` headquarters' own for that place.
    """

    origin: str
    epoch: str
    at: int = 0
    seal: str = ""
    after: Behind | None = None


@dataclass(frozen=True, slots=True)
class SnapshotAnswer:
    """A piece of a snapshot: ``data`` is the compressed image of a SQLite database, ``digest`` the BLAKE2b of ``data``.

    ``at`` is the place of headquarters' order that the snapshot is of, ``seal`` headquarters' own for it. ``after``
    says what to ask for next, None with the last piece. ``restart`` means: unknown epoch or place; begin anew, or say
    hello again.
    """

    data: bytes = field(repr=False)
    digest: str
    at: int
    seal: str
    after: Behind | None
    restart: bool = False


@dataclass(frozen=True, slots=True)
class Refill:
    """Rows from after the place that a restored hub knew last: they show what it had changed itself."""

    origin: str
    epoch: str
    rows: tuple[StateRow, ...]


@dataclass(frozen=True, slots=True)
class RefillAnswer:
    """How many records were entered again, and how many conflict records tell of it."""

    taken: int
    shown: int
