"""Record numbers count per store and prefix, and step over what is already there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, event, text

from core.host.catalog import Catalog
from core.language.definition import Field, NumberFormat, RecordType
from stores.storage.database import Database
from stores.storage.migrate import migrate
from stores.storage.numbers import next_number
from stores.storage.tables import tables_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = date(2026, 3, 7)
BY_NIGHT = NumberFormat((("store", ""), "-", ("night", "yyMMdd"), "-", ("seq", "3")), "{store}-{night:yyMMdd}-{seq:3}")
BY_YEAR = NumberFormat((("store", ""), "-P", ("yy", ""), ("seq", "4")), "{store}-P{yy}{seq:4}")
BEFORE_TEXT = NumberFormat((("seq", "2"), "/", ("booked_at", "HHmm")), "{seq:2}/{booked_at:HHmm}")


@dataclass
class Desk:
    """A booking desk that hands out numbers."""

    database: Database
    catalog: Catalog

    def number(
        self, connection: Connection, store: str = "0755", format_: NumberFormat = BY_NIGHT, **values: object
    ) -> str:
        record = self.catalog.records["club.booking"]
        record = RecordType(record.plugin, record.name, record.label, record.place, record.fields, number=format_)
        table = tables_of(self.catalog).table_for(record)
        given = {"night": NIGHT, **values}
        return next_number(connection, record, table, store, given, today=NIGHT, zone=SHANGHAI)

    def take(self, **values: object) -> str:
        with self.database.write() as connection:
            return self.number(connection, **values)  # type: ignore[arg-type]

    def file(self, number: str, store: str = "0755") -> None:
        """Put a record there that has this number, as the down-feed does."""
        with self.database.write() as connection:
            connection.execute(
                text("INSERT INTO club_booking (id, _store, number) VALUES (:n || :s, :s, :n)"),
                {"n": number, "s": store},
            )


@pytest.fixture
def desk(
    database: Database,
    a_field: Callable[..., Field],
    a_record: Callable[..., RecordType],
    a_catalog: Callable[..., Catalog],
) -> Desk:
    catalog = a_catalog(a_record("booking", a_field("night", "date"), number=BY_NIGHT))
    migrate(database, catalog)
    return Desk(database, catalog)


def test_numbers_count_from_one_and_start_again_where_the_night_or_the_store_changes(desk: Desk) -> None:
    assert [desk.take(), desk.take()] == ["0755-260307-001", "0755-260307-002"]
    assert desk.take(night=date(2026, 3, 8)) == "0755-260308-001"
    assert desk.take(store="0756") == "0756-260307-001"
    assert desk.take() == "0755-260307-003"


def test_parts_of_the_business_day_and_local_times_can_be_in_a_number(desk: Desk) -> None:
    late = datetime(2026, 3, 7, 13, 5, tzinfo=UTC)

    assert desk.take(format_=BY_YEAR) == "0755-P260001"
    assert desk.take(format_=BEFORE_TEXT, booked_at=late) == "01/2105"
    assert desk.take(format_=BEFORE_TEXT, booked_at=late) == "02/2105"


def test_a_booking_that_is_rolled_back_takes_no_number(desk: Desk) -> None:
    def half_done() -> None:
        with desk.database.write() as connection:
            desk.number(connection)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_done()

    assert desk.take() == "0755-260307-001"


def test_a_new_pc_in_a_dead_one_s_place_goes_on_counting(desk: Desk) -> None:
    # Given the records of the dead PC, come back from headquarters, and no sequence of our own
    for number in ("0755-260307-001", "0755-260307-002", "0755-260307-009"):
        desk.file(number)
    desk.file("0755-260307-044", store="0756")

    assert [desk.take(), desk.take()] == ["0755-260307-010", "0755-260307-011"]


def test_a_sequence_from_an_old_backup_steps_over_what_came_after_it(desk: Desk) -> None:
    desk.take()
    desk.file("0755-260307-002")

    assert desk.take() == "0755-260307-003"


def test_what_stands_behind_the_sequence_is_part_of_the_number(desk: Desk) -> None:
    late, later = datetime(2026, 3, 7, 13, 5, tzinfo=UTC), datetime(2026, 3, 7, 13, 6, tzinfo=UTC)
    for number in ("07/2106", "03/2105"):
        desk.file(number)

    assert desk.take(format_=BEFORE_TEXT, booked_at=late) == "04/2105"
    assert desk.take(format_=BEFORE_TEXT, booked_at=later) == "08/2106"


def test_more_numbers_than_the_width_foresaw_are_longer_not_doubled(desk: Desk) -> None:
    for number in ("0755-260307-999", "0755-260307-1000"):
        desk.file(number)

    assert [desk.take(), desk.take()] == ["0755-260307-1001", "0755-260307-1002"]


def test_the_next_number_costs_a_look_up_however_many_there_are(desk: Desk) -> None:
    said: list[tuple[str, Any]] = []
    with desk.database.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda *call: said.append((call[2], call[3])))
        desk.number(connection)
        lookup, values = said[1]

        # One look-up of the sequence, one of the numbers from the next one up, one write
        assert [statement.split()[0] for statement, _ in said] == ["SELECT", "SELECT", "INSERT"]
        if desk.database.dialect == "sqlite":
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {lookup}", values)]
            assert "INDEX club_booking___store__number (_store=? AND number>? AND number<?)" in plan[0]


def test_a_field_can_be_part_of_a_number_and_leaves_nothing_when_it_is_empty(desk: Desk) -> None:
    by_room = NumberFormat((("room", ""), "-", ("seq", "2")), "{room}-{seq:2}")

    assert desk.take(format_=by_room, room="K8") == "K8-01"
    assert desk.take(format_=by_room, room=8) == "8-01"
    assert desk.take(format_=by_room, room=None) == "-01"
