"""Timers as they fire: in due order, once each, as of their moment, and again after a power cut."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from core.model.errors import NodeError
from stores.actor import SYSTEM_ACTOR
from stores.acts import firing
from stores.storage.database import Busy
from stores.storage.system import TIMER
from tests.stores.acts.club import PowerCut, cut_at, picture
from tests.stores.shop import Shop, local

PLUGIN = """
settings:
  wait: {type: duration, default: null, label: {en: Wait, zh: 等待}}
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      guest: {type: text, label: {en: Guest, zh: 客人}}
      until: {type: datetime, required: true, label: {en: Until, zh: 保留至}}
      call_at: {type: datetime, label: {en: Call at, zh: 回访}}
      ready: {type: bool, default: true, label: {en: Ready, zh: 就绪}}
      calls: {type: int, default: 0, label: {en: Calls, zh: 次数}}
    states: {held: {en: Held, zh: 保留}, lapsed: {en: Lapsed, zh: 超时}, seated: {en: Seated, zh: 到房}, done: {en: Done, zh: 完成}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [guest, until, call_at, ready], label: {en: Book, zh: 订房}}
      arrive: {from: held, to: seated, label: {en: Arrive, zh: 到房}}
      edit: {ask: [guest, until, ready], label: {en: Edit, zh: 修改}}
      drop: {delete: true, label: {en: Drop, zh: 删除}}
      lapse:
        from: held
        to: lapsed
        by: system
        checks: {ready: {rule: self.ready, message: {en: Not ready, zh: 未就绪}}}
        set: {call_at: '=now + duration("1h")'}
        label: {en: Lapse, zh: 超时}
      call: {by: system, set: {calls: =self.calls + 1}, label: {en: Call, zh: 回访}}
      finish: {from: seated, by: system, to: done, label: {en: Finish, zh: 完成}}
    timers:
      hold:
        while: self.state == "held"
        due: =self.until
        remind: [{before: 10m, notice: ending}, {before: 1h, notice: soon}]
        then: lapse
      call: {while: self.state == "lapsed", due: =self.call_at, remind: [{before: 10m, notice: call_soon}], then: call}
      close: {while: self.state == "seated", due: =self.until + settings.wait, then: finish}
notices:
  ending: {to: [desk], text: {en: "{self.guest}: 10 minutes", zh: "{self.guest}：10分钟"}}
  call_soon: {to: [desk], text: {en: Call soon, zh: 即将回访}}
  soon: {to: [desk], text: {en: An hour, zh: 一小时}}
"""


def book(shop: Shop, id: str = "b1", until: str = "2026-03-07 21:00", **values: object) -> str:
    return shop.put("booking", id, guest="Chen", until=local(until), **values)


def deeds(shop: Shop, id: str = "b1") -> list[tuple[str, str]]:
    return [(line.action.rpartition(".")[2], line.at[11:19]) for line in shop.log("booking", id)[1:]]


def test_a_booking_lapses_just_after_nine_and_the_log_says_nine(shop: Shop) -> None:
    book(shop)

    shop.go("2026-03-07 21:00:00")
    assert shop.row("booking", "b1")["state"] == "held"
    (receipt,) = shop.go("2026-03-07 21:00:01")

    assert (receipt.id, receipt.state) == ("b1", "lapsed")
    assert deeds(shop) == [("lapse", "13:00:00")]
    assert shop.row("booking", "b1")["call_at"] == local("2026-03-07 22:00")


def test_what_a_timer_arms_fires_in_its_turn_also_after_the_pc_was_off_all_night(shop: Shop) -> None:
    book(shop, "b1", "2026-03-07 21:00")
    book(shop, "b2", "2026-03-07 21:30")

    shop.go("2026-03-08 08:00", stop=False)

    acts = [(line.pk, line.action.rpartition(".")[2], line.at[11:19]) for line in shop.log() if line.pk in {"b1", "b2"}]
    assert acts[2:] == [
        ("b1", "lapse", "13:00:00"), ("b2", "lapse", "13:30:00"), ("b1", "call", "14:00:00"), ("b2", "call", "14:30:00"),
    ]  # fmt: skip
    assert shop.notices("ending") == shop.notices("soon") == []  # a reminder after the deadline helps nobody


def test_a_night_with_the_pc_off_ends_like_one_with_it_on(a_shop: Callable[..., Shop]) -> None:
    lived, caught_up = a_shop(PLUGIN), a_shop(PLUGIN)
    for shop, stop in ((lived, True), (caught_up, False)):
        book(shop)
        shop.go("2026-03-08 08:00", stop=stop)

    one, other = lived.row("booking", "b1"), caught_up.row("booking", "b1")
    assert one | {"_hs": 0} == other | {"_hs": 0}
    assert deeds(lived) == deeds(caught_up)


def test_an_action_that_leaves_its_own_while_standing_is_not_done_again(quick: Shop) -> None:
    book(quick)

    quick.go("2026-03-09 08:00")
    quick.do("booking.edit", quick.hire("li", "desk"), "b1", guest="Chen Ming")
    quick.go("2026-03-10 08:00")

    assert quick.row("booking", "b1")["calls"] == 1


def test_reminders_come_in_their_order_at_their_moment(shop: Shop) -> None:
    book(shop, until="2026-03-07 22:00")

    shop.go("2026-03-07 20:59")
    assert (len(shop.notices("soon")), len(shop.notices("ending"))) == (0, 0)
    shop.go("2026-03-07 21:00")
    assert (len(shop.notices("soon")), len(shop.notices("ending"))) == (1, 0)
    shop.go("2026-03-07 21:50")

    (ending,) = shop.notices("ending")
    assert (ending.values["en"], ending.values["sent_at"]) == ("Chen: 10 minutes", local("2026-03-07 21:50"))
    shop.go("2026-03-07 22:01")
    assert shop.row("booking", "b1")["state"] == "lapsed"


def test_a_reminder_missed_in_a_power_cut_is_sent_while_it_still_helps(quick: Shop) -> None:
    book(quick, until="2026-03-07 22:00")

    quick.go("2026-03-07 21:55", stop=False)

    assert (len(quick.notices("soon")), len(quick.notices("ending"))) == (1, 1)
    assert quick.row("booking", "b1")["state"] == "held"


def test_what_a_late_firing_arms_still_reminds_of_what_lies_ahead(quick: Shop) -> None:
    book(quick)  # lapses at nine, is to be called at ten; the PC is off from nine to five to ten

    quick.go("2026-03-07 21:55", stop=False)

    assert len(quick.notices("call_soon")) == 1


def test_a_reminder_whose_moment_had_passed_when_it_was_armed_is_not_sent(quick: Shop) -> None:
    book(quick)  # at half past eight for nine: an hour before is gone

    quick.go("2026-03-07 20:55")

    assert (len(quick.notices("soon")), len(quick.notices("ending"))) == (0, 1)


def test_a_refused_timer_does_not_loop_and_is_tried_again_when_the_record_changes(shop: Shop) -> None:
    book(shop, ready=False)

    shop.go("2026-03-07 22:00")
    with shop.node.database.read() as connection:
        ((type_, pk, name, why),) = firing.faults(connection)
    assert (type_, pk, name) == ("club.booking", "b1", "hold")
    assert "Not ready" in why
    assert "未就绪" in why
    assert firing.next_due(shop.node) is None

    shop.do("booking.edit", shop.hire("li", "desk"), "b1", guest="Chen Ming")  # still not ready
    shop.go("2026-03-07 22:01")
    assert firing.next_due(shop.node) is None
    shop.do("booking.edit", shop.hire("wu", "desk"), "b1", ready=True)
    shop.go("2026-03-07 22:02")

    assert shop.row("booking", "b1")["state"] == "lapsed"
    assert deeds(shop)[-3:] == [("edit", "14:01:00"), ("lapse", "13:00:00"), ("call", "14:00:00")]
    with shop.node.database.read() as connection:
        assert list(firing.faults(connection)) == []


def test_a_timer_stops_when_what_it_waits_for_has_happened(quick: Shop) -> None:
    book(quick)

    quick.do("booking.arrive", quick.hire("li", "desk"), "b1")

    assert (quick.timers(), firing.next_due(quick.node)) == ([], None)


def test_a_timer_that_was_moved_between_the_look_and_the_turn_does_not_fire(quick: Shop) -> None:
    book(quick)
    quick.go("2026-03-07 20:55")
    quick.now = local("2026-03-07 21:01")
    armed = firing.first(quick.node)
    assert armed is not None
    quick.do("booking.edit", quick.hire("li", "desk"), "b1", until="2026-03-07 23:00")

    assert firing.fire(quick.node, armed, quick.now) == []
    assert quick.row("booking", "b1")["state"] == "held"
    assert [timer["due"] for timer in quick.timers()] == ["2026-03-07T15:00:00.000Z"]


def test_the_timer_that_is_next_is_the_first_of_an_index(quick: Shop) -> None:
    with quick.node.database.read() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {firing._FIRST}")]
    assert plan == ["SEARCH timer USING INDEX timer_turn (next_at>?)"]


def test_a_reminder_that_was_overtaken_is_not_sent(quick: Shop) -> None:
    book(quick)
    armed = firing.first(quick.node)
    assert armed is not None
    quick.do("booking.arrive", quick.hire("li", "desk"), "b1")

    firing.fire(quick.node, armed, local("2026-03-07 20:55"))

    assert quick.notices("ending") == []


def test_a_timer_of_a_record_that_was_changed_behind_its_back_is_disarmed(quick: Shop) -> None:
    for id, change in (("b1", "state = 'seated'"), ("b2", "_life = 2")):
        book(quick, id)
        quick.sql(f"UPDATE club_booking SET {change} WHERE id = :id", id=id)
    book(quick, "b3")
    quick.sql("DELETE FROM club_booking WHERE id = 'b3'")

    quick.go("2026-03-07 21:01")

    assert quick.timers() == []
    assert [line.action for line in quick.log()] == [""] * 3  # nobody was reminded of them either


@pytest.mark.parametrize("values", [{"name": "gone"}, {"type": "club.gone"}, {"type": "gone.booking"}])
def test_a_timer_that_no_plugin_has_any_more_is_forgotten(quick: Shop, values: dict[str, str]) -> None:
    book(quick)
    with quick.node.database.write() as connection:
        connection.execute(update(TIMER).values(**values))

    quick.go("2026-03-07 21:01")

    assert quick.timers() == []
    assert quick.row("booking", "b1")["state"] == "held"


def test_a_plugin_with_fewer_reminders_than_were_armed_goes_on_to_the_deadline(quick: Shop) -> None:
    book(quick)
    with quick.node.database.write() as connection:
        connection.execute(update(TIMER).values(stage=5))

    quick.go("2026-03-07 21:01")

    assert quick.row("booking", "b1")["state"] == "lapsed"


def test_a_reminder_that_cannot_be_written_does_not_hold_up_the_deadline(quick: Shop, monkeypatch: Any) -> None:
    def refuse(*_: Any) -> None:
        raise NodeError.of("broken", "the text is broken", "文本错误")

    monkeypatch.setattr("stores.acts.effects.notice_row", refuse)
    book(quick)

    quick.go("2026-03-07 20:55")
    with quick.node.database.read() as connection:
        ((_, _, _, why),) = firing.faults(connection)
    quick.go("2026-03-07 21:01")

    assert "the text is broken" in why
    assert quick.row("booking", "b1")["state"] == "lapsed"


def test_a_deadline_that_needs_a_blank_figure_is_not_armed_until_it_is_configured(quick: Shop) -> None:
    li = quick.hire("li", "desk")
    book(quick)
    quick.do("booking.arrive", li, "b1")
    assert quick.timers() == []

    quick.do("setting.set", SYSTEM_ACTOR, plugin="club", name="wait", value='"30m"')
    quick.do("booking.edit", li, "b1", guest="Chen")

    assert [(timer["name"], timer["due"][11:16]) for timer in quick.timers()] == [("close", "13:30")]


@pytest.mark.parametrize("busy", [True, False])
def test_a_database_that_is_busy_is_no_fault_of_the_timer(quick: Shop, monkeypatch: Any, busy: bool) -> None:
    book(quick, until="2026-03-07 21:00")
    quick.now = local("2026-03-07 21:01" if busy else "2026-03-07 20:55")

    def refuse(*_: Any, **__: Any) -> None:
        raise Busy(())

    with monkeypatch.context() as patch:
        patch.setattr("stores.acts.firing.perform" if busy else "stores.acts.firing._send", refuse)
        with pytest.raises(Busy):
            firing.fire_due(quick.node)
    firing.fire_due(quick.node)

    with quick.node.database.read() as connection:
        assert list(firing.faults(connection)) == []
    assert (quick.row("booking", "b1")["state"] == "lapsed") is busy


def test_a_call_ends_though_timers_go_on_for_ever(quick: Shop, monkeypatch: Any) -> None:
    for n in range(4):
        book(quick, f"b{n}")
    monkeypatch.setattr(firing, "FIRINGS_MAX", 3)
    quick.now = local("2026-03-07 21:01")

    fired = firing.fire_due(quick.node) + firing.fire_due(quick.node) + firing.fire_due(quick.node)

    assert len(fired) == 4


def test_a_power_cut_before_any_statement_loses_no_timer_and_fires_none_twice(tmp_path: Path) -> None:
    shop = Shop(PLUGIN, f"sqlite:///{tmp_path}/club.db")
    book(shop)
    shop.now = local("2026-03-07 21:00:30")
    before = picture(shop)
    for nth in range(1, 200):
        mend = cut_at(shop, nth)
        try:
            firing.fire_due(shop.node)
        except PowerCut:
            shop.close()
            shop.open()
            after = picture(shop)
            half = {name for name in before if before[name] != after[name]} - {"timer"}
            assert not half, f"half of it was written before statement {nth}: {half}"
            before = after  # the step over a reminder that is past is a transaction of its own
            continue
        mend()
        break
    else:
        pytest.fail("a firing should not take 200 statements")

    assert nth > 10
    assert deeds(shop) == [("lapse", "13:00:00")]
    assert [(timer["name"], timer["fault"]) for timer in shop.timers()] == [("call", None)]
    shop.close()


def test_the_listeners_hear_of_each_firing(quick: Shop) -> None:
    heard: list[str] = []
    quick.node.on_commit(lambda: heard.append("committed"))
    book(quick)

    quick.go("2026-03-07 21:01")

    assert len(heard) == 2  # the reminder and the lapse


def test_looking_for_what_is_due_reads_one_row(quick: Shop) -> None:
    for n in range(3):
        book(quick, f"b{n}")
    said: list[str] = []
    event.listen(quick.node.database._reader, "before_cursor_execute", lambda *call: said.append(call[2]))

    assert firing.next_due(quick.node) == local("2026-03-07 20:50")

    assert len([statement for statement in said if statement.startswith("SELECT")]) == 1
