from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Event

from app.background.timer_loop import LONGEST_NAP_S, SHORTEST_NAP_S, TimerLoop
from core.model.errors import ActionRefused

NINE = datetime(2026, 3, 7, 21, 0, tzinfo=UTC)


def loop(due: datetime | None, now: datetime, fire: object = lambda: 0) -> TimerLoop:
    return TimerLoop(fire, lambda: due, lambda: now)  # type: ignore[arg-type]


def test_it_sleeps_until_the_next_timer() -> None:
    assert loop(NINE, NINE - timedelta(seconds=10)).step() == 10


def test_it_never_sleeps_long_because_the_clock_may_be_set() -> None:
    assert loop(NINE, NINE - timedelta(days=2)).step() == LONGEST_NAP_S
    assert loop(None, NINE).step() == LONGEST_NAP_S


def test_a_timer_that_stays_due_is_not_tried_in_a_busy_loop() -> None:
    assert loop(NINE, NINE + timedelta(hours=1)).step() == SHORTEST_NAP_S


def test_a_refused_or_broken_timer_ends_nobody_elses() -> None:
    def refused() -> int:
        raise ActionRefused.of("state", "no longer held", "已不再保留")

    def broken() -> int:
        raise ZeroDivisionError

    assert 0 < loop(NINE, NINE, refused).step() < LONGEST_NAP_S
    assert 0 < loop(NINE, NINE, broken).step() < LONGEST_NAP_S


def test_a_commit_wakes_it() -> None:
    fired: list[int] = []
    twice = Event()

    def fire() -> int:
        fired.append(1)
        if len(fired) == 2:
            twice.set()
        return 0

    sleeping = TimerLoop(fire, lambda: None, lambda: NINE)
    sleeping.start()
    sleeping.wake()

    assert twice.wait(2)
    sleeping.stop()
    assert len(fired) <= 3


def test_commits_that_follow_one_another_share_one_look() -> None:
    fired: list[int] = []
    looked = Event()

    def fire() -> int:
        fired.append(1)
        looked.set()
        return 0

    sleeping = TimerLoop(fire, lambda: None, lambda: NINE)
    sleeping.start()
    assert looked.wait(2)
    for _ in range(1_000):
        sleeping.wake()
    sleeping.stop()

    assert len(fired) < 100
