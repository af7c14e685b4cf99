"""Cases that are over are copied whole; what waits, and what may stand only once, is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stores.changes import log
from stores.changes.copying import copy_cases
from tests.stores.shop import Shop

PLUGIN = """
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
      room:   {type: ref, to: room, required: true, label: {en: Room, zh: 包房}}
      booker: {type: ref, to: staff, default: =me, label: {en: Booker, zh: 订房人}}
      before: {type: ref, to: booking, label: {en: The one before, zh: 上一单}}
    states: {held: {en: Held, zh: 保留}, seated: {en: Seated, zh: 入座}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [room, before], label: {en: Book, zh: 订房}}
      seat: {from: held, to: seated, post: {credit: {account: =self.booker, amount: 1}}, label: {en: Seat, zh: 入座}}
      late: {from: held, by: system, ask: [room], label: {en: Late, zh: 逾期}}
    timers: {hold: {while: self.state == "held", due: '=now + 3d', then: late}}
    sync: {scope: store, home: store}
"""


def test_a_case_is_copied_with_all_that_belongs_to_it(database_url: str) -> None:
    shop = Shop(PLUGIN, database_url, upstream="http://localhost:1")
    li = shop.hire("00000000-0000-7000-8000-0000000000aa", "desk")
    shop.node.new_id = lambda: f"00000000-0000-7000-8000-{next(shop.ids):012}"
    room = shop.do("room.add", li, name="201").id
    early = shop.do("booking.book", li, room=room).id
    shop.do("booking.seat", li, early)
    shop.now += timedelta(hours=1)
    begins = shop.now
    first = shop.do("booking.book", li, room=room).id
    second = shop.do("booking.book", li, room=room, before=first).id
    for booking in (first, second):
        shop.do("booking.seat", li, booking)
    waiting = shop.do("booking.book", li, room=room).id
    shop.now += timedelta(days=1)
    with shop.node.database.read() as connection:
        last = log.entries_after(connection, shop.node.identity.origin, 0, 100)[-1].seq

    made = copy_cases(shop.node, "club", 2, begins, shop.now)

    bookings: dict[str, Any] = {row.id: row.values for row in shop.rows("booking")}
    copies = {id: each for id, each in bookings.items() if id not in {early, first, second, waiting}}
    assert made == 2 * (2 + 2), (
        "two bookings and their two entries, twice; not the room, not what was before, not what waits"
    )
    assert len(copies) == 4
    assert {each["room"] for each in copies.values()} == {room}
    assert len({each["number"] for each in bookings.values()}) == 8
    befores = {each["before"] for each in copies.values()} - {None}
    assert befores <= copies.keys(), "a copy points to the copy"
    entries: list[Any] = [row.values["source_id"] for row in shop.rows("credit")]
    assert set(entries) == {early, first, second, *copies}
    with shop.node.database.read() as connection:
        created = log.created_after(connection, shop.node.identity.origin, last)
    assert len(created) == made, "each copy has its line in the log"
    shop.close()
