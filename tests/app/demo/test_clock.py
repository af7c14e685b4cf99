from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.demo.clock import StoryClock

START = datetime(2026, 3, 13, 8, 30, tzinfo=UTC)


def test_the_clock_stands_until_the_story_moves_it_and_never_goes_back() -> None:
    clock = StoryClock(START, lambda: 0.0)
    first = clock()
    clock.move_to(START + timedelta(hours=1))
    moved = clock()
    clock.move_to(START)

    assert first - START == timedelta(milliseconds=1)
    assert START + timedelta(hours=1) < moved < clock()


def test_after_the_story_it_keeps_pace_with_the_real_clock() -> None:
    seconds = [100.0]
    clock = StoryClock(START, lambda: seconds[0])
    clock.run()
    seconds[0] += 90

    assert clock() == START + timedelta(seconds=90)
