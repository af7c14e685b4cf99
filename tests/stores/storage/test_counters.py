"""Counting goes on where it stood, whatever became of the rows, the clock or the program."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import text

from stores.changes.commit import Deed, Edit, commit
from stores.storage import counters
from tests.stores.chain import (
    BOOKING,
    Clock,
    Stand,
)


def test_a_number_is_not_given_twice_though_the_last_line_was_removed(shop: Stand) -> None:
    shop.create(BOOKING, {"guest": "Chen"})
    with shop.database.write() as connection:
        connection.execute(text("DELETE FROM log"))

    shop.create(BOOKING, {"guest": "Lin"})

    assert [line.seq for line in shop.log()] == [2]


def test_the_clock_goes_on_after_a_restart_though_the_wall_clock_went_back(shop: Stand) -> None:
    shop.create(BOOKING, {"guest": "Chen"})
    shop.close()
    shop.clock = Clock(skew_s=-365 * 86_400)
    shop.open()

    shop.create(BOOKING, {"guest": "Lin"})

    first, second = shop.log()
    assert second.hlc > first.hlc
    assert second.at < first.at


def test_the_clock_of_a_database_that_kept_it_among_its_facts_goes_on(shop: Stand) -> None:
    shop.create(BOOKING, {"guest": "Chen"})
    (first,) = shop.log()
    with shop.database.write() as connection:
        connection.execute(text("DELETE FROM checkpoint WHERE stream = 'clock'"))
        connection.execute(text(f"INSERT INTO node_state VALUES ('hlc', '{first.hlc + (1 << 40)}')"))
    shop.close()
    shop.open()

    with shop.database.read() as connection:
        assert counters.clock_stamp(connection) == first.hlc + (1 << 40)
    shop.create(BOOKING, {"guest": "Lin"})

    assert shop.log()[1].hlc == first.hlc + (1 << 40) + 1
    with shop.database.read() as connection:
        assert counters.clock_stamp(connection) == first.hlc + (1 << 40) + 1


def test_a_rolled_back_deed_leaves_no_gap(shop: Stand) -> None:
    deed = Deed("t", "a", "li", shop.clock.now())
    with suppress(RuntimeError), shop.database.write() as connection:
        commit(connection, shop.node, deed, [Edit(BOOKING, "b0", "east", "create")])
        raise RuntimeError("power cut")

    shop.create(BOOKING, {"guest": "Chen"})

    assert [line.seq for line in shop.log()] == [1]
