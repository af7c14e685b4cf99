"""What happens by itself as days pass, on real nodes whose clocks the test sets: a day is closed, a silence is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.demo.client import Person
from tests.journeys.conftest import RealNode, switch_off

pytestmark = pytest.mark.journey


@pytest.fixture
def nodes(joined: tuple[Path, int], tmp_path: Path) -> Iterator[tuple[RealNode, RealNode]]:
    """A headquarters and a branch that has joined it, on PCs whose clocks stand where ``set_clock`` puts them."""
    folder, port = joined
    shutil.copytree(folder, tmp_path / "chain")
    made: list[RealNode] = []
    for name, store in (("hq", "hq"), ("lakeside-1", "lakeside")):
        place = tmp_path / "chain" / name
        program = ("tests.journeys.clocked", str(place / "clock.txt"))
        upstream = f"http://127.0.0.1:{port}" if made else None
        node = RealNode(
            place, name, store, place / "plugins", 0 if made else port, upstream, None, place / "clock.txt", program
        )
        node.write_settings("beat: 1s, silent: 1s")  # so long does headquarters wait, too, when it has just begun
        made.append(node)
    yield made[0], made[1]
    switch_off(made)


def test_a_day_is_closed_and_counter_signed_and_a_branch_that_falls_silent_is_told_of(
    nodes: tuple[RealNode, RealNode], eventually: Any
) -> None:
    hq, branch = nodes
    monday = _tomorrow(hq)
    _set(nodes, f"{monday} 12:00:00")
    hq.switch_on()
    branch.switch_on()
    boss, counter = hq.person("wu"), branch.person("li")
    counter.act("bicycle_rental.bicycle", "add", {"frame": "F-1"})
    eventually(lambda: boss.read("bicycle_rental/bicycle")["rows"], "the bicycle at headquarters")

    _set(nodes, f"{monday + timedelta(days=1)} 06:01:00")  # a night ends at six
    boss, counter = hq.person("wu"), branch.person("li")  # and a session does as well

    eventually(lambda: _closed(counter, monday), "the branch to have its day closed")
    (here,), (there,) = _closed(counter, monday), _closed(boss, monday)
    assert here["said"] == there["said"]
    assert "all at headquarters, counter-signed" in here["said"]
    assert branch.switch_off() == 0
    told = len(_silences(boss))  # of the night that passed at one blow, perhaps
    hq.set_clock(f"{monday + timedelta(days=2)} 06:10:00")
    boss = hq.person("wu")
    eventually(lambda: len(_silences(boss)) == told + 1, "headquarters to tell of the silence")
    assert "lakeside-1" in _silences(boss)[0]["zh"]


def _tomorrow(node: RealNode) -> date:
    """Return the day after the one on which the node was made: nothing that is written comes before it."""
    return datetime.fromtimestamp(node.config.stat().st_mtime, UTC).date() + timedelta(days=1)


def _set(nodes: tuple[RealNode, RealNode], moment: str) -> None:
    for node in nodes:
        node.set_clock(moment)


def _closed(person: Person, day: date) -> list[dict[str, Any]]:
    return [each for each in person.read("status").get("closed", ()) if each["day"] == day.isoformat()]


def _silences(person: Person) -> list[dict[str, Any]]:
    return [each for each in person.read("core/notice")["rows"] if each["name"] == "core.node_silent"]
