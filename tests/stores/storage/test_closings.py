"""Closed days as they are kept: the last of each store, those since a day, and one store's, page by page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from stores.storage import closings
from stores.storage.closings import Closing
from stores.storage.database import Database
from stores.storage.system import CLOSING


def day_of(store: str, origin: str, day: str) -> Closing:
    return Closing(origin, day, store, 0, 9, "h", 9, 3, 0, "e", 1, "s")


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Days of two stores; the node of one was reborn on the 3rd and closed that day twice."""
    with database.write() as open_:
        CLOSING.create(open_)
        for number in range(1, 6):
            closings.keep(open_, day_of("bund", f"bund.{1 if number < 4 else 2}", f"2026-03-0{number}"))
        closings.keep(open_, day_of("bund", "bund.2", "2026-03-03"))
        closings.keep(open_, day_of("pudong", "pudong.1", "2026-03-02"))
        yield open_


def told(found: list[Closing]) -> list[str]:
    return [f"{each.origin} {each.day[-2:]}" for each in found]


def test_the_last_day_of_every_store_and_of_one(connection: Connection) -> None:
    assert told(closings.latest(connection)) == ["bund.2 05", "pudong.1 02"]
    assert told(closings.last_day(connection, "pudong")) == ["pudong.1 02"]
    assert closings.last_day(connection, "nowhere") == []


def test_the_days_of_every_store_since_one(connection: Connection) -> None:
    assert told(closings.since(connection, "2026-03-03")) == ["bund.1 03", "bund.2 03", "bund.2 04", "bund.2 05"]


def test_a_page_of_days_ends_between_two_days_never_inside_one(connection: Connection) -> None:
    first = closings.of_store(connection, "bund", None, 3)
    rest = closings.of_store(connection, "bund", first[-1].day, 3)

    assert told(first) == ["bund.2 05", "bund.2 04", "bund.1 03", "bund.2 03"]
    assert told(rest) == ["bund.1 02", "bund.1 01"]
    assert closings.of_store(connection, "bund", "2026-03-01", 3) == []
