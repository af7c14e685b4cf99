"""The line a change leaves in the log: what left the shop, what headquarters was told, what an auditor reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from operator import attrgetter
from typing import Literal

from core.model.values import Cell

ChangeKind = Literal["create", "update", "delete", "undelete"]
FORMAT = 1  # of the bytes that are hashed; a new field of an entry needs a new number
GENESIS = "0" * 32  # the hash before the first line of a log
_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False, check_circular=False
).encode


@dataclass(frozen=True, slots=True)
class Entry:
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


_hashed = attrgetter(*(f.name for f in fields(Entry) if f.name != "hash"))


def canonical(entry: Entry) -> bytes:
    """Return the bytes an entry's hash covers: every field but the hash itself, in the order of the class."""
    return _encode((FORMAT, *_hashed(entry))).encode()


def chain(previous_hash: str, entry: Entry) -> str:
    """Return the hash of an entry, which vouches for all entries of its origin before it as well."""
    return blake2b(previous_hash.encode() + canonical(entry), digest_size=16).hexdigest()


def sealed(previous_hash: str, entry: Entry) -> Entry:
    """Return the entry with its hash filled in."""
    return replace(entry, hash=chain(previous_hash, entry))
