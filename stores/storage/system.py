"""The node's own tables: its log, checkpoints, timers, sign-ins. Records of the business are in ``tables``.

Values are cells like everywhere else: text or whole numbers, moments as UTC text of fixed width. Nothing here
is checked by the database except the keys: what the node itself writes wrong is our bug, not the shop's.
"""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Index, LargeBinary, Table
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from stores.storage.columns import Chars, Whole


class System(SQLModel, registry=registry()):
    """Base of the system tables, with metadata of its own: plugins reload without touching them."""


# A table whose rows are small and found by their key lies in the order of its key: one page less to write an action.
BY_KEY = {"sqlite_with_rowid": False}


class NodeState(System, table=True):
    """A fact the node keeps about itself, by name (see ``state``)."""

    __tablename__: ClassVar[str] = "node_state"
    key: str = Field(sa_type=Chars, primary_key=True)
    value: str = Field(sa_type=Chars)


class Log(System, table=True):
    """One line of the append-only log, gapless per origin: the audit trail and what is sent up."""

    __tablename__: ClassVar[str] = "log"
    __table_args__ = (Index("log_of_record", "type", "pk"),)
    origin: str = Field(sa_type=Chars, primary_key=True)
    seq: int = Field(sa_type=Whole, primary_key=True)
    tx: str = Field(sa_type=Chars)
    nth: int = Field(sa_type=Whole)
    of: int = Field(sa_type=Whole)
    action: str = Field(sa_type=Chars)
    hlc: int = Field(sa_type=Whole)
    at: str = Field(sa_type=Chars)
    received: str = Field(sa_type=Chars)
    mono: int = Field(sa_type=Whole)
    boot: str = Field(sa_type=Chars)
    actor: str = Field(sa_type=Chars)
    store: str = Field(sa_type=Chars)
    type: str = Field(sa_type=Chars)
    pk: str = Field(sa_type=Chars)
    kind: str = Field(sa_type=Chars)
    base_hs: int = Field(sa_type=Whole)
    body: str = Field(sa_type=Chars)  # JSON: field -> [old, new]
    facts: str | None = Field(default=None, sa_type=Chars)  # JSON
    hidden: str | None = Field(default=None, sa_type=Chars)  # JSON like body: fields that never leave this node
    hash: str = Field(sa_type=Chars)


class Checkpoint(System, table=True):
    """How far a stream has got (see ``checkpoints``). ``proof`` makes it believable: a head hash, a hub's epoch."""

    __tablename__: ClassVar[str] = "checkpoint"
    __table_args__ = BY_KEY
    peer: str = Field(sa_type=Chars, primary_key=True)
    stream: str = Field(sa_type=Chars, primary_key=True)
    position: int = Field(sa_type=Whole)
    proof: str | None = Field(default=None, sa_type=Chars)
    moved_at: str | None = Field(default=None, sa_type=Chars)


class Mark(System, table=True):
    """Which transaction of the hub ended at a place of its order (see ``marks``). Empty at a branch."""

    __tablename__: ClassVar[str] = "mark"
    hs: int = Field(sa_type=Whole, primary_key=True)
    mark: str = Field(sa_type=Chars)


class Timer(System, table=True):
    """A timer: when it is due, and when to look at it next (a reminder, or just after the due moment).

    ``next_at`` empty: it has fired for this ``due``; ``fault`` then says why its action was refused, if it was.
    """

    __tablename__: ClassVar[str] = "timer"
    __table_args__ = (Index("timer_turn", "next_at", "type", "pk", "name"), BY_KEY)
    type: str = Field(sa_type=Chars, primary_key=True)
    pk: str = Field(sa_type=Chars, primary_key=True)
    name: str = Field(sa_type=Chars, primary_key=True)
    due: str = Field(sa_type=Chars)
    next_at: str | None = Field(default=None, sa_type=Chars)
    stage: int = Field(default=0, sa_type=Whole)  # reminders behind us
    fault: str | None = Field(default=None, sa_type=Chars)  # JSON: {"en": …, "zh": …}


class Sequence(System, table=True):
    """The last number given out per record type, store and prefix."""

    __tablename__: ClassVar[str] = "sequence"
    type: str = Field(sa_type=Chars, primary_key=True)
    store: str = Field(sa_type=Chars, primary_key=True)
    prefix: str = Field(sa_type=Chars, primary_key=True)
    last: int = Field(sa_type=Whole)


class Quarantine(System, table=True):
    """A change that could not be applied: stored, acknowledged, retried, visible (sync.md 13)."""

    __tablename__: ClassVar[str] = "quarantine"
    __table_args__ = (
        Index("quarantine_of_record", "type", "pk", "hlc"),
        Index("quarantine_of_deed", "origin", "tx"),
        Index("quarantine_of_actor", "actor"),
        Index("quarantine_next", "next_at", "entry"),
    )
    origin: str = Field(sa_type=Chars, primary_key=True)
    seq: int = Field(sa_type=Whole, primary_key=True)
    tx: str = Field(sa_type=Chars)
    type: str = Field(sa_type=Chars)
    pk: str = Field(sa_type=Chars)
    actor: str | None = Field(default=None, sa_type=Chars)  # in whose name it was done; of a parked row nobody's
    hlc: int | None = Field(default=None, sa_type=Whole)  # its stamp, for the order within a record
    base_hs: int | None = Field(default=None, sa_type=Whole)  # what it proves that its author had seen (``proofs``)
    entry: str = Field(sa_type=Chars)  # JSON, to try again: who sent the log line; of a parked row the row itself
    why: str = Field(sa_type=Chars)  # JSON: {"en": …, "zh": …}
    kept_at: str = Field(sa_type=Chars)
    tries: int = Field(default=1, sa_type=Whole)
    next_at: str | None = Field(default=None, sa_type=Chars)  # when it is tried again by itself; empty: never


class Account(System, table=True):
    """How a member of staff signs in. The hash comes in from outside; no password is ever here."""

    __tablename__: ClassVar[str] = "account"
    staff_id: str = Field(sa_type=Chars, primary_key=True)
    login: str = Field(sa_type=Chars, unique=True)
    password_hash: str = Field(sa_type=Chars)
    created_at: str = Field(sa_type=Chars)
    changed_at: str = Field(sa_type=Chars)
    active: int = Field(default=1, sa_type=Whole)
    failures: int = Field(default=0, sa_type=Whole)  # wrong passwords since the last right one
    locked_until: str | None = Field(default=None, sa_type=Chars)


class Session(System, table=True):
    """A signed-in browser or program. Only the hash of its token is kept."""

    __tablename__: ClassVar[str] = "session"
    __table_args__ = (Index("session_of_staff", "staff_id"), Index("session_end", "expires_at"))
    token_hash: str = Field(sa_type=Chars, primary_key=True)
    staff_id: str = Field(sa_type=Chars)
    created_at: str = Field(sa_type=Chars)
    seen_at: str = Field(sa_type=Chars)
    expires_at: str = Field(sa_type=Chars)
    agent: str | None = Field(default=None, sa_type=Chars)


class Draft(System, table=True):
    """What somebody has typed into a form and not yet sent. It stays on this node and belongs to nobody else."""

    __tablename__: ClassVar[str] = "draft"
    __table_args__ = (Index("draft_of_form", "form"), Index("draft_age", "at"))
    staff_id: str = Field(sa_type=Chars, primary_key=True)
    form: str = Field(sa_type=Chars, primary_key=True)  # record type, record and action
    pairs: str = Field(sa_type=Chars)  # JSON: [[name, value], …]
    began_at: str = Field(sa_type=Chars)
    at: str = Field(sa_type=Chars)


class Credential(System, table=True):
    """What a node shows to the hub. Rotating: the one before stays good until the new one has been used."""

    __tablename__: ClassVar[str] = "credential"
    __table_args__ = (Index("credential_of_node", "node"),)
    token_hash: str = Field(sa_type=Chars, primary_key=True)
    node: str = Field(sa_type=Chars)
    store: str = Field(sa_type=Chars)
    created_at: str = Field(sa_type=Chars)
    used_at: str | None = Field(default=None, sa_type=Chars)
    revoked_at: str | None = Field(default=None, sa_type=Chars)


class Peer(System, table=True):
    """What headquarters has last heard of a node (see ``peers``): for people, never for a decision about data."""

    __tablename__: ClassVar[str] = "peer"
    node: str = Field(sa_type=Chars, primary_key=True)
    store: str = Field(sa_type=Chars)
    heard_at: str = Field(sa_type=Chars)
    origin: str = Field(sa_type=Chars)
    head: int = Field(sa_type=Whole)  # of its log, as it says
    position: int = Field(sa_type=Whole)  # up to where it holds the hub's order, as it says
    ahead_ms: int = Field(sa_type=Whole)  # how far its clock runs before the hub's
    report: str = Field(sa_type=Chars)  # JSON: what it says about itself


class Invitation(System, table=True):
    """A code that enrols one node of one store, once, for a while. Only its hash is kept."""

    __tablename__: ClassVar[str] = "invitation"
    code_hash: str = Field(sa_type=Chars, primary_key=True)
    store: str = Field(sa_type=Chars)
    created_by: str = Field(sa_type=Chars)
    created_at: str = Field(sa_type=Chars)
    expires_at: str = Field(sa_type=Chars)
    used_at: str | None = Field(default=None, sa_type=Chars)
    used_by: str | None = Field(default=None, sa_type=Chars)  # the node


class Receipt(System, table=True):
    """The hub's signed word that it holds an origin's log up to ``seq`` with head ``hash``."""

    __tablename__: ClassVar[str] = "receipt"
    origin: str = Field(sa_type=Chars, primary_key=True)
    seq: int = Field(sa_type=Whole, primary_key=True)
    hash: str = Field(sa_type=Chars)
    epoch: str = Field(sa_type=Chars)  # the hub's, when it signed
    time: int = Field(sa_type=Whole)  # milliseconds by the hub's clock
    signature: str = Field(sa_type=Chars)


class Closing(System, table=True):
    """A closed day of one log, counter-signed by headquarters (see ``closings``)."""

    __tablename__: ClassVar[str] = "closing"
    __table_args__ = (Index("closing_of_store", "store", "day"),)
    origin: str = Field(sa_type=Chars, primary_key=True)
    day: str = Field(sa_type=Chars, primary_key=True)
    store: str = Field(sa_type=Chars)
    after: int = Field(sa_type=Whole)
    seq: int = Field(sa_type=Whole)
    hash: str = Field(sa_type=Chars)
    changes: int = Field(sa_type=Whole)
    records: int = Field(sa_type=Whole)
    waiting: int = Field(sa_type=Whole)
    epoch: str = Field(sa_type=Chars)
    time: int = Field(sa_type=Whole)  # milliseconds by the hub's clock
    signature: str = Field(sa_type=Chars)


class Digest(System, table=True):
    """What the records of a type add up to, bucket by bucket (see ``changes.buckets``); bucket "" is all of them."""

    __tablename__: ClassVar[str] = "digest"
    type: str = Field(sa_type=Chars, primary_key=True)
    part: str = Field(sa_type=Chars, primary_key=True)  # whose records: an owner, or "" for everybody's
    bucket: str = Field(sa_type=Chars, primary_key=True)
    count: int = Field(sa_type=Whole)
    total: str = Field(sa_type=Chars)  # 32 hexadecimal digits
    upto: int = Field(sa_type=Whole)  # the place of the hub's order up to which the sum holds


class Outbox(System, table=True):
    """What is to be told or sent once it is durable (see ``outbox``). ``next_at`` empty: done, or set aside."""

    __tablename__: ClassVar[str] = "outbox"
    __table_args__ = (Index("outbox_next", "next_at"),)
    id: str = Field(sa_type=Chars, primary_key=True)
    kind: str = Field(sa_type=Chars)
    about: str = Field(sa_type=Chars)
    channel: str = Field(default="", sa_type=Chars)
    body: str | None = Field(default=None, sa_type=Chars)  # JSON
    created_at: str = Field(sa_type=Chars)
    next_at: str | None = Field(default=None, sa_type=Chars)
    tries: int = Field(default=0, sa_type=Whole)
    fault: str | None = Field(default=None, sa_type=Chars)
    receipt: str | None = Field(default=None, sa_type=Chars)
    done_at: str | None = Field(default=None, sa_type=Chars)


class SavedView(System, table=True):
    """A list as somebody likes to see it. It stays on this node; ``shared`` shows it to everybody of the store."""

    __tablename__: ClassVar[str] = "saved_view"
    __table_args__ = (Index("saved_view_of_list", "list", "store"),)
    id: str = Field(sa_type=Chars, primary_key=True)
    staff_id: str = Field(sa_type=Chars)
    store: str = Field(sa_type=Chars)
    list: str = Field(sa_type=Chars)  # the address of the list
    name: str = Field(sa_type=Chars)  # empty: the columns and order this person has it in when the address names none
    query: str = Field(sa_type=Chars)
    shared: int = Field(default=0, sa_type=Whole)


class Once(System, table=True):
    """An action that must not be carried out twice, by a key of whoever asked: which record it made."""

    __tablename__: ClassVar[str] = "once"
    key: str = Field(sa_type=Chars, primary_key=True)
    type: str = Field(sa_type=Chars)
    pk: str = Field(sa_type=Chars)
    at: str = Field(sa_type=Chars)


class Content(System, table=True):
    """What is known of a content that records name (see ``stores.contents``); its bytes are in ``piece``.

    ``next_at`` is when the carrier looks at it next, empty when there is nothing left to carry.
    """

    __tablename__: ClassVar[str] = "content"
    __table_args__ = (Index("content_next", "next_at"), Index("content_unused", "type", "known_at"))
    hash: str = Field(sa_type=Chars, primary_key=True)
    size: int | None = Field(default=None, sa_type=Whole)  # bytes; empty while only its name has arrived
    pieces: str | None = Field(default=None, sa_type=Chars)  # JSON: the hash of each piece
    media: str | None = Field(default=None, sa_type=Chars)
    type: str | None = Field(default=None, sa_type=Chars)  # a record that names it
    pk: str | None = Field(default=None, sa_type=Chars)
    known_at: str = Field(sa_type=Chars)
    whole_at: str | None = Field(default=None, sa_type=Chars)  # when its last piece was here
    held_at: str | None = Field(default=None, sa_type=Chars)  # when headquarters said it has all of it
    next_at: str | None = Field(default=None, sa_type=Chars)
    tries: int = Field(default=0, sa_type=Whole)


class Piece(System, table=True):
    """One piece of a content."""

    __tablename__: ClassVar[str] = "piece"
    hash: str = Field(sa_type=Chars, primary_key=True)  # of the content
    nth: int = Field(sa_type=Whole, primary_key=True)
    data: bytes = Field(sa_type=LargeBinary)


SYSTEM = System.metadata


def _table(model: type[System]) -> Table:
    return SYSTEM.tables[str(model.__tablename__)]


NODE_STATE = _table(NodeState)
LOG = _table(Log)
CHECKPOINT = _table(Checkpoint)
MARK = _table(Mark)
TIMER = _table(Timer)
SEQUENCE = _table(Sequence)
QUARANTINE = _table(Quarantine)
ACCOUNT = _table(Account)
SESSION = _table(Session)
DRAFT = _table(Draft)
CREDENTIAL = _table(Credential)
PEER = _table(Peer)
INVITATION = _table(Invitation)
RECEIPT = _table(Receipt)
DIGEST = _table(Digest)
CLOSING = _table(Closing)
OUTBOX = _table(Outbox)
ONCE = _table(Once)
SAVED_VIEW = _table(SavedView)
CONTENT = _table(Content)
PIECE = _table(Piece)
