"""The line a change leaves in the log: what left the shop, what headquarters was told, what an auditor reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Literal, NamedTuple

from core.model.values import Cell, canonical_bytes

ChangeKind = Literal["create", "update", "delete", "undelete"]
FORMAT = 1  # of the bytes that are hashed; a new field of an entry needs a new number
GENESIS = "0" * 32  # the hash before the first line of a log


class Entry(NamedTuple):
    """One change of one record by one action. Written once, by the node that made it, and never altered.

    ``seq`` counts the origin's lines without a gap. ``tx`` is the action, ``nth`` of ``of`` the line's
    place in it: an action is sent and merged whole. ``at`` is when it happened, ``received`` when the
    origin wrote it down (C-2); ``mono`` milliseconds since ``boot``, so that a wrong clock can be told.
    ``base_hs`` is the hub sequence of the record as the actor saw it. ``body`` has old and new cell
    per field. ``facts`` is what else an auditor needs: what was asked, the outcome, the reason.
    """

    origin: str
    seq: int
    tx: str
    nth: int
    of: int
    action: str
    hlc: int
    at: str
    received: str
    mono: int
    boot: str
    actor: str
    store: str
    type: str
    pk: str
    kind: ChangeKind
    base_hs: int
    body: Mapping[str, tuple[Cell, Cell]]
    facts: Mapping[str, object] | None = None
    hash: str = ""


HASHED = len(Entry._fields) - 1  # the fields before the hash


def canonical(entry: Sequence[object]) -> bytes:
    """Return the bytes a hash covers: every field of an entry but the hash, in the order of the class."""
    return canonical_bytes((FORMAT, *entry[:HASHED]))


def chain(previous_hash: str, entry: Sequence[object]) -> str:
    """Return the hash of an entry, which vouches for all entries of its origin before it as well.

    The entry may lack its last field, the hash: a frame is unpacked into the others.
    """
    return blake2b(previous_hash.encode() + canonical(entry), digest_size=16).hexdigest()


def sealed(previous_hash: str, entry: Entry) -> Entry:
    """Return the entry with its hash filled in."""
    return Entry._make((*entry[:HASHED], chain(previous_hash, entry)))
