"""What falls due next, by due moment, of the types asked for."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from stores.reads.due import of_record, upcoming
from stores.storage.system import SYSTEM, TIMER


def test_timers_come_in_the_order_of_their_due_moments_without_those_that_have_fired(database: Any) -> None:
    rows = [
        ("club.booking", "a", "hold", "2026-03-13T13:00:00.000Z", "2026-03-13T12:55:00.000Z"),
        ("club.booking", "b", "hold", "2026-03-13T12:58:00.000Z", "2026-03-13T12:58:00.001Z"),
        ("club.booking", "c", "hold", "2026-03-13T12:00:00.000Z", None),
        ("club.other", "d", "hold", "2026-03-13T11:00:00.000Z", "2026-03-13T11:00:00.001Z"),
    ]
    with database.write() as connection:
        SYSTEM.create_all(connection)
        for type_, pk, name, due, next_at in rows:
            connection.execute(insert(TIMER).values(type=type_, pk=pk, name=name, due=due, next_at=next_at, stage=0))

        assert [each.id for each in upcoming(connection, ["club.booking"], 10)] == ["b", "a"]
        assert [each.id for each in upcoming(connection, ["club.booking"], 1)] == ["a"]
        assert [each.name for each in of_record(connection, "club.booking", "c")] == ["hold"]
