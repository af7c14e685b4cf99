"""Run the measurements and print one table: ``python -m benchmarks [--only NAME] [--records N]``."""

from __future__ import annotations

import argparse

from benchmarks import actions, first_load, first_merge, growth, http_action, pages


def main() -> None:
    """Run what was asked for and print figure by figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["actions", "http", "merge", "load", "growth", "pages"])
    parser.add_argument("--records", type=int, default=100_000, help="records of the first merge")
    parser.add_argument("--actions", type=int, default=2_000)
    parser.add_argument("--most", type=int, default=100_000, help="the largest size of `growth`, e.g. 1000000")
    told = parser.parse_args()
    runs = {
        "actions": lambda: actions.run(told.actions),
        "http": lambda: http_action.run(told.actions // 4),
        "merge": lambda: first_merge.run(told.records),
        "load": lambda: first_load.run(told.records),
        "pages": lambda: pages.run(min(told.records, 5_000)),
        "growth": lambda: growth.run([size for size in growth.SIZES if size <= told.most]),
    }
    for name, run in runs.items():
        if told.only in {None, name}:
            print(f"\n{name}")
            for label, figure in run():
                print(f"  {label:78} {figure:>12}", flush=True)


if __name__ == "__main__":
    main()
