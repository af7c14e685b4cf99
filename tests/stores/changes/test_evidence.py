"""The log proves what the author of a field wrote; what is put together from several edits it cannot prove."""

from __future__ import annotations

from core.model.stamps import RowStamps
from stores.changes import log
from stores.changes.evidence import contradictions
from stores.changes.held import LIFE
from tests.stores.chain import BOOKING, Chain


def said(shops: Chain, booking: str, **touched: object) -> dict[str, object]:
    """Return what headquarters' log says about a booking that was ``touched``."""
    row = {**shops.hub.row(BOOKING, booking), **touched}
    with shops.hub.database.read() as connection:
        lines = log.of_records(connection, BOOKING.key, [booking])
    cells = {name: row[name] for name in ("guest", "room", "visits", "state")} | {LIFE: row["_life"]}
    return dict(contradictions(BOOKING, cells, RowStamps.unpack(row["_m"]), lines))


def test_the_log_says_what_a_touched_field_was(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "room": "V8", "visits": 1, "state": "held"})
    shops.east.update(BOOKING, booking, room="V9", state="seated")
    shops.settle()

    assert said(shops, booking) == {}
    assert said(shops, booking, guest="Wu", room=None, state="held") == {
        "guest": "Chen",
        "room": "V9",
        "state": "seated",
    }


def test_a_sum_and_a_stamp_nobody_wrote_prove_nothing(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "visits": 1})
    shops.settle()

    assert said(shops, booking, visits=99) == {}
    assert said(shops, booking, guest="Wu", _m='[7,7,"east-01.1",{}]') == {}


def test_a_deleted_record_cannot_be_brought_back_by_hand(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.settle()
    shops.east.change_life(BOOKING, booking, "delete")
    shops.settle()

    assert said(shops, booking, _life=1) == {LIFE: 2}
