"""The log: read in pieces, told about a record, and checked against whoever edited it behind the node's back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from stores.changes import log
from stores.changes.commit import Edit
from stores.storage import bulk, checkpoints
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    Stand,
    new_id,
)


def bookings(count: int) -> list[Edit]:
    return [Edit(BOOKING, new_id(), "east", "create", {"guest": f"guest {n}"}) for n in range(count)]


def pieces(shop: Stand, limit: int) -> list[list[int]]:
    """Return the sequence numbers of the log, piece by piece."""
    after, out = 0, []
    with shop.database.read() as connection:
        while piece := log.entries_after(connection, "east-01.1", after, limit):
            out.append([entry.seq for entry in piece])
            after = piece[-1].seq
    return out


def test_a_piece_ends_where_a_transaction_ends(shop: Stand) -> None:
    for count in (2, 2, 1):
        shop.do(*bookings(count))

    assert pieces(shop, 3) == [[1, 2], [3, 4, 5]]
    assert pieces(shop, 2) == [[1, 2], [3, 4], [5]]


def test_a_transaction_larger_than_a_piece_comes_whole(shop: Stand) -> None:
    shop.do(*bookings(1))
    shop.do(*bookings(7))
    shop.do(*bookings(2))

    assert pieces(shop, 3) == [[1], [2, 3, 4, 5, 6, 7, 8], [9, 10]]


def test_a_piece_ends_where_lines_were_taken_out(shop: Stand) -> None:
    for _ in range(5):
        shop.do(*bookings(1))
    with shop.database.write() as connection:
        bulk.run_only(connection, "DELETE FROM log WHERE seq IN (1, 3)")

    assert pieces(shop, 10) == [[2], [4, 5]]


def test_what_was_read_is_what_was_written(shop: Stand) -> None:
    written = shop.do(*bookings(2), facts={"reason": "客人要求", "ask": {"n": 1}})

    assert shop.log() == written


def test_the_history_of_a_record_is_told_oldest_first_with_its_hidden_fields(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "phone": "13800001111"})
    shop.create(MEMBER, {"name": "Lin"})
    shop.update(BOOKING, id_, phone="13900002222", room="V8")

    with shop.database.read() as connection:
        story = log.history(connection, "club.booking", id_)

    assert [entry.body["phone"] for entry in story] == [(None, "13800001111"), ("13800001111", "13900002222")]
    assert story[1].body["room"] == (None, "V8")


def test_a_shop_sees_how_much_is_unsent_and_since_when(shop: Stand) -> None:
    with shop.database.read() as connection:
        assert log.unsent(connection) == (0, None)
    shop.do(*bookings(2))
    shop.do(*bookings(1))
    first, _, third = shop.log()

    with shop.database.write() as connection:
        assert log.unsent(connection) == (3, first.at)
        checkpoints.ack(connection, "east-01.1", 2)
        assert log.unsent(connection) == (1, third.at)
        checkpoints.ack(connection, "east-01.1", 3)
        assert log.unsent(connection) == (0, None)


def test_an_untouched_log_verifies(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "phone": "13800001111"})
    shop.update(BOOKING, id_, phone=None)
    shop.do(*bookings(5))

    with shop.database.read() as connection:
        assert log.verify(connection, "east-01.1") is None
        assert log.verify(connection, "nobody.1") is None


@pytest.mark.parametrize(
    ("tampering", "first_bad"),
    [
        ("UPDATE log SET actor = 'somebody else' WHERE seq = 3", 3),
        ('UPDATE log SET body = \'{"guest":[null,"Xu"]}\' WHERE seq = 3', 3),
        ("UPDATE log SET body = 'no JSON' WHERE seq = 3", 3),
        ("UPDATE log SET hash = '00' WHERE seq = 3", 3),
        ("UPDATE log SET facts = '{}' WHERE seq = 2", 2),
        ("DELETE FROM log WHERE seq = 3", 3),
        ("DELETE FROM log WHERE seq = 5", 5),
        ("DELETE FROM log WHERE seq >= 2", 2),
        ("UPDATE log SET seq = seq + 100 WHERE seq = 5", 5),
        ("UPDATE log SET seq = CASE seq WHEN 98 THEN 3 ELSE 2 END WHERE seq IN (98, 99)", 2),
        ('UPDATE log SET hidden = \'{"phone":[null,"13900002222"]}\' WHERE seq = 1', 1),
        ("UPDATE log SET hidden = NULL WHERE seq = 1", 1),
        ('UPDATE log SET hidden = \'{"phone":[null,"1"]}\' WHERE seq = 4', 4),
    ],
)
def test_the_first_line_that_was_tampered_with_is_named(shop: Stand, tampering: str, first_bad: int) -> None:
    shop.create(BOOKING, {"guest": "Chen", "phone": "13800001111"})
    for guest in ("Lin", "Wu", "An", "Bo"):
        shop.create(BOOKING, {"guest": guest})

    with shop.database.write() as connection:
        if "98" in tampering:  # two lines change places
            connection.execute(text("UPDATE log SET seq = CASE seq WHEN 2 THEN 98 ELSE 99 END WHERE seq IN (2, 3)"))
        connection.execute(text(tampering.replace(":", "\\:")))
        assert log.verify(connection, "east-01.1") == first_bad


def test_a_line_added_behind_the_last_is_found(shop: Stand) -> None:
    shop.do(*bookings(1))
    shop.do(*bookings(2))
    with shop.database.write() as connection:
        connection.execute(text("UPDATE checkpoint SET position = 1 WHERE stream = 'head'"))
        assert log.verify(connection, "east-01.1") == 2
