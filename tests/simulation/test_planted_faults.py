"""Every checker has been seen to fail: each fault planted here must be caught by the simulation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from core.model import merge
from stores.changes import apply, downward
from stores.changes.commit import Deed
from stores.storage import checkpoints
from stores.storage.system import LOG
from sync import pull, server
from sync.protocol import FrameError
from tests.simulation import chain as simulation
from tests.simulation.chain import Chain

SEEDS_MAX = 12
Plant = Callable[[pytest.MonkeyPatch], None]


def everything_counts_as_seen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(merge, "seen", lambda *_: True)


def nothing_counts_as_seen(patch: pytest.MonkeyPatch) -> None:
    real = merge.seen
    patch.setattr(merge, "seen", lambda stamp, origin, _base: real(stamp, origin, 0))


def own_changes_are_not_replayed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(downward, "_pending_origins", lambda *_: {})


def an_acknowledgement_is_forgotten_before_a_page(patch: pytest.MonkeyPatch) -> None:
    real = apply.apply_rows
    patch.setattr(pull.apply, "apply_rows", lambda c, n, rows, **how: real(c, n, rows, **{**how, "applied": 0}))


def the_checkpoint_skips_a_place(patch: pytest.MonkeyPatch) -> None:
    real = checkpoints.move_pulled
    patch.setattr(checkpoints, "move_pulled", lambda c, upto, **how: real(c, upto + 1, **how))


def a_page_ends_inside_a_transaction(patch: pytest.MonkeyPatch) -> None:
    real = server.feed.rows_after

    def cut(*args: Any) -> Any:
        page = real(*args)
        return replace(page, rows=page.rows[:1]) if len(page.rows) > 1 else page

    patch.setattr(server.feed, "rows_after", cut)


def repetitions_are_merged_again(patch: pytest.MonkeyPatch) -> None:
    real = apply.merge_transactions

    def twice(connection: Any, node: Any, standing: Any, entries: Any, sender: str, tries: int = 1) -> Any:
        real(connection, node, standing, entries, sender, tries)
        return real(connection, node, standing, entries, sender, tries)

    patch.setattr(apply, "merge_transactions", twice)


def the_record_is_written_without_its_line(patch: pytest.MonkeyPatch) -> None:
    real = simulation.commit

    def commit(connection: Any, node: Any, deed: Deed, edits: Any) -> Any:
        lines = real(connection, node, deed, edits)
        if deed.tx.endswith("7"):
            connection.execute(delete(LOG).where(LOG.c.tx == deed.tx))
        return lines

    patch.setattr(simulation, "commit", commit)


def the_later_clock_loses(patch: pytest.MonkeyPatch) -> None:
    real = merge._incoming_wins
    patch.setattr(merge, "_incoming_wins", lambda p, cell, new, later, home: real(p, cell, new, not later, home))


def conflicts_are_not_recorded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply.conflicts, "record", lambda *_: [])


PLANTS: list[Plant] = [
    everything_counts_as_seen,
    nothing_counts_as_seen,
    own_changes_are_not_replayed,
    an_acknowledgement_is_forgotten_before_a_page,
    the_checkpoint_skips_a_place,
    a_page_ends_inside_a_transaction,
    repetitions_are_merged_again,
    the_record_is_written_without_its_line,
    the_later_clock_loses,
    conflicts_are_not_recorded,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_caught(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fresh_url: Callable[[], str]
) -> None:
    plant(monkeypatch)

    for seed in range(SEEDS_MAX):
        folder = tmp_path / str(seed)
        folder.mkdir()
        chain = Chain(seed, folder, hub_url=fresh_url())
        try:
            chain.storm(steps=60)
            chain.calm()
            chain.check()
        except (AssertionError, FrameError):  # a checker has seen it, or the product's own hash chain
            return
        finally:
            chain.close()
    pytest.fail(f"{plant.__name__} was not noticed in {SEEDS_MAX} storms")
