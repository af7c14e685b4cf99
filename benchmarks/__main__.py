"""Run the measurements and print one table: ``python -m benchmarks [--only NAME] [--records N]``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from app.cli.nodes import collect_less_often
from benchmarks import actions, edits, fan_in, first_load, first_merge, growth, http_action, lists, pages, postgres

RUNS: dict[str, Callable[[argparse.Namespace], Iterable[tuple[str, str]]]] = {
    "actions": lambda told: actions.run(told.actions),
    "http": lambda told: http_action.run(told.actions // 4),
    "merge": lambda told: first_merge.run(told.records),
    "load": lambda told: first_load.run(told.records),
    "edits": lambda told: edits.run(told.records),
    "fan-in": lambda told: fan_in.run(told.records),
    "postgres": lambda told: postgres.run(told.records),
    "pages": lambda told: pages.run(min(told.records, 5_000)),
    "lists": lambda told: lists.run([size for size in lists.SIZES if size <= told.most]),
    "growth": lambda told: growth.run([size for size in growth.SIZES if size <= told.most]),
}


def main() -> None:
    """Run what was asked for and print figure by figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(RUNS))
    parser.add_argument("--records", type=int, default=100_000, help="records of the measurements of sync")
    parser.add_argument("--actions", type=int, default=2_000)
    parser.add_argument("--most", type=int, default=100_000, help="the largest of `growth` and `lists`, e.g. 1000000")
    told = parser.parse_args()
    collect_less_often()  # the branch, and the plain table, are measured in this process: as a node that serves is
    for name, run in RUNS.items():
        if told.only in {None, name}:
            print(f"\n{name}")
            for label, figure in run(told):
                print(f"  {label:78} {figure:>12}", flush=True)


if __name__ == "__main__":
    main()
