"""The hybrid clock under everything that happens to a shop PC's clock."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model.clock import HybridClock, clamp, from_iso, iso, stamp_ms
from core.model.values import BadValue

walls = st.lists(st.integers(0, 4_102_444_800_000), min_size=1, max_size=30)  # 1970 to 2100


class Wall:
    """A wall clock somebody keeps setting."""

    def __init__(self, *readings: int) -> None:
        self.readings = list(readings)

    def __call__(self) -> int:
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]


@given(walls)
def test_stamps_rise_whatever_the_wall_clock_does(readings: list[int]) -> None:
    clock = HybridClock(Wall(*readings))

    stamps = [clock.tick() for _ in range(len(readings) + 3)]

    assert stamps == sorted(set(stamps))


@given(walls, st.lists(st.integers(0, 2**62), max_size=5))
def test_a_restart_goes_on_where_the_clock_was(readings: list[int], heard: list[int]) -> None:
    clock = HybridClock(Wall(*readings))
    for stamp in heard:
        clock.observe(stamp)
    last = clock.tick()

    assert HybridClock(lambda: 0, last=clock.last).tick() > last >= max(heard, default=0)


def test_a_right_clock_shows_in_the_stamp() -> None:
    assert stamp_ms(HybridClock(lambda: 1_772_887_500_000).tick()) == 1_772_887_500_000


def test_a_full_counter_runs_over_into_the_milliseconds() -> None:
    clock = HybridClock(lambda: 5)
    for _ in range(65_536):
        clock.tick()

    assert stamp_ms(clock.last) == 5
    assert stamp_ms(clock.tick()) == 6


def test_what_is_written_after_hearing_of_an_edit_ranks_above_it_though_the_clock_is_slow() -> None:
    tokyo, osaka = HybridClock(lambda: 120_000), HybridClock(lambda: 0)
    typo = tokyo.tick()

    osaka.observe(typo)

    assert osaka.tick() > typo


def test_a_stamp_from_2099_is_ranked_a_minute_ahead_and_no_more() -> None:
    future, now = 4_070_908_800_000 << 16, 1_772_887_500_000

    assert stamp_ms(clamp(future, now, tolerance_ms=60_000)) == now + 60_000
    assert clamp(now << 16, now, tolerance_ms=60_000) == now << 16


@settings(max_examples=50)
@given(walls, st.lists(st.integers(0, 2**62), min_size=2, max_size=30))
def test_the_ranks_of_one_origin_never_go_back_though_the_hubs_clock_does(
    readings: list[int], claimed: list[int]
) -> None:
    hub = HybridClock(Wall(*readings))

    ranks = [hub.rank(stamp, tolerance_ms=60_000) for stamp in sorted(claimed)]

    assert ranks == sorted(ranks)


def test_the_ranks_do_not_go_back_over_a_restart_with_the_clock_set_back() -> None:
    far, hub = 2**62, HybridClock(lambda: 1_772_887_500_000)
    hub.tick()
    before = hub.rank(far, tolerance_ms=0)

    restarted = HybridClock(lambda: 0)
    restarted.observe(hub.last)

    assert restarted.rank(far, tolerance_ms=0) == before
    assert HybridClock(lambda: 0, last=hub.last).rank(far, tolerance_ms=0) == before


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=8))), min_value=datetime.fromisoformat("1000-01-02")))
def test_a_moment_keeps_its_milliseconds_and_always_has_24_characters(moment: datetime) -> None:
    cell = iso(moment)

    assert len(cell) == 24
    assert moment - from_iso(cell) < timedelta(milliseconds=1)
    assert iso(from_iso(cell)) == cell


@given(st.lists(st.datetimes(timezones=st.just(UTC)), max_size=5))
def test_moments_sort_as_text_as_they_do_in_time(moments: list[datetime]) -> None:
    assert sorted(map(iso, moments)) == [iso(moment) for moment in sorted(moments)]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(BadValue, match="no time zone"):
        iso(datetime.fromisoformat("2026-03-07"))


def test_the_two_moments_of_an_hour_that_a_clock_goes_through_twice_are_two_cells() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=ZoneInfo("America/New_York"))

    assert (iso(first), iso(first.replace(fold=1))) == ("2026-11-01T05:30:00.000Z", "2026-11-01T06:30:00.000Z")
