"""A year is lived through in order, by those who may, under the rules; what never succeeds is told."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.demo.year.life import Life
from app.demo.year.plan import read_plan
from app.demo.year.run import PLANS, PLANS_OF_HEADQUARTERS, begin, given_here, live, lives_of
from core.host.host import Host
from core.model.clock import from_iso
from core.model.errors import NodeError
from tests.stores.shop import Shop, local

PLUGIN = """
  gm: {label: {en: General manager, zh: 总经理}, lock: hq}
ledgers:
  credit: {account: staff, unit: booking, label: {en: Credit, zh: 业绩}}
records:
  room:
    label: {en: Room, zh: 包房}
    fields: {name: {type: text, required: true, unique: true, label: {en: Name, zh: 房号}}}
    by: desk
    actions: {add: {from: new, ask: [name], label: {en: Add, zh: 新增}}}
  booking:
    label: {en: Booking, zh: 订房}
    number: "{store}-{seq:4}"
    fields:
      guest:  {type: text, required: true, label: {en: Guest, zh: 客人}}
      phone:  {type: phone, mask: last4, label: {en: Phone, zh: 电话}}
      room:   {type: ref, to: room, required: true, label: {en: Room, zh: 包房}}
      booker: {type: ref, to: staff, default: =me, label: {en: Booker, zh: 订房人}}
      made_at: {type: datetime, default: =now, label: {en: Made at, zh: 时间}}
      day:    {type: date, label: {en: Day, zh: 日期}}
    exclusive: {one_party: {key: room, while: self.state == "held", message: {en: Taken, zh: 已占用}}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 入座}, lapsed: {en: Lapsed, zh: 取消}}
    by: desk
    actions:
      book:  {from: new, to: held, ask: [guest, phone, room, day], label: {en: Book, zh: 订房}}
      seat:  {from: held, to: seated, post: {credit: {account: =self.booker, amount: 1}}, label: {en: Seat, zh: 入座}}
      lapse: {from: held, to: lapsed, by: system, label: {en: Lapse, zh: 取消}}
      bless: {from: lapsed, by: gm, ask: [guest], label: {en: Bless, zh: 批示}}
    timers: {hold: {while: self.state == "held", due: =self.made_at + 30m, then: lapse}}
    sync: {scope: store, home: store}
"""
PLAN = """plugin: club
people: {desk: 2, gm: 1}
make: [{do: room.add, by: desk, times: 3, with: {name: {count: 201}}}]
arrivals:
  booking:
    do: booking.book
    by: desk
    a_day: 5
    week: [1, 1, 1, 1, 2, 2, 1]
    hours: {"18:00-22:00": 1}
    tries: 3
    with: {guest: $guest, phone: $phone, room: $any.room}
    then: [{do: seat, by: $self.booker, after: [5m, 25m], share: 0.7}]
"""
END = "2026-03-28 12:00"


@pytest.fixture
def shop() -> Any:
    made = Shop(PLUGIN, upstream="http://localhost:1")
    yield made
    made.close()


def lived(shop: Shop, folder: Path, plan: str = PLAN, seed: int = 1) -> Life:
    def move_to(moment: datetime) -> None:
        shop.now = max(shop.now, moment)

    path = folder / "club.yaml"
    path.write_text(plan, encoding="utf-8")
    life = Life(shop.node, read_plan(path, shop.node.catalog), move_to, Random(seed), given_here)
    begin([life])
    live([life], shop.now, local(END))
    return life


def test_guests_come_in_the_evening_more_at_the_weekend_and_not_all_of_them_turn_up(shop: Shop, tmp_path: Path) -> None:
    life = lived(shop, tmp_path)

    bookings: list[Any] = [row.values for row in shop.rows("booking")]
    hours = Counter(row["made_at"].astimezone(shop.node.zone).hour for row in bookings)
    days = Counter(row["made_at"].astimezone(shop.node.zone).weekday() >= 4 for row in bookings)
    states = Counter(row["state"] for row in bookings)
    assert set(hours) <= {18, 19, 20, 21, 22}
    assert days[True] > days[False], "Friday to Sunday outweigh the other four days"
    assert states["seated"] > states["lapsed"] > 0
    assert len(shop.rows("credit")) == states["seated"] == life.done["booking > seat"]
    assert shop.now == local(END)


def test_everything_is_done_by_somebody_who_may_and_the_clock_never_runs_back(shop: Shop, tmp_path: Path) -> None:
    lived(shop, tmp_path)

    entries = [entry for entry in shop.log() if entry.type == "club.booking"]
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    lapses = [entry for entry in entries if entry.action == "club.booking.lapse"]
    assert lapses
    assert {entry.actor for entry in lapses} == {"system"}
    names: dict[str, Any] = {row.id: row.values["roles"] for row in shop.rows("staff")}
    assert all("desk" in names[entry.actor] for entry in entries if entry.actor != "system")


def test_headquarters_takes_up_what_the_stores_have_sent(tmp_path: Path) -> None:
    shop = Shop(PLUGIN, store="hq")
    for store, name in (("0755", "V1"), ("0756", "V2")):
        shop.put("room", name, store=store, name=name)
    plan = "plugin: club\npeople: {desk: 1}\nmake: [{do: booking.book, by: desk, times: 9, with: {guest: $guest, phone: $phone, room: $any.room}}]\n"

    lived(shop, tmp_path, plan)

    assert {row.values["room"] for row in shop.rows("booking")} == {"V1", "V2"}
    shop.close()


def test_the_same_seed_makes_the_same_year(tmp_path: Path) -> None:
    told = []
    for seed in (1, 1, 2):
        shop = Shop(PLUGIN, upstream="http://localhost:1")
        lived(shop, tmp_path, seed=seed)
        told.append([(row.values["guest"], row.values["made_at"], row.values["state"]) for row in shop.rows("booking")])
        shop.close()

    assert told[0] == told[1] != told[2]


def test_posts_that_only_headquarters_gives_are_given(shop: Shop, tmp_path: Path) -> None:
    plan = PLAN + "answers: {booking: [{do: bless, by: gm, after: [40m, 2h], with: {guest: $guest}}]}\n"

    assert lived(shop, tmp_path, plan).done["answers.booking > bless"] > 0


def test_two_businesses_of_one_store_share_who_holds_a_post_of_both(shop: Shop, tmp_path: Path) -> None:
    hired: set[tuple[str, int]] = set()
    for name, desks in (("club", 2), ("club_again", 3)):
        path = tmp_path / f"{name}.yaml"
        path.write_text(PLAN.replace("desk: 2", f"desk: {desks}"), encoding="utf-8")
        plan = read_plan(path, shop.node.catalog)
        begin([Life(shop.node, plan, lambda _: None, Random(1), given_here, hired=hired)])

    assert [row.values["roles"] for row in shop.rows("staff")].count(["desk"]) == 3


def test_a_step_of_a_day_is_not_taken_before_it(shop: Shop, tmp_path: Path) -> None:
    plan = PLAN.replace("room: $any.room}", "room: $any.room, day: {day: [1, 1]}}")
    plan += "answers: {booking: [{do: bless, by: gm, on: $self.day, after: [8h, 9h], with: {guest: $guest}}]}\n"
    lived(shop, tmp_path, plan)

    days = {row.id: row.values["day"] for row in shop.rows("booking")}
    blessed = [
        (entry.pk, from_iso(entry.at).astimezone(shop.node.zone))
        for entry in shop.log()
        if entry.action == "club.booking.bless"
    ]
    assert blessed
    assert all(at.date() == days[pk] and at.hour == 8 for pk, at in blessed)


def test_a_step_that_never_succeeds_says_that_the_plan_does_not_fit(shop: Shop, tmp_path: Path) -> None:
    plan = PLAN + "answers: {booking: [{do: seat, by: $self.booker, after: [2h, 3h]}]}\n"  # all have lapsed by then

    with pytest.raises(NodeError, match=r"`answers\.booking > seat` was refused every time"):
        lived(shop, tmp_path, plan)


def test_headquarters_plan_for_customer_tiers_settles_assessments() -> None:
    host = Host([PLANS.parents[1] / "plugins"], only=["customer_tiers"], entry_points=False)
    shop = Shop("", host=host, store="hq", now="2026-03-13 16:30")
    shop.record = lambda name: host.catalog.record("customer_tiers", name)  # type: ignore[method-assign]
    shop.put("unit", "u1", store="accounts", code="101", name="第一业务单位", kind="business_unit")
    shop.put("customer", "c1", store="accounts", name="东海重工", ownership="private", size="medium", unit="u1")
    shop.put("archive", "a1", store="accounts", customer="c1")
    shop.hire("gu", "marketing")

    def move_to(moment: datetime) -> None:
        shop.now = max(shop.now, moment)

    lives = lives_of([shop.node], move_to, 1, "s", plans=PLANS_OF_HEADQUARTERS)
    begin(lives)
    live(lives, shop.now, shop.now + timedelta(minutes=1))

    assert lives[0].refused == {}
    states = Counter(str(row.values["state"]) for row in shop.rows("assessment"))
    assert states["settled"] > states["open"] > 0
    assert (len(shop.rows("assessment_item")), len(shop.rows("inspection"))) == (28, 8)
    shop.close()
