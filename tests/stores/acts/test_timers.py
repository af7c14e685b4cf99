"""Timers as they are armed: when a record is written, and when another should have moved them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.language.calendar import BusinessCalendar
from core.language.definition import CalendarRules
from core.model.duration import Duration
from core.model.errors import NodeError
from stores.acts.timers import before, rearm
from tests.stores.shop import ZONE, Shop, local

PLUGIN = """
settings:
  hold: {type: duration, default: 20m, label: {en: Hold, zh: 保留}}
  late: {type: duration, default: null, label: {en: Late hold, zh: 晚到保留}}
  grace: {type: duration, default: null, label: {en: Grace, zh: 宽限}}
  vip: {type: text, default: null, label: {en: VIP, zh: 贵宾}}
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      until: {type: datetime, label: {en: Until, zh: 至}}
      room_at: {type: datetime, label: {en: Room at, zh: 给房}}
      guest: {type: text, label: {en: Guest, zh: 客人}}
    states: {held: {en: Held, zh: 保留}, lapsed: {en: Lapsed, zh: 超时}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [until, room_at, guest], label: {en: Book, zh: 订房}}
      edit: {ask: [until, room_at, guest], label: {en: Edit, zh: 修改}}
      lapse: {from: held, to: lapsed, by: system, label: {en: Lapse, zh: 超时}}
    timers:
      hold:
        while: self.state == "held"
        due:
          - {when: has(self.room_at), is: =self.room_at + settings.hold}
          - {when: self.guest == "late", is: =self.until + settings.late}
          - {when: has(self.until), is: =self.until}
          - {is: null}
        remind: [{before: 5m, notice: soon}]
        then: lapse
      vip: {while: self.state == "held" and self.guest != settings.vip, due: '=now + duration("1h")', then: lapse}
notices:
  soon: {to: [desk], text: {en: Soon, zh: 即将}}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    return made


def armed(shop: Shop) -> list[tuple[str, str, str, int]]:
    return [(t["name"], t["due"][11:19], t["next_at"][11:19], t["stage"]) for t in shop.timers()]


def test_a_timer_is_armed_moved_and_disarmed_with_what_it_looks_at(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    booking = shop.do("booking.book", li, until="2026-03-07 21:00").id
    assert armed(shop) == [("hold", "13:00:00", "12:55:00", 0)]

    shop.do("booking.edit", li, booking, room_at="2026-03-07 20:30")
    assert armed(shop) == [("hold", "12:50:00", "12:45:00", 0)]

    shop.do("booking.edit", li, booking, until=None, room_at=None)
    assert armed(shop) == []


def test_a_row_of_cases_without_its_figure_arms_nothing_and_the_other_rows_stand(shop: Shop) -> None:
    li = shop.hire("li", "desk")

    shop.do("booking.book", li, until="2026-03-07 21:00", guest="late")
    assert armed(shop) == []
    shop.do("booking.book", li, until="2026-03-07 21:00", guest="Chen")

    assert len(armed(shop)) == 1


def test_an_empty_field_arms_nothing(shop: Shop) -> None:
    shop.do("setting.set", shop.hire("boss", "store_admin"), plugin="club", name="late", value='"5m"')

    shop.do("booking.book", shop.hire("li", "desk"), guest="late")

    assert armed(shop) == []


def test_a_deadline_beyond_the_calendar_refuses_the_action(shop: Shop) -> None:
    with pytest.raises(NodeError):
        shop.do("booking.book", shop.hire("li", "desk"), room_at="9999-12-31 23:59")

    assert shop.rows("booking") == []


def test_a_while_that_needs_a_blank_figure_does_not_run(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    shop.do("setting.set", shop.hire("boss", "store_admin"), plugin="club", name="vip", value='"Chen"')

    shop.do("booking.book", li, guest="Lin")

    assert armed(shop) == [("vip", "13:30:00", "13:30:00", 0)]


def test_an_unchanged_deadline_is_not_armed_again(shop: Shop) -> None:
    li = shop.hire("li", "desk")
    booking = shop.do("booking.book", li, until="2026-03-07 21:00").id
    shop.go("2026-03-07 20:56")

    shop.do("booking.edit", li, booking, guest="Chen")

    assert armed(shop) == [("hold", "13:00:00", "13:00:00", 1)]
    assert len(shop.notices("soon")) == 1


def test_only_the_home_of_a_record_runs_its_timers(a_shop: Callable[..., Shop]) -> None:
    headquarters = a_shop(PLUGIN, store="hq")

    headquarters.put("booking", "b1", store="0755", until=local("2026-03-07 21:00"))

    assert headquarters.timers() == []


FRIDAY = local("2026-03-06 18:00")  # 2026-03-06 is a Friday


@pytest.mark.parametrize(
    ("span", "moment"),
    [
        ("5m", "2026-03-06 17:55"),
        ("15h", "2026-03-06 03:00"),
        ("1bd", "2026-03-05 09:00"),
        ("5bd", "2026-02-27 09:00"),
        ("2d", "2026-03-04 09:00"),
    ],
)
def test_hours_count_back_exactly_and_days_give_their_morning(span: str, moment: str) -> None:
    calendar = BusinessCalendar(CalendarRules(), ZONE)

    assert before(calendar, FRIDAY, Duration.parse(span)) == local(moment)


def test_a_deadline_at_midnight_belongs_to_the_day_it_ends() -> None:
    calendar = BusinessCalendar(CalendarRules(), ZONE)

    assert before(calendar, local("2026-03-07 00:00"), Duration.parse("1bd")) == local("2026-03-05 09:00")
    assert before(calendar, local("2026-03-07 00:00"), Duration.parse("1mo")) == local("2026-03-06 09:00") - timedelta(
        31
    )


def test_what_a_predecessor_has_fired_does_not_fire_again(shop: Shop) -> None:
    """A new PC takes over the records of a dead one: what fell due while that lived is over, what fell due since fires."""
    before_, since = (shop.put("booking", id_, state="held", until=local(at)) for id_, at in (
        ("b1", "2026-03-07 19:00"), ("b2", "2026-03-07 20:10"),
    ))  # fmt: skip
    shop.sql("DELETE FROM timer")
    with shop.node.database.write() as connection:
        touched = [("club.booking", id_) for id_ in (before_, since)]
        rearm(connection, shop.node, touched, fired_until=local("2026-03-07 20:00"))

    shop.go("2026-03-07 20:30")

    assert [shop.row("booking", id_)["state"] for id_ in (before_, since)] == ["held", "lapsed"]
    assert [t["next_at"] for t in shop.timers() if t["pk"] == "b1" and t["name"] == "hold"] == [None]
