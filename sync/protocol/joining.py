"""Beginnings: a node joins the chain, a new one loads all it holds, a restored headquarters is told what it lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from stores.changes.feed import StateRow
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
    """Ask for a piece of a snapshot of all one holds, from ``offset`` bytes on; without a name, for a new one."""

    origin: str
    epoch: str
    name: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotAnswer:
    """A piece of the file called ``name``, from ``offset`` on, of ``size`` bytes in all whose BLAKE2b is ``digest``.

    It may be another file than was asked for, from its beginning: the old one is no longer kept. ``seal`` is
    headquarters' own for the place the snapshot is of. ``restart`` means: unknown epoch, say hello again.
    """

    name: str
    size: int
    digest: str
    seal: str
    offset: int
    data: bytes = field(repr=False)
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
