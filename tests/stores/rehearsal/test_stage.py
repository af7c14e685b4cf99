from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.host.host import Host
from core.model.errors import NodeError
from stores.rehearsal import Verdict
from stores.rehearsal import stage as stage_module
from stores.rehearsal.stage import Stage

Play = Callable[[str], Verdict]
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    host = Host([tmp_path], entry_points=False, environment={})
    with Stage.opened(host, host.catalog.plugin("core"), "2026-05-02 21:30", SHANGHAI, None) as stage:
        yield stage


def test_the_clock_stands_at_branch_time(stage: Stage) -> None:
    assert stage.now == datetime(2026, 5, 2, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("21:45", datetime(2026, 5, 2, 13, 45, tzinfo=UTC)),
        ("21:30", datetime(2026, 5, 2, 13, 30, tzinfo=UTC)),
        ("21:30:01", datetime(2026, 5, 2, 13, 30, 1, tzinfo=UTC)),
        ("01:30", datetime(2026, 5, 2, 17, 30, tzinfo=UTC)),  # past midnight: the same night goes on
        ("2026-05-04 00:00", datetime(2026, 5, 3, 16, 0, tzinfo=UTC)),
    ],
)
def test_a_time_means_the_next_moment_the_clock_shows_it(stage: Stage, written: str, utc: datetime) -> None:
    assert stage.moment(written) == utc


def test_what_happened_means_the_last_moment_the_clock_showed_it(stage: Stage) -> None:
    assert stage.past_moment("20:58") == datetime(2026, 5, 2, 12, 58, tzinfo=UTC)
    assert stage.past_moment("21:31") == datetime(2026, 5, 1, 13, 31, tzinfo=UTC)


@pytest.mark.parametrize("written", ["soon", "25 o'clock", ""])
def test_what_is_no_time_is_refused(stage: Stage, written: str) -> None:
    with pytest.raises(NodeError, match="is not a time"):
        stage.moment(written)


def test_time_does_not_run_back(stage: Stage) -> None:
    with pytest.raises(NodeError, match="lies before"):
        stage.move_to(datetime(2026, 5, 2, 13, 0, tzinfo=UTC))


def test_ids_are_the_same_in_every_play_and_sort_by_time(stage: Stage) -> None:
    first, second = stage.new_id(), stage.new_id()
    stage.move_to(stage.moment("23:00"))

    assert first < second < stage.new_id()
    assert first[14] == "7"


def test_a_rehearsal_decides_about_everything(stage: Stage) -> None:
    assert all(stage.node.is_home(record, "hq") for record in stage.node.catalog.records.values())


def test_timers_act_on_the_way_in_their_order_and_at_their_own_time(play: Play) -> None:
    assert play("""
when:
  - {do: rental.take, with: gao, is: a}
  - {at: "09:30", do: rental.take, with: ma, is: b}
  - {at: "09:54:59", then: 'sent("soon") == 0'}
  - {at: "09:55", then: 'sent("soon") == 1'}
  - {at: "10:00", then: 'a.state == "open"'}
  - {at: "10:00:01", then: ['a.state == "over"', 'b.state == "open"']}
  - {at: "2026-05-05 12:00", then: ['b.state == "over"', 'sent("soon") == 2']}
""").passed


def test_periods_begin_by_themselves(play: Play) -> None:
    assert play("""
when:
  - {then: [size(round) == 1, 'round[0].who == staff.dora']}
  - {do: round.do, for: 'round[0]'}
  - {at: "2026-05-03 07:59", then: size(round) == 1}
  - {at: "2026-05-03 08:01", then: [size(round) == 2, 'round[1].state == "todo"']}
then: ['round[0].state == "done"']
""").passed


@pytest.mark.parametrize("written", ["2026-13-01 09:00", "2026-02-30 09:00"])
def test_a_day_no_calendar_has_is_refused(stage: Stage, written: str) -> None:
    with pytest.raises(NodeError, match="is not a date with a time"):
        stage.moment(written)


def test_timers_that_set_each_other_off_end_the_play(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage_module, "FIRINGS_MAX", 1)

    (miss,) = play("""
when: [{do: rental.take, with: gao, is: r}, {at: "2026-05-04 09:00"}]
then: [1 == 1]
""").misses

    assert "timers set each other off without end" in miss.what.en
