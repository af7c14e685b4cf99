"""What nodes say to each other: a few calls, each a question and its answer.

A branch asks, headquarters answers; nobody calls a branch. ``hello`` compares where both stand, ``push``
carries a branch's log up, ``pull`` brings the state of records down, ``enrol`` turns an invitation into a
credential, ``compare`` finds records that differ although nothing is on its way, and ``repair`` puts them right;
``offer``, ``deliver`` and ``fetch`` carry contents when nothing else travels. Every message may be lost, repeated or
late: whatever it says is said by sequence number or by hash, so saying it again changes nothing.
docs/protocol.md shows a whole exchange.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from core.model.change import GENESIS, Entry
from core.model.errors import NodeError
from stores.changes.buckets import Sum
from stores.changes.feed import StateRow, Within

PROTOCOL_VERSION = 1

FRAME_CHANGES_MAX = 5_000  # a frame is cut here, at the end of a transaction ...
FRAME_BYTES_MAX = 2 << 20  # ... or here; bytes before compression
HARD_CHANGES_MAX = 100_000  # a transaction larger than a frame goes whole up to here, then in pieces
HARD_BYTES_MAX = 16 << 20  # the largest frame a node unpacks, in bytes after decompression
PIECE_BYTES = 4 << 20  # of a snapshot
PATHS_MAX = 100  # what one comparison asks for at once
PIECES_MAX = 4  # of a content in one message
OFFERED_MAX = 50  # contents in one offer
BODY_BYTES_MAX = 8 << 20  # the largest body a node reads from the network, in bytes as received

Dice = Callable[[int], bytes]  # n unpredictable bytes; app/bootstrap.py passes the real ones


class Standing(StrEnum):
    """What headquarters thinks of the log it is offered."""

    OK = "ok"
    GAP = "gap"  # entries are missing before the first one; resume after ``head``
    BEHIND = "behind"  # headquarters holds more of this log than its author: restored from an old backup
    FORKED = "forked"  # both hold the same sequence numbers with different entries: restored or copied


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
    changes the branch itself could not put down.
    """

    software: str = ""
    plugins: Mapping[str, str] = field(default_factory=dict)  # name -> version
    waiting: int = 0
    oldest: str = ""
    quarantined: int = 0


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
    skew: tuple[str, ...] = ()  # plugins whose definition differs from the hub's
    compacted: int = 0  # tombstones up to this place are gone at the hub
    written_until: str = ""  # to a node that begins anew: when a node of its name wrote last (a cell)
    lost_after: int | None = None  # the hub was restored, and this is the last place that it knew of its old order
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class Push:
    """A piece of one log, gapless, in order. ``after`` is the head the piece continues."""

    origin: str
    after: Head
    entries: Sequence[Entry]

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
class Compare:
    """Ask for sums of what one holds. A path leads from everything () to a part, a bucket, a shard.

    Sums mean something only when nothing is on its way: ``head`` is the asker's log, all of it sent, ``after`` up to
    where it holds the hub's order. Both stay the same through a whole comparison.
    """

    origin: str
    epoch: str
    after: int
    head: Head
    paths: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class CompareAnswer:
    """The sums at each path, in the order of the question; not ``steady``: something is on its way, ask again later."""

    steady: bool
    sums: tuple[tuple[Sum, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Repair:
    """Records that differ: the asker's versions of them, and the (type, id) of those that it does not have."""

    origin: str
    epoch: str
    after: int
    rows: tuple[StateRow, ...]
    missing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class RepairAnswer:
    """The rows as they are to stand, and the (type, id) of those that are to go.

    ``incidents`` conflict records tell of it; ``waiting`` records have changes in quarantine and are left alone.
    """

    rows: tuple[StateRow, ...]
    gone: tuple[tuple[str, str], ...]
    waiting: int
    incidents: int
    acked: int
    hlc: int


@dataclass(frozen=True, slots=True)
class Offered:
    """A content that a branch has whole, and a record of its own that names it. ``pieces`` are their hashes."""

    hash: str
    size: int
    pieces: tuple[str, ...]
    type: str
    pk: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Which of these contents does headquarters need?"""

    contents: tuple[Offered, ...]


@dataclass(frozen=True, slots=True)
class OfferAnswer:
    """``needs`` are the pieces that are missing, by content; ``later``: their record has not arrived, ask again.

    A content that is in neither is held whole.
    """

    needs: Mapping[str, tuple[int, ...]]
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Deliver:
    """Some pieces of a content that headquarters needs."""

    hash: str
    pieces: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class DeliverAnswer:
    """Whether the content is whole now. What was delivered is durably stored either way."""

    whole: bool


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask for a content that a record names, from its ``first`` piece that is not here."""

    hash: str
    type: str
    pk: str
    first: int


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """What the content is made of and its next pieces; without ``hashes`` headquarters does not have it (yet)."""

    size: int = 0
    hashes: tuple[str, ...] = ()
    data: tuple[bytes, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call was not answered, for people in both languages, with the HTTP status it came with."""

    code: str
    en: str
    zh: str
    retry_after_s: int | None = None


Question = Hello | Push | Pull | Enrol | Compare | Repair | Offer | Deliver | Fetch | Snapshot | Refill | Close
Answer = (
    HelloAnswer
    | PushAnswer
    | PullAnswer
    | EnrolAnswer
    | CompareAnswer
    | RepairAnswer
    | OfferAnswer
    | DeliverAnswer
    | FetchAnswer
    | SnapshotAnswer
    | RefillAnswer
    | CloseAnswer
)
Message = Question | Answer | Refusal


class FrameError(NodeError):
    """What arrived is no message of this protocol, lies about itself, or is larger than a node reads."""

    status = 400


class FrameTooLarge(FrameError):
    """The message is larger than a node reads."""

    status = 413


class NotEnrolled(NodeError):
    """The token is unknown, revoked, or missing."""

    status = 401


class NotYours(NodeError):
    """The caller speaks for a log or a store that is not its own."""

    status = 403
