"""Take in what was done elsewhere. One of the only two writers; the other is commit.

Headquarters merges the log lines that come up (``merge_entries``); a branch puts down the state of records that
comes down (``apply_rows``). Both change records by the steps in ``merging``, as commit does.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import Connection, select

from core.model.change import GENESIS, Entry
from core.model.clock import iso, stamp_ms
from core.model.lines import Lines
from core.model.values import Cell
from stores.changes import conflicts, discarding, downward, log, people, quarantine
from stores.changes.batch import AHEAD_MS_MAX, Tally, merge_transactions
from stores.changes.downward import NO_VERSIONS, ApplyReport, Versions
from stores.changes.feed import StateRow
from stores.changes.proofs import believed
from stores.changes.quarantine import DeedKey, Key, Stuck, Tried
from stores.changes.sifting import BrokenChain, ForkedLog, not_yet_told, sift
from stores.node import Node
from stores.storage import checkpoints, counters, state, upgrades
from stores.storage.counters import Counters

__all__ = [
    "ApplyReport",
    "BrokenChain",
    "ForkedLog",
    "MergeReport",
    "apply_rows",
    "catch_up",
    "merge_entries",
    "retry",
    "retry_all",
    "retry_behind",
    "upgraded",
]


FREED_MAX = 100  # actions in quarantine that are tried again because of what has just arrived
RETRIED_MAX = 2_000  # actions of one store that are tried again when plugins have changed
report = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What headquarters made of a piece of a log. All up to ``seq`` is durably stored once the caller commits.

    ``expected`` is set when lines are missing: the sequence number to go on from. ``waiting`` are the (origin, seq)
    in quarantine, ``conflicts`` the cells of the new conflict records, ``ahead_ms`` how far the sender's clock runs
    before headquarters' beyond what is tolerated.
    """

    origin: str
    seq: int
    hash: str
    expected: int | None = None
    merged: int = 0
    repeated: int = 0
    waiting: tuple[tuple[str, int], ...] = ()
    conflicts: tuple[Mapping[str, Cell], ...] = ()
    touched: tuple[Key, ...] = ()
    ahead_ms: int = 0


def merge_entries(
    connection: Connection,
    node: Node,
    entries: Sequence[Entry],
    *,
    sender: str,
    chained: bool = False,
    unproven: int = 0,
) -> MergeReport:
    """Store and merge a piece of the log of one origin of store ``sender``, in the caller's write transaction.

    A repetition is skipped, a hole is answered with the number expected, and what cannot be merged goes to quarantine:
    an acknowledgement means stored, not liked. ``chained`` says that the caller has worked out the hashes itself, each
    from the one before, as the decoder of frames does. The lines up to ``unproven`` prove nothing (``proofs``).
    Raises ``ForkedLog`` and ``BrokenChain``; nothing is saved then.
    """
    if not entries:
        return MergeReport("", 0, GENESIS)
    found = sift(connection, entries, chained=chained)
    standing = counters.load(connection, node)
    log.append(connection, found.fresh)
    if found.fresh:
        checkpoints.move_head(connection, found.origin, found.seq, found.hash, iso(node.now()))
    fresh = believed(not_yet_told(connection, found.fresh), unproven)
    tally = merge_transactions(connection, node, standing, fresh, sender)
    opened = conflicts.record(connection, node, standing, tally.dissents, sender)
    _save(connection, node, standing)
    waiting = tuple((entry.origin, entry.seq) for entry in tally.waiting)
    if waiting:
        report.warning("changes were put aside", extra={"origin": found.origin, "codes": dict(tally.reasons)})
    return MergeReport(
        found.origin,
        found.seq,
        found.hash,
        found.expected,
        tally.merged,
        found.repeated,
        waiting,
        tuple(opened),
        _touched(tally, opened),
        _ahead_ms(node, found.fresh),
    )


def retry_all(connection: Connection, node: Node) -> MergeReport:
    """Try again what is in quarantine: after a plugin was installed or updated, and when a person asks.

    Of what one store has sent no more than ``RETRIED_MAX`` actions now; the rest is due and follows by itself, so that
    a store that has sent a million bad lines holds up nobody.
    """
    quarantine.all_due(connection, node.now())
    return retry(connection, node, quarantine.due(connection, node.now(), RETRIED_MAX))


def retry(connection: Connection, node: Node, deeds: Collection[DeedKey]) -> MergeReport:
    """Try again some actions that are in quarantine.

    What fails once more goes back with one more try counted; order within a record is kept.
    """
    standing = counters.load(connection, node)
    total, opened = Tally(), list[Mapping[str, Cell]]()
    for (_, sender, tried), group in groupby(quarantine.take(connection, deeds), key=_transaction):
        again = tried._replace(times=tried.times + 1)
        tally = merge_transactions(connection, node, standing, [each.entry for each in group], sender, again)
        opened += conflicts.record(connection, node, standing, tally.dissents, sender)
        total.add(tally)
    _save(connection, node, standing)
    waiting = tuple((entry.origin, entry.seq) for entry in total.waiting)
    merged, touched = total.merged, _touched(total, opened)
    return MergeReport("", 0, GENESIS, merged=merged, waiting=waiting, conflicts=tuple(opened), touched=touched)


def retry_behind(connection: Connection, node: Node, touched: Collection[Key]) -> tuple[Key, ...]:
    """Try again what waited for records that have just arrived, then what waited for those, and so on; return the
    records touched. No more than ``FREED_MAX`` actions: the others have their turn when time has passed."""
    freed, arrived, left = list[Key](), touched, FREED_MAX
    while arrived and left > 0 and not quarantine.is_empty(connection):
        deeds = quarantine.behind(connection, arrived, people.told_of(connection, node, arrived), left)
        if not deeds:
            break
        left -= len(deeds)
        report = retry(connection, node, deeds)
        arrived = report.touched if report.merged else ()
        freed += arrived
    return tuple(freed)


def apply_rows(
    connection: Connection,
    node: Node,
    rows: Sequence[StateRow],
    *,
    applied: int | None = None,
    upto: int | None = None,
    hlc: int = 0,
    versions: Versions = NO_VERSIONS,
) -> ApplyReport:
    """Put down a page of the feed in the caller's write transaction, with the checkpoint that says so.

    ``applied`` is how much of this node's own log the rows contain (by default what is acknowledged); what was done
    here later is replayed over them. ``upto`` is the page's end; without it the caller moves the checkpoint in the
    same transaction. ``hlc`` is the hub's clock: what is written here from now on ranks above what has arrived.
    ``versions`` are those of the hub's plugins. Applying a page twice changes nothing.
    """
    if applied is not None:
        checkpoints.ack(connection, node.identity.origin, applied, iso(node.now()))
    report = downward.put_down(connection, node, rows, applied, versions)
    if upto is not None:
        checkpoints.move_pulled(connection, upto, at=iso(node.now()))
    standing = counters.load(connection, node)
    node.clock.observe(node.clock.rank(max(hlc, report.hlc), AHEAD_MS_MAX))
    _save(connection, node, standing)
    return report


def catch_up(connection: Connection, node: Node) -> tuple[Key, ...]:
    """Use what arrived before this node's plugins knew it; return the records touched. Call it after a reload.

    Rows of types that were unknown are put down, quarantined changes are merged; ``migrate`` has moved the fields that
    were kept aside into their columns by then. Nothing of this is logged again.
    """
    touched: list[Key] = []
    for (plugin, version), rows in quarantine.unpark(connection, set(node.catalog.records)).items():
        versions = {plugin: version} if version else NO_VERSIONS
        touched += apply_rows(connection, node, rows, versions=versions).touched
    if node.is_hub:
        touched += retry_all(connection, node).touched
        given_up = discarding.settle(connection, node)
        touched += (*given_up, *retry_behind(connection, node, given_up))
    return tuple(dict.fromkeys(touched))


def upgraded(connection: Connection, node: Node) -> tuple[Key, ...]:
    """Return, once, the records decided here whose values a new plugin version has changed: their timers may move."""
    found: list[Key] = []
    for type_ in upgrades.changed_types(connection):
        record = node.catalog.records.get(type_)
        if record is not None and record.timers:
            table = node.tables[type_]
            rows = connection.execute(select(table.c.id, table.c._store).where(table.c._life % 2 == 1))
            found += [(type_, id_) for id_, store in rows if node.is_home(record, store)]
    state.put(connection, upgrades.TIMERS, None)
    return tuple(found)


def _transaction(stuck: Stuck) -> tuple[DeedKey, str, Tried]:
    return (stuck.entry.origin, stuck.entry.tx), stuck.sender, stuck.tried


def _save(connection: Connection, node: Node, standing: Counters) -> None:
    standing.hlc = max(standing.hlc, node.clock.last)
    counters.save(connection, standing)


def _touched(tally: Tally, opened: Sequence[Mapping[str, Cell]]) -> tuple[Key, ...]:
    merged = dict.fromkeys((*tally.plain, *tally.touched))
    return (*merged, *((conflicts.CONFLICT, str(cells["id"])) for cells in opened))


def _ahead_ms(node: Node, entries: Sequence[Entry]) -> int:
    """Return how far the newest stamp runs ahead of this node's clock, beyond what is tolerated; 0 when it does not."""
    stamps = entries.columns["hlc"] if isinstance(entries, Lines) else [entry.hlc for entry in entries]
    newest = stamp_ms(max(stamps, default=0))
    return max(0, newest - int(node.now().timestamp() * 1000) - AHEAD_MS_MAX)
