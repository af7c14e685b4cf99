"""Contents (files, images) on their way: offered, delivered and fetched in pieces when nothing else travels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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
    """Ask for a content that a record names, from its ``first`` piece that is not here, for at most so many."""

    hash: str
    type: str
    pk: str
    first: int
    most: int


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """What the content is made of and its next pieces; without ``hashes`` headquarters does not have it (yet)."""

    size: int = 0
    hashes: tuple[str, ...] = ()
    data: tuple[bytes, ...] = ()
