"""Every checker has been seen to fail: the quickest of the planted faults are caught here, all of them by
``make simulate-mutants``. And a storm that fails is made smaller, and told so that it can be run again.
"""

from __future__ import annotations

import logging

import pytest

from tests.simulation import __main__ as simulation
from tests.simulation import trial as trials
from tests.simulation.mutants import MUTANTS
from tests.simulation.trial import Trial, shrunk

SEEDS_MAX = 6
QUICK = (
    "everything_counts_as_seen",
    "the_checkpoint_skips_a_place",
    "a_page_ends_inside_a_transaction",
    "a_frame_is_merged_twice",
    "a_record_is_written_without_its_line",
    "a_sequence_number_is_given_out_twice",
    "headquarters_signs_before_it_has_stored",
    "the_hashes_are_not_compared",
)


@pytest.mark.parametrize("mutant", QUICK)
def test_a_planted_fault_is_caught(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[mutant](monkeypatch)

    assert any(Trial(seed, steps=60, mutant=mutant).run()[0] for seed in range(SEEDS_MAX)), f"{mutant} goes unnoticed"


def test_a_planted_fault_has_a_time_in_which_it_must_be_caught(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def endless(_trial: Trial) -> tuple[str, str]:
        while True:
            pass

    monkeypatch.setattr(Trial, "run", endless)
    monkeypatch.setattr(simulation, "MUTANTS", {"a_frame_is_merged_twice": lambda _patch: None})
    monkeypatch.setattr("sys.argv", ["simulation", "--mutants", "--limit", "0.05"])

    assert simulation.main() == 1
    assert "a_frame_is_merged_twice: NOT DECIDED within 0.05 s" in capsys.readouterr().out
    logging.disable(logging.NOTSET)


def test_a_storm_that_fails_is_made_as_small_as_it_still_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Trial] = []

    def run(trial: Trial) -> tuple[str, str]:
        runs.append(trial)
        wrong = "AssertionError: lost" if trial.steps >= 13 and trial.branches >= 2 else ""
        return wrong or ("IndexError: another fault" if trial.steps < 8 else ""), ""

    monkeypatch.setattr(Trial, "run", run)

    smallest = shrunk(Trial(7, steps=200, mutant="a_frame_is_merged_twice"))

    assert (smallest.branches, smallest.danger) == (2, 0.0)
    assert 13 <= smallest.steps <= 26
    assert len(runs) <= trials.SHRINKS_MAX + 1
    assert smallest.command.startswith("python -m tests.simulation --first 7 --seeds 1 --steps ")
    assert smallest.command.endswith("--branches 2 --danger 0.0 --mutant a_frame_is_merged_twice")
