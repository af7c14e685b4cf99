"""Facts a node keeps about itself."""

from __future__ import annotations

from stores.storage import state
from stores.storage.database import Database
from stores.storage.system import SYSTEM


def test_a_fact_is_kept_replaced_and_forgotten(database: Database) -> None:
    with database.write() as connection:
        SYSTEM.create_all(connection)
        state.put_int(connection, "seen", 7)
        state.put_int(connection, "seen", 8)
        assert state.get_int(connection, "seen") == 8

        state.put(connection, "seen", None)
        assert state.get(connection, "seen") is None
        assert state.get_int(connection, "seen", default=-1) == -1
