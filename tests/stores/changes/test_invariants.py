"""Rules over several records that two nodes broke together: both stay, and a person is told."""

from __future__ import annotations

from core.language.definition import Exclusive
from core.language.expressions import Env, RuleError
from core.model.errors import Text
from core.model.kinds import BOOL
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    Chain,
    FakeHost,
    a_field,
    a_record,
    quarantined,
)


def test_one_badge_given_in_two_stores_stands_twice_and_opens_a_conflict(shops: Chain) -> None:
    first = shops.east.create(MEMBER, {"name": "Chen", "badge": "S17"})
    second = shops.west.create(MEMBER, {"name": "Lin", "badge": "S17"})

    shops.settle()

    assert len(shops.hub.rows(MEMBER)) == 2
    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["field"], conflict["theirs"]) == ("unique", "badge", "S17")
    assert (conflict["record_id"], conflict["detail"]) == (second, first)
    shops.west.update(MEMBER, second, name="Lin Er")
    shops.settle()
    assert len(shops.hub.conflicts()) == 1  # told once


def test_one_badge_given_twice_in_one_frame_opens_one_conflict(shops: Chain) -> None:
    for name in ("Chen", "Lin"):
        shops.east.create(MEMBER, {"name": name, "badge": "S17"})

    shops.settle()

    assert [c["kind"] for c in shops.hub.conflicts()] == ["unique"]


class Holds:
    """The rule ``self.state == "held"``, without a compiler."""

    kind, text, place, may_be_empty = BOOL, 'self.state == "held"', None, False

    def __call__(self, env: Env) -> object:
        return env.names["self"].values["state"] == "held"  # type: ignore[attr-defined]


def test_a_key_that_names_the_store_is_merged_and_holds_per_store(database_url: str) -> None:
    one_a_store = Exclusive("one_a_store", ("store", "room"), Holds(), Text("taken", "已占用"))
    booking = a_record("seat", a_field("room"), states=BOOKING.states, exclusive={"one_a_store": one_a_store})
    host = FakeHost(booking)
    shops = Chain(database_url, hub=host, east=host, west=host)
    for shop in (shops.east, shops.west):
        shop.create(booking, {"room": "V8", "state": "held"})

    shops.settle()

    assert len(shops.hub.rows(booking)) == 2
    assert shops.hub.conflicts() == []


def test_two_bookings_of_one_room_made_so_by_a_merge_both_stay_and_open_a_conflict(database_url: str) -> None:
    one_party = Exclusive("one_party", ("night", "room"), Holds(), Text("taken", "已占用"))
    booking = a_record(
        "seat", a_field("night", "date"), a_field("room"), states=BOOKING.states, exclusive={"one_party": one_party}
    )
    host = FakeHost(booking)
    shops = Chain(database_url, hub=host, east=host, west=host)
    first = shops.east.create(booking, {"night": "2026-03-07", "room": "V8", "state": "held"})
    second = shops.east.create(booking, {"night": "2026-03-07", "room": "V9", "state": "held"})
    shops.west.create(booking, {"night": "2026-03-07", "room": "V8", "state": "held"})
    shops.settle()
    shops.hub.update(booking, second, actor="boss", night="2026-03-07", room="V8")
    shops.east.update(booking, second, room="V8")

    shops.settle()

    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["record_id"], conflict["detail"]) == ("exclusive", second, first)
    assert len(shops.hub.rows(booking)) == 3
    shops.close()


class Unanswerable(Holds):
    """A rule that cannot be worked out for any record, as one that adds a date to a text."""

    settings: frozenset[str] = frozenset()

    def __call__(self, env: Env) -> object:
        raise RuleError


def test_a_booking_for_which_the_rule_cannot_be_worked_out_clashes_with_none(database_url: str) -> None:
    one_party = Exclusive("one_party", ("night", "room"), Unanswerable(), Text("taken", "已占用"))
    seat = a_record("seat", a_field("night", "date"), a_field("room"), exclusive={"one_party": one_party})
    host = FakeHost(seat)
    shops = Chain(database_url, hub=host, east=host, west=host)
    shops.east.create(seat, {"night": "2026-03-07", "room": "V8"})
    second = shops.east.create(seat, {"night": "2026-03-07", "room": "V9"})
    shops.settle()
    shops.hub.update(seat, second, actor="boss", night="2026-03-08")
    shops.hub.update(seat, second, actor="boss", night="2026-03-07")
    shops.east.update(seat, second, room="V8")

    shops.settle()

    assert [row["room"] for row in shops.hub.rows(seat)] == ["V8", "V8"]
    assert shops.hub.conflicts() == []
    assert quarantined(shops.hub) == []
    shops.close()
