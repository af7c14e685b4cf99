"""Keys that only one record may hold, and what happens once two hold one after all."""

from __future__ import annotations

import pytest

from core.model.errors import ActionRefused
from stores.actor import Actor
from tests.stores.shop import Shop

PLUGIN = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      code: {type: text, unique: true, label: {en: Code, zh: 编码}}
      night: {type: text, label: {en: Night, zh: 营业日}}
      room: {type: text, label: {en: Room, zh: 房间}}
    exclusive:
      one_party: {key: [night, room], while: 'self.state in ["held", "seated"]', message: {en: "Room {self.room} is taken", zh: "房间 {self.room} 已占用"}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 到房}, void: {en: Void, zh: 作废}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [code, night, room], label: {en: Book, zh: 订房}}
      move: {from: [held, seated], ask: [code, room], label: {en: Move, zh: 换房}}
      arrive: {from: held, to: seated, label: {en: Arrive, zh: 到房}}
      cancel: {from: held, to: void, label: {en: Cancel, zh: 取消}}
      revive: {from: void, to: held, label: {en: Revive, zh: 恢复}}
      drop: {delete: true, label: {en: Drop, zh: 删除}}
      restore: {undelete: true, label: {en: Restore, zh: 恢复}}
      twins: {from: held, create: {booking: [{with: {code: x1, night: a, room: b}}]}, label: {en: Twins, zh: 双开}}
"""
LI = Actor("li", "0755", frozenset({"desk"}), "Li")


def refused(shop: Shop, what: str, id: str | None = None, **entered: object) -> tuple[str, str | None, str]:
    with pytest.raises(ActionRefused) as refusal:
        shop.do(what, LI, id, **entered)
    (problem,) = refusal.value.problems
    return problem.code, problem.field, problem.what.en


def test_a_unique_value_is_taken_once_and_the_message_tells_no_more(shop: Shop) -> None:
    first = shop.do("booking.book", LI, code="A1").id
    other = shop.do("booking.book", LI, code="A2").id

    assert refused(shop, "booking.book", code="A1") == ("unique", "code", "Code is already taken")
    assert refused(shop, "booking.move", other, code="A1") == ("unique", "code", "Code is already taken")
    shop.do("booking.move", LI, first, code="A1")  # its own


def test_a_value_is_free_again_once_its_record_is_deleted_and_then_that_one_cannot_come_back(shop: Shop) -> None:
    first = shop.do("booking.book", LI, code="A1").id
    shop.do("booking.drop", LI, first)
    shop.do("booking.book", LI, code="A1")

    assert refused(shop, "booking.restore", first)[0] == "unique"


def test_no_value_clashes_with_no_value(shop: Shop) -> None:
    shop.do("booking.book", LI)
    shop.do("booking.book", LI)

    assert len(shop.rows("booking")) == 2


def test_a_room_is_let_once_a_night_while_somebody_holds_it(shop: Shop) -> None:
    held = {"night": "7 March", "room": "V8"}
    first = shop.do("booking.book", LI, **held).id
    other = shop.do("booking.book", LI, night="7 March", room="V9").id

    assert refused(shop, "booking.book", **held) == ("one_party", "room", "Room V8 is taken")
    assert refused(shop, "booking.move", other, room="V8") == ("one_party", "room", "Room V8 is taken")

    shop.do("booking.cancel", LI, first)
    shop.do("booking.move", LI, other, room="V8")
    assert refused(shop, "booking.revive", first)[0] == "one_party"


def test_the_other_store_has_rooms_of_its_own(shop: Shop) -> None:
    shop.put("booking", "b1", store="0756", night="7 March", room="V8")

    assert shop.do("booking.book", LI, night="7 March", room="V8").state == "held"


def test_what_two_homes_let_twice_stays_usable_until_somebody_decides(shop: Shop) -> None:
    for id in ("b1", "b2"):
        shop.put("booking", id, code="A1", night="7 March", room="V8")

    shop.do("booking.arrive", LI, "b1")
    shop.do("booking.cancel", LI, "b2")
    shop.do("booking.drop", LI, "b2")

    assert (shop.row("booking", "b1")["state"], shop.row("booking", "b2")["_life"]) == ("seated", 2)


def test_what_an_action_creates_is_asked_too(shop: Shop) -> None:
    booking = shop.do("booking.book", LI).id
    shop.put("booking", "b1", night="a", room="b")

    assert refused(shop, "booking.twins", booking)[0] == "one_party"
    shop.do("booking.cancel", LI, "b1")
    shop.do("booking.twins", LI, booking)
    assert refused(shop, "booking.twins", booking)[0] == "unique"
