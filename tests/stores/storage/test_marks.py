"""A place of the order and the transaction that gave it out."""

from __future__ import annotations

from stores.storage import marks
from stores.storage.database import Database
from stores.storage.system import MARK, SYSTEM


def test_a_place_has_the_mark_of_the_transaction_that_gave_it_out_and_old_ones_go(database: Database) -> None:
    with database.write() as connection:
        SYSTEM.create_all(connection, tables=[MARK])
        marks.put(connection, 0, 1, "a")
        marks.put(connection, 1, 4, "b")
        marks.put(connection, 4, 5, "c")
        assert [marks.at(connection, place) for place in (0, 1, 2, 4, 5, 6)] == ["", "a", "b", "b", "c", ""]

        later = marks.KEPT_PLACES + 5
        marks.put(connection, later - 5_000, later, "d")
        assert [marks.at(connection, place) for place in (1, 4, 5, 6, later)] == ["", "", "c", "d", "d"]
