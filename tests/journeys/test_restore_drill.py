"""The drill: a shop's PC dies, yesterday's backup is put back, and by the next call nothing is missing."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.journey


def frames(person: Any) -> list[str]:
    return sorted(each["frame"] for each in person.read("bicycle_rental/bicycle", limit="200")["rows"])


def add(person: Any, frame: str) -> None:
    person.act("bicycle_rental.bicycle", "add", {"frame": frame})


def test_a_branch_put_back_from_a_backup_gets_back_what_it_had_sent_and_keeps_what_it_does_next(
    chain: Any, eventually: Any
) -> None:
    add(chain.counter, "F-1")
    made = chain.branch.run("backup")
    assert made.returncode == 0, made.stderr
    add(chain.counter, "F-2")
    eventually(lambda: frames(chain.boss) == ["F-1", "F-2"], "both bicycles at headquarters")
    chain.branch.kill()

    (file,) = (chain.branch.folder / "data" / "backups").iterdir()
    restored = chain.branch.run("restore", str(file), "--yes")
    assert restored.returncode == 0, restored.stderr
    chain.hq.kill()  # the first evening after it, the line is down as well
    chain.branch.switch_on()
    assert frames(chain.counter) == ["F-1"]
    add(chain.counter, "F-3")
    chain.hq.switch_on()

    eventually(lambda: frames(chain.counter) == ["F-1", "F-2", "F-3"], "what was lost to come back")
    eventually(lambda: frames(chain.boss) == ["F-1", "F-2", "F-3"], "the new work at headquarters")
    for node in (chain.branch, chain.hq):
        assert node.run("verify").returncode == 0
    told = [notice["name"] for notice in chain.boss.read("core/notice")["rows"]]
    assert told == ["core.node_reborn"]


def test_a_headquarters_put_back_from_a_backup_is_refilled_by_its_branches(chain: Any, eventually: Any) -> None:
    add(chain.counter, "F-1")
    eventually(lambda: frames(chain.boss) == ["F-1"], "the bicycle at headquarters")
    assert chain.hq.run("backup").returncode == 0
    add(chain.counter, "F-2")
    eventually(lambda: frames(chain.boss) == ["F-1", "F-2"], "both at headquarters")
    chain.hq.kill()

    (file,) = (chain.hq.folder / "data" / "backups").iterdir()
    restored = chain.hq.run("restore", str(file), "--yes")
    assert restored.returncode == 0, restored.stderr
    chain.hq.switch_on()
    add(chain.counter, "F-3")

    eventually(lambda: frames(chain.boss) == ["F-1", "F-2", "F-3"], "headquarters to be refilled")
    eventually(lambda: chain.counter.read("status")["sync"]["safe_to_switch_off"], "everything sent")
    assert frames(chain.counter) == ["F-1", "F-2", "F-3"]
