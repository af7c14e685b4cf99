"""The program as a shop starts it, on a PC whose clock the test sets: `python -m tests.journeys.clocked FILE serve …`.

FILE holds the moment, and the clock stands there until the test writes another one. Only what reads the clock of the
world is replaced, here, outside the product: the node, its database, its threads and its HTTP are the real ones.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app import cli, service
from app.background import timer_loop
from app.bootstrap import Surroundings
from app.cli import common, nodes


def main() -> None:
    """Run the command line with the clock of a file."""
    clock = Path(sys.argv.pop(1))

    def now() -> datetime:
        return datetime.fromisoformat(clock.read_text("utf-8")).astimezone(UTC)

    opened = partial(service.open_service, world=Surroundings(now=now))
    for module in (common, nodes):
        vars(module)["open_service"] = opened
    vars(timer_loop)["LONGEST_NAP_S"] = 0.1  # the test's clock jumps; nobody waits half a minute for it to be noticed
    cli.main()


if __name__ == "__main__":
    main()
