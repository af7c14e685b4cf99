"""Everyday talk: where both stand, a log on its way up, records on their way down, a day that is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.model.change import GENESIS, Entry
from stores.changes.feed import StateRow, Within
from sync.protocol.bounds import FRAME_BYTES_MAX, FRAME_CHANGES_MAX, PROTOCOL_VERSION


class Standing(StrEnum):
    """What headquarters thinks of the log it is offered."""

    OK = "ok"
    GAP = "gap"  # entries are missing before the first one; resume after ``head``
    BEHIND = "behind"  # headquarters holds more of this log than its author: restored from an old backup
    FORKED = "forked"  # both hold the same sequence numbers with different entries: restored or copied
    ANEW = "anew"  # headquarters was put back since it was greeted: say hello again


@dataclass(frozen=True, slots=True)
class Head:
    """How far a log goes: the last sequence number and the hash that chains everything before it."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Limits:
    """What headquarters wants at most in one frame. The branch takes the smaller of its own and these."""

    changes: int = FRAME_CHANGES_MAX
    bytes: int = FRAME_BYTES_MAX
    rows: int = FRAME_CHANGES_MAX


@dataclass(frozen=True, slots=True)
class Report:
    """What a branch tells about itself, for the people who look after the chain; nothing is decided by it.

    ``oldest`` is when the first change that waits happened (a cell, "" when none waits), ``quarantined`` how many
    changes the branch itself could not put down, ``faults`` how much is wrong in the files of its plugins.
    """

    software: str = ""
    plugins: Mapping[str, str] = field(default_factory=dict)  # name -> version
    waiting: int = 0
    oldest: str = ""
    quarantined: int = 0
    faults: int = 0


@dataclass(frozen=True, slots=True)
class Hello:
    """Where a branch stands. ``wall`` and ``mono`` are milliseconds, ``boot`` names the run ``mono`` counts in."""

    node: str
    incarnation: int
    store: str
    head: Head
    acked: int
    checkpoint: int
    epoch: str  # the hub epoch last seen; "" before the first hello
    schema: Mapping[str, str]  # plugin -> digest of its definition
    wall: int
    mono: int
    boot: str
    report: Report = Report()
    seal: str = ""  # headquarters' own for ``checkpoint``; "" when it gave none
    protocol: int = PROTOCOL_VERSION

    @property
    def origin(self) -> str:
        """The name of the log this node writes."""
        return f"{self.node}.{self.incarnation}"


@dataclass(frozen=True, slots=True)
class HelloAnswer:
    """Where headquarters stands with this branch, so that it resumes exactly there.

    ``checkpoint`` is advice: the feed position to go on from. It is the one in the hello, or 0 when the hub
    has another epoch or fewer changes than the branch has seen, or tombstones that the branch has not seen are gone:
    the branch must read everything again.
    """

    standing: Standing
    head: Head
    epoch: str
    time: int  # milliseconds, by the hub's clock
    checkpoint: int
    limits: Limits = Limits()
    skew: tuple[str, ...] = ()  # of the plugins the caller runs, those whose definition is not the hub's
    compacted: int = 0  # tombstones up to this place are gone at the hub
    written_until: str = ""  # to a node that begins anew: when a node of its name wrote last (a cell)
    lost_after: int | None = None  # the hub was restored, and this is the last place that it knew of its old order
    seal: str = ""  # for who begins at 0: the hub's word that it has told of this epoch
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Push:
    """A piece of one log, gapless, in order. ``after`` is the head the piece continues.

    ``epoch``, ``checkpoint`` and ``seal`` are those of a hello: what the lines say of the hub's order they say of that
    one; those up to ``unproven`` were written in another, and prove nothing (``stores.changes.proofs``).
    """

    origin: str
    after: Head
    entries: Sequence[Entry]
    epoch: str = ""  # "": before the first hello, of no order
    checkpoint: int = 0
    seal: str = ""
    unproven: int = 0

    @property
    def head(self) -> Head:
        """The head of the log once the piece is stored."""
        last = self.entries[-1] if self.entries else None
        return Head(last.seq, last.hash) if last else self.after


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """The hub's signature under "I hold this log up to here". ``time`` is milliseconds, by the hub's clock."""

    origin: str
    head: Head
    epoch: str
    time: int
    signature: str  # Ed25519, hex


@dataclass(frozen=True, slots=True)
class PushAnswer:
    """How far the hub holds the log now. Everything up to ``head`` is durably stored, quarantined or not."""

    standing: Standing
    head: Head
    receipt: SignedReceipt | None = None
    conflicts: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class Pull:
    """Ask for the records of one's scopes that changed after feed position ``after``."""

    origin: str
    after: int
    epoch: str
    rows: int = FRAME_CHANGES_MAX
    seal: str = ""  # headquarters' own for ``after``
    within: Within | None = None  # how far the transaction after ``after`` has come down, if it comes in pieces


@dataclass(frozen=True, slots=True)
class PullAnswer:
    """A page of the down-feed, read in one snapshot.

    ``acked`` is how much of the asker's own log the rows contain: what comes later in its log is replayed over
    them, what is contained must not be, or a sum would count twice. ``hlc`` is the hub's clock, which ranks above
    everything in them. ``restart`` means: unknown epoch or feed position, say hello again. ``versions`` are those of
    headquarters' plugins: a branch that runs a newer one reads the rows as its own version means them. ``seal`` vouches
    for ``upto``: the branch shows it again, and headquarters notices when it has been put back to before that place.
    """

    rows: tuple[StateRow, ...]
    upto: int
    more: bool
    epoch: str
    acked: int
    hlc: int
    time: int
    restart: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    seal: str = ""
    within: Within | None = None  # the page ends inside a transaction too large for one: go on from here


@dataclass(frozen=True, slots=True)
class Close:
    """Ask headquarters to sign for a day (ISO date): the lines of one log after ``after`` up to ``head``."""

    origin: str
    day: str
    after: int
    head: Head


@dataclass(frozen=True, slots=True)
class CloseAnswer:
    """What headquarters counts in its own copy of these lines, and its Ed25519 signature (hex) under the closing."""

    records: int
    waiting: int
    epoch: str
    time: int  # milliseconds, by the hub's clock
    signature: str
