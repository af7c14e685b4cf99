"""Longer simulations: ``python -m tests.simulation --seeds 500 [--first 0] [--steps 200] [--branches 3] [--danger 0.1]``.

Prints every seed that fails and how, and ends with status 1 if there was one. A seed that failed is added to
``FAILED_ONCE`` in test_chain.py and stays there.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.chain import Chain


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--branches", type=int, default=3)
    parser.add_argument("--danger", type=float, default=0.1)
    asked = parser.parse_args()
    failed = [seed for seed in range(asked.first, asked.first + asked.seeds) if not _holds(seed, asked)]
    print(f"{asked.seeds} storms, {len(failed)} failed: {failed}")
    return 1 if failed else 0


def _holds(seed: int, asked: Namespace) -> bool:
    with TemporaryDirectory() as folder:
        chain = Chain(seed, Path(folder), asked.branches, asked.danger)
        try:
            chain.storm(asked.steps)
            chain.calm()
            chain.check()
        except Exception as error:  # noqa: BLE001 - whatever it is, the seed must be told
            print(f"seed {seed}: {type(error).__name__}: {str(error)[:500]}")
            return False
        finally:
            chain.close()
    print(f"seed {seed}: {chain.rounds} rounds, {chain.cuts} power cuts, {len(chain.witness.edits)} edits, "
          f"{chain.witness.conflicts.total()} conflicts, all agree")  # fmt: skip
    return True


if __name__ == "__main__":
    sys.exit(main())
