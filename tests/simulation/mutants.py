"""Faults planted in the product's own code, one at a time: the simulation must catch every one of them.

A checker that has never failed proves nothing. Each mutant breaks one promise of sync; ``make simulate-mutants`` plants
them all, prints the seed that caught each, the smallest storm that does, and how to run it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.model import merge
from core.model.clock import STAMP_MAX
from core.model.lines import Lines, lines_of
from stores.changes import apply, batch, downward, feed, merging, proofs, quarantine, sifting
from stores.changes.commit import Deed
from stores.storage import bulk, checkpoints, counters
from sync import arrival
from sync.branch import frames, pull
from sync.hub import server
from sync.protocol import Push, PushAnswer, Standing
from sync.wire import columns
from tests.simulation import chain as simulation

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def everything_counts_as_seen(patch: Patch) -> None:
    """Ignore ``base_hs``: every edit passes for one that knew all there was."""
    for module in (merge, merging):
        patch.setattr(module, "seen", lambda *_: True)


def nothing_counts_as_seen(patch: Patch) -> None:
    """Ignore ``base_hs`` the other way: nobody has ever seen what headquarters had."""
    real = merge.seen
    patch.setattr(merge, "seen", lambda stamp, origin, _base: real(stamp, origin, 0))


def own_changes_are_not_replayed(patch: Patch) -> None:
    """A page takes back what was entered here and not sent yet."""
    patch.setattr(downward, "_pending_origins", lambda *_: {})


def what_a_page_contains_is_replayed_over_it(patch: Patch) -> None:
    """A page does not say how much of one's own log is in it: sums count twice."""
    real = apply.apply_rows
    patch.setattr(pull.apply, "apply_rows", lambda c, n, rows, **how: real(c, n, rows, **{**how, "applied": 0}))


def the_checkpoint_skips_a_place(patch: Patch) -> None:
    """Off by one: the branch says that it has one place more than the page had."""
    real = checkpoints.move_pulled
    patch.setattr(checkpoints, "move_pulled", lambda c, upto, **how: real(c, upto + 1, **how))


def the_checkpoint_moves_before_the_rows(patch: Patch) -> None:
    """The checkpoint is kept in a transaction of its own, before the rows it covers."""

    def put_down(node: Any, _after: int, answer: Any, applied: int | None) -> None:
        with node.database.write() as connection:
            checkpoints.move_pulled(connection, answer.upto)
        with node.database.write() as connection:
            report = apply.apply_rows(connection, node, answer.rows, applied=applied, hlc=answer.hlc)
            arrival.arm(connection, node, report.touched)
        arrival.settle(node, report.touched)

    patch.setattr(pull, "_apply", put_down)


def a_page_ends_inside_a_transaction(patch: Patch) -> None:
    """A page is cut in the middle of a transaction and still claims the whole of it."""
    real = feed.rows_after

    def cut(*args: Any) -> Any:
        page = real(*args)
        return replace(page, rows=page.rows[:1]) if len(page.rows) > 1 else page

    patch.setattr(server.feed, "rows_after", cut)


def a_frame_is_merged_twice(patch: Patch) -> None:
    """What was merged once is merged once more."""
    real = apply.merge_transactions

    def twice(connection: Any, node: Any, standing: Any, entries: Any, sender: str, *tried: Any) -> Any:
        real(connection, node, standing, entries, sender, *tried)
        return real(connection, node, standing, entries, sender, *tried)

    patch.setattr(apply, "merge_transactions", twice)


def a_record_is_written_without_its_line(patch: Patch) -> None:
    """Now and then a line is missing from the log, though the record was written."""
    real = simulation.commit

    def commit(connection: Any, node: Any, deed: Deed, edits: Any) -> Any:
        lines = real(connection, node, deed, edits)
        if deed.tx.endswith("7"):
            bulk.run_only(connection, "DELETE FROM log WHERE tx = ?", deed.tx)
        return lines

    patch.setattr(simulation, "commit", commit)


def a_sequence_number_is_given_out_twice(patch: Patch) -> None:
    """Now and then the head of a branch's own log is not moved: the next line takes the same number."""
    real, places = counters.save, iter(range(1 << 30))

    def save(connection: Any, standing: Any) -> None:
        if "hq" not in standing.origin and next(places) % 7 == 6:
            standing = replace(standing, hash=counters.GENESIS)
        real(connection, standing)

    patch.setattr(counters, "save", save)


def the_clock_is_not_kept(patch: Patch) -> None:
    """After a restart a node's stamps go back with its clock."""
    real = counters.save
    patch.setattr(counters, "save", lambda connection, standing: real(connection, replace(standing, hlc=0)))
    patch.setattr(simulation.HybridClock, "observe", lambda *_: None)


def the_hashes_are_not_compared(patch: Patch) -> None:
    """A frame may claim any hash: what was altered on the way is merged."""
    real = columns.chained

    class Agreeing(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __ne__(self, _other: object) -> bool:
            return False

    patch.setattr(columns, "chained", lambda *call: [Agreeing(each) for each in real(*call)])


def a_frame_that_does_not_follow_is_taken(patch: Patch) -> None:
    """Neither the place nor the hash that a frame continues is looked at."""
    patch.setattr(server, "_continues", lambda *_: Standing.OK)

    def anything(_connection: Any, entries: Any, **_: Any) -> Any:
        last = entries[-1]
        return sifting.Sifted(last.origin, list(entries), 0, last.seq, last.hash, None)

    patch.setattr(apply, "sift", anything)


def headquarters_signs_before_it_has_stored(patch: Patch) -> None:
    """Now and then a push is answered although its transaction was rolled back."""
    real, calls = server.push, iter(range(1 << 30))

    def answer_first(node: Any, caller: Any, question: Push) -> PushAnswer:
        if question.entries and next(calls) % 5 == 4:
            return PushAnswer(Standing.OK, question.head)
        return real(node, caller, question)

    patch.setattr(server, "push", answer_first)


def a_tombstone_is_forgotten(patch: Patch) -> None:
    """What was deleted is not sent down."""
    real = feed._rows
    patch.setattr(feed, "_rows", lambda *args: (row for row in real(*args) if row.life % 2))


def the_dead_come_back(patch: Patch) -> None:
    """An edit by somebody who did not know of the delete brings the record back, whatever its type says."""
    real = merging._edit_of_the_dead

    def revive(record: Any, entry: Any, shape: Any, stamp: Any) -> Any:
        said = real(record, entry, shape, stamp)
        merging._raise_life(record, record.life + 1, stamp)
        return said

    patch.setattr(merging, "_edit_of_the_dead", revive)


def stamps_are_not_clamped(patch: Patch) -> None:
    """A clock in the future wins every conflict for years."""
    patch.setattr(simulation.HybridClock, "rank", lambda _self, stamp, _tolerance: min(stamp, STAMP_MAX))


def what_waits_holds_up_everything(patch: Patch) -> None:
    """One change in quarantine, and whatever its store sends later waits behind it."""
    real = quarantine.waiting

    def everything(connection: Any, records: Any) -> Any:
        held_up = bulk.run(connection, "SELECT 1 FROM quarantine LIMIT 1")
        return set(records) if held_up else real(connection, records)

    patch.setattr(batch.quarantine, "waiting", everything)


def what_does_not_fit_is_thrown_away(patch: Patch) -> None:
    """A change that cannot be merged is acknowledged and forgotten."""
    patch.setattr(quarantine, "keep", lambda *_: None)


def what_does_not_fit_is_merged(patch: Patch) -> None:
    """Nobody looks whether a cell fits its column."""
    patch.setattr(batch, "check_cells", lambda *_: None)


def the_earlier_clock_wins(patch: Patch) -> None:
    """``latest`` is turned round."""
    real = merge._incoming_wins
    patch.setattr(merge, "_incoming_wins", lambda p, cell, new, later, home: real(p, cell, new, not later, home))


def anybody_passes_for_the_home(patch: Patch) -> None:
    """A stranger's value stands where only the home's may."""
    real = merge._incoming_wins
    patch.setattr(merge, "_incoming_wins", lambda p, cell, new, later, _home: real(p, cell, new, later, True))


def a_sum_takes_the_last_figure(patch: Patch) -> None:
    """What others counted meanwhile is lost."""
    patch.setattr(merge, "_add_number", lambda _cell, _old, new: new)


def a_note_takes_the_place_of_the_others(patch: Patch) -> None:
    patch.setattr(merge, "_add_lines", lambda _cell, _old, new, _first: new)


def conflicts_are_not_recorded(patch: Patch) -> None:
    """The policies decide and nobody is told."""
    patch.setattr(apply.conflicts, "record", lambda *_: [])


def a_key_that_is_held_twice_is_not_noticed(patch: Patch) -> None:
    """Rules over several records are not looked at again after a merge."""
    patch.setattr(batch.invariants, "clashes", lambda *_: [])


def a_rule_that_two_edits_broke_is_not_noticed(patch: Patch) -> None:
    """What each side has checked is not asked again of what came of both."""
    patch.setattr(batch.broken, "rules_broken", lambda *_: [])


def a_frame_loses_a_line(patch: Patch) -> None:
    """Now and then the branch leaves a line out of what it sends."""
    real = frames.next_frame

    def short(connection: Any, origin: str, after: int, limits: Any) -> Lines:
        frame = real(connection, origin, after, limits)
        return lines_of([*frame[:-2], frame[-1]]) if len(frame) > 3 else frame

    patch.setattr(frames, "next_frame", short)


def the_place_of_a_record_is_not_kept(patch: Patch) -> None:
    """A merged record keeps its old place in the order: the branches that have passed it never hear of the change."""
    by_id, found = bulk.update, bulk.update_found

    def update(connection: Any, table: Any, columns: Any, rows: Any) -> None:
        place = list(columns).index("_hs") if "_hs" in columns else 0
        if place:
            rows = [(*r[:place], r[place] - (r[place] > 1 and r[place] % 3 == 0), *r[place + 1 :]) for r in rows]
        by_id(connection, table, columns, rows)

    def update_found(connection: Any, table: Any, columns: Any, values: Any) -> None:
        place = list(columns).index("_hs")
        moved = [hs - (hs > 1 and hs % 3 == 0) for hs in values[place]]
        found(connection, table, columns, (*values[:place], moved, *values[place + 1 :]))

    patch.setattr(bulk, "update", update)
    patch.setattr(bulk, "update_found", update_found)


def a_forgotten_past_proves_what_it_says(patch: Patch) -> None:
    """What was written in an order that headquarters has forgotten passes for seen in the one it has."""
    patch.setattr(proofs, "unproven", lambda *_: 0)


MUTANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        everything_counts_as_seen,
        nothing_counts_as_seen,
        own_changes_are_not_replayed,
        what_a_page_contains_is_replayed_over_it,
        the_checkpoint_skips_a_place,
        the_checkpoint_moves_before_the_rows,
        a_page_ends_inside_a_transaction,
        a_frame_is_merged_twice,
        a_record_is_written_without_its_line,
        a_sequence_number_is_given_out_twice,
        the_clock_is_not_kept,
        the_hashes_are_not_compared,
        a_frame_that_does_not_follow_is_taken,
        headquarters_signs_before_it_has_stored,
        a_tombstone_is_forgotten,
        the_dead_come_back,
        stamps_are_not_clamped,
        what_waits_holds_up_everything,
        what_does_not_fit_is_thrown_away,
        what_does_not_fit_is_merged,
        the_earlier_clock_wins,
        anybody_passes_for_the_home,
        a_sum_takes_the_last_figure,
        a_note_takes_the_place_of_the_others,
        conflicts_are_not_recorded,
        a_key_that_is_held_twice_is_not_noticed,
        a_rule_that_two_edits_broke_is_not_noticed,
        a_frame_loses_a_line,
        the_place_of_a_record_is_not_kept,
        a_forgotten_past_proves_what_it_says,
    )
}
FATES_OF = {"a_forgotten_past_proves_what_it_says": "both"}  # faults that only show when machines are put back
