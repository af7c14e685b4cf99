"""Records held against headquarters', and put right where they differ although nothing is on its way."""

from __future__ import annotations

from dataclasses import dataclass

from stores.changes.buckets import Sum
from stores.changes.feed import StateRow
from sync.protocol.exchange import Head


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
