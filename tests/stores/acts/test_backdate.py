"""A fact that comes in late: what timers did meanwhile is taken back, and both stand in the log (NC-44, C-13)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from core.model.errors import ActionRefused, NodeError
from stores.actor import SYSTEM_ACTOR, Actor
from tests.stores.shop import Shop, local

PLUGIN = """
settings:
  entry: {type: duration, default: 30m, label: {en: Entry window, zh: 补录时限}}
  unset: {type: duration, default: null, label: {en: Unset, zh: 未设}}
ledgers:
  fines: {account: staff, unit: CNY, label: {en: Fines, zh: 罚款}}
  claims: {account: staff, unit: CNY, confirm: boss, label: {en: Claims, zh: 索赔}}
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      until: {type: datetime, required: true, label: {en: Until, zh: 至}}
      booker: {type: ref, to: staff, required: true, label: {en: Booker, zh: 订房人}}
      came_at: {type: datetime, label: {en: Came at, zh: 到店}}
      note: {type: text, label: {en: Note, zh: 备注}}
    states: {held: {en: Held, zh: 保留}, lapsed: {en: Lapsed, zh: 超时}, seated: {en: Seated, zh: 到房}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [until, booker, note], at: 2h, label: {en: Book, zh: 订房}}
      arrive: {from: held, to: seated, at: =settings.entry, set: {came_at: =now, note: '="was " + old.state'}, label: {en: Arrive, zh: 到房}}
      order: {from: seated, at: 1d, set: {note: ordered}, label: {en: Order, zh: 点单}}
      leave: {from: seated, at: =settings.unset, to: lapsed, label: {en: Leave, zh: 离店}}
      remark: {ask: [note], label: {en: Remark, zh: 备注}}
      lapse:
        from: held
        to: lapsed
        by: system
        post: {fines: {account: =self.booker, amount: -50}, claims: {account: =self.booker, amount: 20}}
        label: {en: Lapse, zh: 超时}
    timers:
      hold: {while: self.state == "held", due: =self.until, then: lapse}
"""


@pytest.fixture
def shop(a_shop: Callable[..., Shop], database_url: str) -> Shop:
    made: Shop = a_shop(PLUGIN, database_url)
    made.hire("li", "desk")
    made.put("booking", "b1", until=local("2026-03-07 21:00"), booker="li")
    return made


@pytest.fixture
def quick(a_shop: Callable[..., Shop]) -> Shop:
    made: Shop = a_shop(PLUGIN)
    made.hire("li", "desk")
    made.put("booking", "b1", until=local("2026-03-07 21:00"), booker="li")
    return made


def li(shop: Shop) -> Actor:
    return Actor("li", shop.store, frozenset({"desk"}), "Li")


def refused(shop: Shop, what: str, at: str, id: str | None = "b1", **more: object) -> str:
    with pytest.raises(NodeError) as refusal:
        shop.do(what, li(shop), id, at=at, **more)
    return refusal.value.problems[0].code


def test_a_guest_who_came_in_time_is_seated_though_the_timer_was_quicker(shop: Shop) -> None:
    shop.go("2026-03-07 21:00:01")
    assert shop.row("booking", "b1")["state"] == "lapsed"

    shop.now = local("2026-03-07 21:00:20")
    shop.do("booking.arrive", li(shop), "b1", at="2026-03-07 20:58:40")

    row = shop.row("booking", "b1")
    assert (row["state"], row["came_at"], row["note"]) == ("seated", local("2026-03-07 20:58:40"), "was held")
    deeds = [(line.action, line.at[11:19]) for line in shop.log("booking", "b1")]
    assert deeds[1:] == [
        ("club.booking.lapse", "13:00:00"), ("core.undo", "13:00:20"), ("club.booking.arrive", "12:58:40"),
    ]  # fmt: skip
    assert shop.timers() == []


def test_what_the_timer_had_entered_into_ledgers_is_countered_or_rejected(shop: Shop) -> None:
    shop.go("2026-03-07 21:00:01")

    shop.do("booking.arrive", li(shop), "b1", at="2026-03-07 20:58:40")

    fines = [(row.values["amount"], row.values["state"]) for row in shop.rows("fines")]
    assert sorted(fines) == [(Decimal(-50), "countered"), (Decimal(50), "posted")]
    assert shop.rows("fines")[1].values["counter_of"] == shop.rows("fines")[0].id
    assert [row.values["state"] for row in shop.rows("claims")] == ["rejected"]


def test_what_was_taken_back_once_is_not_taken_back_again(quick: Shop) -> None:
    quick.go("2026-03-07 21:00:01")
    quick.do("booking.arrive", li(quick), "b1", at="2026-03-07 20:58:40")

    quick.now = local("2026-03-07 21:10")
    quick.do("booking.order", li(quick), "b1", at="2026-03-07 20:59")

    assert (quick.row("booking", "b1")["state"], quick.row("booking", "b1")["note"]) == ("seated", "ordered")
    assert [line.action for line in quick.log("booking", "b1")].count("core.undo") == 1
    assert len(quick.rows("fines")) == 2


def test_nothing_is_taken_back_when_nothing_happened_since(quick: Shop) -> None:
    quick.now = local("2026-03-07 20:50")

    quick.do("booking.arrive", li(quick), "b1", at="2026-03-07 20:45")

    assert [line.action for line in quick.log("booking", "b1")][1:] == ["club.booking.arrive"]


def test_what_people_did_since_is_not_undone_by_a_late_entry(quick: Shop) -> None:
    quick.go("2026-03-07 20:59")
    quick.do("booking.remark", li(quick), "b1", note="window seat")

    quick.go("2026-03-07 21:01")
    assert refused(quick, "booking.arrive", "2026-03-07 20:58") == "acted-since"
    assert quick.row("booking", "b1")["state"] == "lapsed"


def test_nothing_can_have_happened_to_a_record_before_it_was_made(quick: Shop) -> None:
    quick.now = local("2026-03-07 20:31")

    assert refused(quick, "booking.arrive", "2026-03-07 20:15") == "acted-since"


@pytest.mark.parametrize(
    ("what", "at", "code"),
    [
        ("booking.arrive", "2026-03-07 22:00:01", "in-the-future"),
        ("booking.arrive", "2026-03-07 21:29:59", "too-long-ago"),
        ("booking.remark", "2026-03-07 21:59", "no-backdating"),
        ("booking.leave", "2026-03-07 21:59", "no-backdating"),
    ],
)
def test_a_time_must_lie_inside_the_window(quick: Shop, what: str, at: str, code: str) -> None:
    quick.now = local("2026-03-07 22:00")

    assert refused(quick, what, at) == code


def test_the_last_moment_of_the_window_is_inside(quick: Shop) -> None:
    quick.go("2026-03-07 21:15")

    quick.do("booking.arrive", li(quick), "b1", at="2026-03-07 20:45")

    assert quick.row("booking", "b1")["state"] == "seated"


def test_days_of_a_window_run_to_midnight_and_hours_to_the_minute(quick: Shop) -> None:
    quick.do("booking.arrive", li(quick), "b1")
    quick.now = local("2026-03-08 23:59")
    assert quick.do("booking.order", li(quick), "b1", at="2026-03-07 20:40").state == "seated"

    quick.now = local("2026-03-09 00:01")
    assert refused(quick, "booking.order", "2026-03-07 20:40") == "too-long-ago"


def test_a_new_record_may_be_dated_back_no_further_than_its_action_says(quick: Shop) -> None:
    values = {"until": "2026-03-07 21:00", "booker": "li"}

    late = quick.do("booking.book", li(quick), at="2026-03-07 18:30", **values)

    assert quick.log("booking", late.id)[0].at == "2026-03-07T10:30:00.000Z"
    assert refused(quick, "booking.book", "2026-03-07 18:29:59", None, **values) == "too-long-ago"
    assert refused(quick, "booking.book", "2026-03-07 20:31", None, **values) == "in-the-future"


def test_a_window_that_is_a_setting_follows_the_setting(quick: Shop) -> None:
    quick.do("setting.set", SYSTEM_ACTOR, plugin="club", name="entry", value='"5m"')
    quick.now = local("2026-03-07 20:50")

    assert refused(quick, "booking.arrive", "2026-03-07 20:44") == "too-long-ago"


def test_a_claim_that_was_rejected_already_stays_as_it_is(quick: Shop) -> None:
    quick.go("2026-03-07 21:00:01")
    quick.sql("UPDATE club_claims SET state = 'rejected'")

    quick.do("booking.arrive", li(quick), "b1", at="2026-03-07 20:58:40")

    assert [line.action for line in quick.log("claims", quick.rows("claims")[0].id)] == ["club.booking.lapse"]


def test_a_refused_late_entry_takes_nothing_back(quick: Shop) -> None:
    quick.go("2026-03-07 21:00:01")

    with pytest.raises(ActionRefused):
        quick.do("booking.arrive", li(quick), "b1", at="2026-03-07 20:58:40", bad="input")

    assert quick.row("booking", "b1")["state"] == "lapsed"
    assert [row.values["state"] for row in quick.rows("fines")] == ["posted"]
