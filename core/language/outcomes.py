"""What an action does, compiled: entries in ledgers, new records, changes of others, and the row that says which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.language.expressions import Aggregate, Formula
from core.model.errors import Place, Text


@dataclass(frozen=True, slots=True)
class Post:
    """An entry to write into a ledger. The amount's sign is the rule's own."""

    ledger: str
    account: Formula
    amount: Formula
    why: Text
    cite: tuple[str, ...] = ()
    fills: Mapping[str, Formula] = field(default_factory=dict)  # of ``why``
    when: Formula | None = None
    values: Mapping[str, Formula] = field(default_factory=dict)  # of the ledger's own fields


@dataclass(frozen=True, slots=True)
class Create:
    """A record to create: once, or for ``each`` item of a list (``item`` and ``index`` are then names)."""

    record: str  # qualified
    values: Mapping[str, Formula]
    each: Formula | None = None
    state: str | None = None
    when: Formula | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Other records of the same store to change: those that ``query`` counts."""

    record: str  # qualified
    query: Aggregate
    to: str | None
    set: Mapping[str, Formula]


@dataclass(frozen=True, slots=True)
class Sweep:
    """Entries of a ledger to take back, or (``restores``) to let stand again: those that ``query`` counts."""

    ledger: str
    query: Aggregate
    restores: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action does. The first outcome whose ``when`` holds is taken.

    ``refuse`` refuses with a message; ``instead`` makes another record in place of the new one.
    """

    when: Formula | None = None
    to: str | None = None
    set: Mapping[str, Formula] = field(default_factory=dict)
    post: tuple[Post, ...] = ()
    create: tuple[Create, ...] = ()
    update: tuple[Update, ...] = ()
    sweep: tuple[Sweep, ...] = ()
    pick: Mapping[str, str] = field(default_factory=dict)  # field -> dispatch policy
    notice: tuple[str, ...] = ()
    refuse: Text | None = None
    confirm: tuple[str, ...] = ()  # roles that must sign, by different people
    cite: tuple[str, ...] = ()
    place: Place | None = None
    fills: Mapping[str, Formula] = field(default_factory=dict)  # of ``refuse``
    instead: Create | None = None  # made in place of the record itself, of which nothing is written
