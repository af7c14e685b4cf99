"""An evening at the booking desk, over HTTP, on a node that is switched off and on: the rule book's own figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from app.demo.client import Answered, Json, Person

pytestmark = pytest.mark.journey

BOOKING = "nightclub_booking.booking"
CHEN = {"guest_name": "陈先生", "guest_phone": "13800001111", "booker_department": "市场部", "booker_badge": "S17"}
SEEN = {"seen_name": "陈先生", "seen_phone": "13800001111"}


@dataclass
class Desk:
    """The desk's evening: people, rooms, and the words of the rule book for what they do."""

    node: Any
    lin: Person
    boss: Person
    wang: Person
    units: dict[str, str]
    badge_holder: str

    def at(self, clock: str) -> None:
        self.node.set_clock(f"2026-03-13 {clock}")

    def book(self, clock: str, given: str, unit: str = "208", guest: Json | None = None) -> str:
        """Take a booking and give it a room; return its id."""
        self.at(clock)
        id = str(self.lin.act(BOOKING, "request", guest or CHEN)["id"])
        self.at(given)
        self.lin.act(BOOKING, "give_room", {"unit": self.units[unit]}, id)
        return id

    def booking(self, id: str) -> Json:
        return self.lin.read(f"nightclub_booking/booking/{id}")

    def state(self, id: str) -> str:
        return str(self.booking(id)["state"])

    def reseat(self, id: str, unit: str, seen: Json | None = None) -> Json:
        return self.lin.act(BOOKING, "reseat", {"unit": self.units[unit], **(seen or SEEN)}, id)

    def rows(self, what: str) -> list[Json]:
        return list(self.boss.read(f"nightclub_booking/{what}")["rows"])

    def credit(self) -> list[tuple[int, str]]:
        return sorted((row["amount"], row["state"]) for row in self.rows("credit"))


@pytest.fixture
def desk(club: Any) -> Desk:
    club.set_clock("2026-03-13 19:00:00")
    club.switch_on()
    lin, boss, wang = (club.person(login) for login in ("lin", "boss", "wang"))
    units = {}
    for name, seats in (("208", 8), ("305", 12), ("110", 6)):
        units[name] = str(lin.act("nightclub_booking.unit", "add", {"name": name, "capacity": seats})["id"])
    (holder,) = (row["id"] for row in boss.read("core/staff")["rows"] if row["badge"] == "S17")
    return Desk(club, lin, boss, wang, units, holder)


def released(desk: Desk, eventually: Any) -> str:
    """NC-S8's beginning: booked 21:10, room 208 at 21:12, nobody there; the timer cancels at 21:32:01."""
    id = desk.book("21:10:00", "21:12:00")
    desk.at("21:32:00")
    assert desk.state(id) == "held"
    assert desk.booking(id)["hold_until"] == "2026-03-13T21:32:00+08:00"
    desk.at("21:32:01")
    eventually(lambda: desk.state(id) == "temp_cancelled", "the hold to end")
    return id


def test_nc_s8_a_released_guest_who_comes_later_keeps_the_bookers_credit(desk: Desk, eventually: Any) -> None:
    id = released(desk, eventually)
    other = desk.book("21:33:00", "21:34:00", guest={**CHEN, "guest_name": "刘小姐", "guest_phone": "13800002222"})
    desk.at("21:50:00")
    with pytest.raises(Answered) as taken:
        desk.reseat(id, "208")
    assert taken.value.code == "one_party_a_room"

    desk.reseat(id, "305")
    seen = desk.booking(id)
    assert (seen["state"], seen["credit_state"], seen["arrived_at"]) == (
        "arrived",
        "provisional",
        "2026-03-13T21:50:00+08:00",
    )
    assert desk.state(other) == "held"
    (entry,) = desk.rows("credit")
    assert (entry["state"], entry["amount"], entry["booking"]) == ("proposed", 1, id)
    assert entry["account"] == desk.badge_holder


def test_nc_s9_what_the_booker_cancelled_is_not_revived(desk: Desk, eventually: Any) -> None:
    id = released(desk, eventually)
    desk.at("21:40:00")
    desk.wang.act(BOOKING, "cancel", {"cancel_reason": "客人改期"}, id)
    desk.at("21:50:00")
    with pytest.raises(Answered) as invalid:
        desk.reseat(id, "305")
    assert invalid.value.code == "state"
    desk.lin.act("nightclub_booking.walk_in", "seat", {"unit": desk.units["305"], "former_booking": id})
    assert (desk.state(id), desk.credit()) == ("cancelled_by_booker", [])


def test_nc_s10_data_that_do_not_agree_are_a_case_of_500_yuan(desk: Desk, eventually: Any) -> None:
    id = released(desk, eventually)
    desk.at("21:50:00")
    desk.reseat(id, "305", {"seen_name": "孙先生", "seen_phone": "13900002222"})
    assert (desk.state(id), desk.credit(), desk.rows("fines")) == ("void_mismatch", [], [])
    (case,) = [each for each in desk.rows("discipline_case") if each["booking"] == id]
    assert (case["case"], case["amount"], case["state"]) == ("P12", "500.00", "proposed")
    assert case["employee"] == desk.badge_holder
    desk.lin.act("nightclub_booking.walk_in", "seat", {"unit": desk.units["305"], "former_booking": id})


def test_nc_s11_who_waits_gets_the_next_room(desk: Desk, eventually: Any) -> None:
    id = released(desk, eventually)
    desk.at("21:50:00")
    desk.lin.act(BOOKING, "wait", {}, id)
    desk.at("22:05:00")
    called = desk.lin.act("nightclub_booking.unit", "call_next", {}, desk.units["110"])
    (waiting,) = desk.rows("waiting")
    assert waiting["kind"] == "reseat"
    assert desk.lin.read(f"nightclub_booking/unit/{called['id']}")["next_waiting"] == waiting["id"]
    desk.reseat(id, "110")
    assert desk.booking(id)["unit"] == desk.units["110"]
    assert desk.credit() == [(1, "proposed")]
    assert [row["state"] for row in desk.rows("waiting")] == ["served"]


def test_nc_s15_a_power_cut_releases_at_the_hour_and_a_late_entry_restores(desk: Desk, eventually: Any) -> None:
    """Off at 20:50, on again at 21:30: released as of 21:00:00, late; an arrival of 20:58:40 restores it (NC-44)."""
    here = desk.book("20:30:00", "20:31:00")
    absent = desk.book("20:32:00", "20:33:00", "305", {**CHEN, "guest_name": "刘小姐", "guest_phone": "13800002222"})
    desk.at("20:50:00")
    desk.node.kill()
    desk.at("21:30:00")
    desk.node.switch_on()
    desk.lin, desk.boss = desk.node.person("lin"), desk.node.person("boss")
    eventually(lambda: {desk.state(here), desk.state(absent)} == {"auto_cancelled"}, "the holds to be caught up")

    steps = desk.lin.read(f"nightclub_booking/booking/{absent}/history")["steps"]
    assert (steps[-1]["action"], steps[-1]["at"]) == (f"{BOOKING}.lapse", "2026-03-13T21:00:00.000+08:00")
    assert steps[-1]["late_s"] == 1800
    with pytest.raises(Answered) as gone:
        desk.lin.act(BOOKING, "arrive", SEEN, here, at="2026-03-13T20:59:00+08:00")
    assert gone.value.code == "too-long-ago"  # entered 31 minutes later; the store allows 30

    desk.boss.act("core.setting", "set", {"plugin": "nightclub_booking", "name": "entry_window", "value": '"1h"'})
    answer = desk.lin.act(BOOKING, "arrive", SEEN, here, at="2026-03-13T20:58:40+08:00")
    assert answer["state"] == "arrived"
    assert desk.booking(here)["arrived_at"] == "2026-03-13T20:58:40+08:00"
    assert desk.state(absent) == "auto_cancelled"
    assert desk.credit() == [(1, "proposed")]
    undone = [
        step
        for step in desk.lin.read(f"nightclub_booking/booking/{here}/history")["steps"]
        if step["action"] == "core.undo"
    ]
    assert len(undone) == 1


def test_nc_s15_saved_at_21_00_20_what_happened_at_20_58_40_counts(desk: Desk, eventually: Any) -> None:
    id = desk.book("20:30:00", "20:31:00")
    desk.at("21:00:01")
    eventually(lambda: desk.state(id) == "auto_cancelled", "the hold to end")
    desk.at("21:00:20")
    desk.lin.act(BOOKING, "arrive", SEEN, id, at="2026-03-13T20:58:40+08:00")
    assert (desk.state(id), desk.booking(id)["arrived_at"]) == ("arrived", "2026-03-13T20:58:40+08:00")
