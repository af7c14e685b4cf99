"""Kills at many moments: ``python -m tests.killing [--kills 40] [--folder .] [--hub postgresql://…]``.

A branch and its headquarters work and sync as real processes; at each kill one of them dies with SIGKILL at the next
moment of its work: before a statement, before a commit, just after one. In the end everything is compared.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.killing.ordeal import BRANCH, HUB, Ordeal

TARGETS = [(BRANCH, "act"), (HUB, "merge"), (BRANCH, "pull"), (HUB, "serve"), (BRANCH, "push"), (HUB, "act")]


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.killing")
    parser.add_argument("--folder", type=Path, help="where the databases go, to look at afterwards")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--hub")
    asked = parser.parse_args()
    with TemporaryDirectory() as elsewhere:
        return _suffer(Ordeal(asked.folder or Path(elsewhere), asked.hub), asked.kills)


def _suffer(ordeal: Ordeal, kills: int) -> int:
    ordeal.live()
    moments = ordeal.live()  # the second life is like the others
    for kill in range(kills):
        victim, work = TARGETS[kill % len(TARGETS)]
        found = [number for number, under_way in enumerate(moments[victim], start=1) if under_way == work]
        ordeal.live(victim, found[kill * len(found) // kills])
    ordeal.calm()
    ordeal.check()
    ordeal.close()
    died = ordeal.died_in()
    told = ", ".join(f"{count} in {work}" for work, count in sorted(died.items()))
    print(f"{ordeal.lives} lives, {died.total()} killed ({told}), all agree")
    missed = sorted({work for _, work in TARGETS} - set(died))
    if missed:
        print(f"nobody died in {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
