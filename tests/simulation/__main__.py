"""Longer simulations: ``python -m tests.simulation --seeds 500 [--first 0] [--steps 200] [--branches 3] [--danger 0.1]``.

Prints every seed that fails and how, the smallest storm found that fails as well, and the command that runs it again;
ends with status 1 if there was one. A seed that failed is added to ``FAILED_ONCE`` in test_chain.py and stays there.
``--fate`` puts machines back from backups and copies them (see ``fate``). ``--postgres`` lets headquarters work on PostgreSQL.
``--mutants`` plants every fault of mutants.py in turn instead, and fails when one is not caught, or not within ``--limit``
seconds; ``--mutant NAME`` plants one.
"""

from __future__ import annotations

import logging
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

import pytest

from tests.conftest import running_postgres, schemas
from tests.simulation.fate import FATES
from tests.simulation.mutants import FATES_OF, MUTANTS
from tests.simulation.trial import Trial, shrunk

T = TypeVar("T")


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--branches", type=int, default=3)
    parser.add_argument("--danger", type=float, default=0.1)
    parser.add_argument("--mutants", action="store_true", help="plant each fault in turn; each must be caught")
    parser.add_argument("--mutant", choices=MUTANTS, help="plant this one")
    parser.add_argument("--fate", choices=FATES, default="", help="put machines back from backups, copy them")
    parser.add_argument(
        "--postgres",
        action="store_true",
        help="headquarters on PostgreSQL: the one named by the environment, or its own",
    )
    parser.add_argument(
        "--limit", type=float, default=180, help="seconds for each planted fault; one that takes longer fails"
    )
    parser.add_argument("--shrink", action="store_true", help="of what catches a planted fault, find the smallest")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # a storm is loud
    with databases(asked.postgres) as asked.database:
        if asked.mutants:
            return _survivors(asked)
        return _planted(asked.mutant, lambda: _storms(asked, asked.mutant or ""))


@contextmanager
def databases(wanted: bool) -> Iterator[Callable[[], str] | None]:
    """Make empty databases on a PostgreSQL, if that is wanted; without one the program ends and says how to get one."""
    if not wanted:
        yield None
        return
    with running_postgres() as url, schemas(url) as make:
        yield make


def _storms(asked: Namespace, mutant: str) -> int:
    failed = [seed for seed in _seeds(asked) if not _holds(_trial(seed, asked, mutant))]
    print(f"{asked.seeds} storms, {len(failed)} failed: {failed}")
    return 1 if failed else 0


def _holds(trial: Trial) -> bool:
    wrong, told = trial.run()
    print(f"seed {trial.seed}: {wrong or told}", flush=True)
    if wrong:
        print(f"    again: {shrunk(trial).command}", flush=True)
    return not wrong


def _survivors(asked: Namespace) -> int:
    began, missed = monotonic(), list[str]()
    for nth, name in enumerate(MUTANTS, start=1):
        try:
            with at_most(asked.limit):
                caught = _planted(name, lambda name=name: _caught(asked, name))  # type: ignore[misc]
            told = caught or f"{name}: NOT CAUGHT"
        except TooLong:
            caught, told = "", f"{name}: NOT DECIDED within {asked.limit:g} s (--limit)"
        print(f"{nth}/{len(MUTANTS)} after {monotonic() - began:.0f} s: {told}", flush=True)
        missed += [] if caught else [name]
    print(f"{len(MUTANTS)} planted faults, {len(missed)} not caught in {asked.seeds} storms each: {missed}")
    return 1 if missed else 0


BUNGLED = ("TypeError", "AttributeError", "NameError", "KeyError")  # what a fault says that no longer fits the code


class TooLong(BaseException):
    """A storm that is still under way when its time is up. No ordinary fault: else it would pass for one that was caught."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise ``TooLong`` in what takes longer; where the system has no such clock, between two storms nobody waits for."""

    def ring(*_: object) -> None:
        raise TooLong

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _caught(asked: Namespace, mutant: str) -> str:
    """Return what the first storm that catches the fault says; empty when none does. Made smaller when asked to.

    One that breaks at once because the code beside it has changed has broken no promise, and has to be planted anew.
    """
    for seed in _seeds(asked):
        trial = _trial(seed, asked, mutant)
        wrong, _ = trial.run()
        if wrong.partition(":")[0] in BUNGLED:
            return ""
        if wrong:
            smallest = shrunk(trial) if asked.shrink else trial
            return f"{mutant}: {wrong.splitlines()[0][:120]}\n    again: {smallest.command}"
    return ""


def _planted(mutant: str | None, run: Callable[[], T]) -> T:
    with pytest.MonkeyPatch.context() as patch:
        if mutant:
            MUTANTS[mutant](patch)
        return run()


def _seeds(asked: Namespace) -> range:
    return range(asked.first, asked.first + asked.seeds)


def _trial(seed: int, asked: Namespace, mutant: str) -> Trial:
    fate = asked.fate or FATES_OF.get(mutant, "")
    return Trial(seed, asked.steps, asked.branches, asked.danger, mutant, fate, asked.database)


if __name__ == "__main__":
    sys.exit(main())
