from __future__ import annotations

import pytest

from app.background import chores
from app.settings import SyncSettings
from stores.storage import bulk, holdups
from sync import leases
from sync.hub import silence
from tests.sync.nodes import World

DAYS_S = 5 * 86_400.0


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(silence, "watch", lambda node, after: found.append(f"listened {after.days}"))
    monkeypatch.setattr(leases, "compact", lambda node, lasts, kept: found.append(f"swept {lasts.days} {kept.days}"))
    return found


def test_headquarters_listens_all_the_time_and_sweeps_once_a_day(done: list[str]) -> None:
    world = World()
    hub = world.hub()

    for hours in (0, 1, 22, 2):
        world.wait(hours * 3600)
        chores.do(hub, SyncSettings(), DAYS_S)

    assert done == ["listened 1", "swept 30 90", "listened 1", "listened 1", "listened 1", "swept 30 90"]
    assert chores.next_due(hub) is not None
    hub.database.close()


def test_a_headquarters_that_was_off_itself_lets_its_branches_call_before_it_speaks_of_silence(done: list[str]) -> None:
    hub = World().hub()

    for up_s in (0, 299, 300):
        chores.do(hub, SyncSettings(keep_deleted=0), up_s)
    assert done == ["listened 1"]
    chores.do(hub, SyncSettings(silent=60, keep_deleted=0), 61)
    assert len(done) == 2
    hub.database.close()


def test_what_is_switched_off_is_not_done_and_a_branch_does_nothing(done: list[str]) -> None:
    world = World()
    hub, branch = world.hub(), world.node("bund")

    chores.do(hub, SyncSettings(silent=0, keep_deleted=0), DAYS_S)
    chores.do(branch, SyncSettings(), DAYS_S)

    assert done == []
    assert chores.next_due(branch) is None
    hub.database.close()
    branch.database.close()


def test_who_holds_up_the_database_is_logged_at_once_and_told_once_a_day(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = World()
    hub = world.hub()
    console = holdups.Holdup(4711, "console", "li", 90, 2)
    monkeypatch.setattr(holdups, "holdups", lambda _connection: [console])

    for _ in range(2):
        chores.do(hub, SyncSettings(silent=0, keep_deleted=0), DAYS_S)

    with hub.database.read() as connection:
        told = bulk.run(connection, "SELECT name, zh, en FROM core_notice")
    assert [name for name, *_ in told] == ["core.database_held_up"]
    assert all("4711" in text and "console" in text and "pg_terminate_backend" in text for text in told[0][1:])
    assert [each.message for each in caplog.records] == ["a session holds up the database"] * 2
    hub.database.close()
