"""A database follows the plugins: additive, in one transaction, silent towards other nodes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import event, select, text

from core.host.catalog import Catalog
from core.language.definition import Field, RecordType
from core.language.expressions import Literal
from core.model.errors import DefinitionError
from core.model.kinds import MONEY, TEXT
from stores.storage.database import Database
from stores.storage.migrate import migrate
from stores.storage.tables import tables_of

Make = Callable[..., Field]
MakeRecord = Callable[..., RecordType]
MakeCatalog = Callable[..., Catalog]


def test_a_new_node_gets_every_table_and_the_second_start_does_nothing(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    catalog = a_catalog(a_record("room", a_field("name")), a_record("booking", a_field("guest")))

    first, second = migrate(database, catalog), migrate(database, catalog)

    assert first.tables == ["club_room", "club_booking"]
    assert first
    assert not second
    with database.read() as connection:
        assert connection.dialect.has_table(connection, "log")


def test_an_up_to_date_database_is_recognised_without_looking_at_its_tables(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    catalog = a_catalog(a_record("room", a_field("name")))
    migrate(database, catalog)
    said: list[str] = []
    event.listen(database._reader, "before_cursor_execute", lambda *call: said.append(call[2]))

    migrate(database, catalog)

    assert 0 < len(said) <= 3  # BEGIN, is there a node_state, its digest


def test_a_new_field_is_a_new_column_and_old_rows_get_its_default_without_telling_anyone(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    # Given a room of last year, at place 7 of the hub's order
    before = a_catalog(a_record("room", a_field("name")))
    migrate(database, before)
    with database.write() as connection:
        connection.execute(
            tables_of(before)["club.room"].insert(), [{"id": "v8", "_store": "s", "name": "V8", "_hs": 7, "_m": "m"}]
        )

    # When this year's plugin knows a minimum spend
    spend = a_field("spend", "money", default=Literal(1280, MONEY))
    now = a_catalog(a_record("room", a_field("name"), spend, a_field("floor", default=Literal(None, TEXT))))
    done = migrate(database, now)

    # Then the room has it, and nothing about the room has to be sent
    assert done.columns == ["club_room.spend", "club_room.floor"]
    assert done.filled == {"club_room.spend": 1}
    with database.read() as connection:
        row = connection.execute(select(tables_of(now)["club.room"])).one()
        assert (row.spend, row.floor, row._hs, row._m) == (128000, None, 7, "m")
        assert connection.execute(text("SELECT count(*) FROM log")).scalar() == 0


def test_a_value_from_a_newer_node_moves_into_the_column_when_this_node_learns_the_field(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    # Given two rooms from a node that already knew `seats`, kept aside here
    before = a_catalog(a_record("room", a_field("name")))
    migrate(database, before)
    aside = [
        {"id": "v8", "_store": "s", "_x": '{"seats":12}'},
        {"id": "v9", "_store": "s", "_x": '{"seats":8,"view":"river"}'},
        {"id": "v10", "_store": "s", "_x": None},
    ]
    with database.write() as connection:
        connection.execute(tables_of(before)["club.room"].insert(), aside)

    # When this node is upgraded
    now = a_catalog(a_record("room", a_field("name"), a_field("seats", "int", default=Literal(4, TEXT))))
    done = migrate(database, now)

    # Then what was kept aside wins over the default, and what is still unknown stays aside
    assert done.moved == {"club_room.seats": 2}
    with database.read() as connection:
        table = tables_of(now)["club.room"]
        rows = connection.execute(select(table.c.id, table.c.seats, table.c._x).order_by(table.c.id)).all()
    assert [tuple(row) for row in rows] == [("v10", 4, None), ("v8", 12, None), ("v9", 8, '{"view":"river"}')]


def test_a_field_that_changed_its_type_is_refused_and_nothing_is_touched(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    migrate(database, a_catalog(a_record("room", a_field("name"), a_field("spend", "int"))))
    retyped = a_catalog(a_record("room", a_field("name"), a_field("spend", "money"), a_field("floor")))

    with pytest.raises(DefinitionError, match=r"club\.room\.spend") as refusal:
        migrate(database, retyped)

    problem = refusal.value.problems[0]
    assert (problem.code, problem.place) == ("field-retyped", a_field("x").place)
    assert "另取名称" in problem.fix.zh if problem.fix else False
    with database.read() as connection, pytest.raises(Exception, match="floor"):
        connection.execute(text("SELECT floor FROM club_room"))


def test_a_field_that_was_dropped_keeps_its_column_and_may_not_come_back_as_something_else(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    migrate(database, a_catalog(a_record("room", a_field("name"), a_field("fax", "int"))))
    assert not migrate(database, a_catalog(a_record("room", a_field("name")))).columns

    with pytest.raises(DefinitionError, match="fax"):
        migrate(database, a_catalog(a_record("room", a_field("name"), a_field("fax", "date"))))
    assert not migrate(database, a_catalog(a_record("room", a_field("name"), a_field("fax", "int"))))


def test_a_plugin_that_is_switched_off_leaves_its_data(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    room, booking = a_record("room", a_field("name")), a_record("booking", a_field("guest"))
    migrate(database, a_catalog(room, booking))
    with database.write() as connection:
        connection.execute(text("INSERT INTO club_booking (id, _store, guest) VALUES ('b', 's', 'Chen')"))

    migrate(database, a_catalog(room))

    with database.read() as connection:
        assert connection.execute(text("SELECT guest FROM club_booking")).scalar() == "Chen"


def test_an_index_that_became_useful_is_added_later(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    migrate(database, a_catalog(a_record("staff", a_field("badge"))))

    done = migrate(database, a_catalog(a_record("staff", a_field("badge", unique=True))))

    assert done.indexes == ["club_staff__badge"]
    assert not done.columns


def test_a_rehearsal_gets_its_tables_as_a_copy_and_shares_no_rows_with_the_one_before(
    a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    catalog = a_catalog(a_record("room", a_field("name", unique=True)))
    first, second = Database("sqlite:///:memory:"), Database("sqlite:///:memory:")
    migrate(first, catalog)
    with first.write() as connection:
        connection.execute(text("INSERT INTO club_room (id, _store, name) VALUES ('v8', 's', 'V8')"))

    assert migrate(second, catalog).tables == ["club_room"]

    with second.write() as connection:
        assert connection.execute(text("SELECT count(*) FROM club_room")).scalar() == 0
        assert connection.dialect.has_index(connection, "club_room", "club_room__name")
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        connection.execute(text("INSERT INTO club_room (id, _store, name) VALUES ('v9', 's', 'V9')"))
    assert not migrate(second, catalog)
    with second.read() as connection:
        assert connection.execute(text("SELECT name FROM club_room")).scalars().all() == ["V9"]
    first.close()
    second.close()


def test_what_was_kept_aside_for_another_field_stays_aside(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    before = a_catalog(a_record("room", a_field("name")))
    migrate(database, before)
    with database.write() as connection:
        aside = {"id": "v8", "_store": "s", "_x": '{"view":"river"}'}
        connection.execute(tables_of(before)["club.room"].insert(), [aside])

    now = a_catalog(a_record("room", a_field("name"), a_field("seats", "int")))
    done = migrate(database, now)

    assert done.moved == {}
    with database.read() as connection:
        table = tables_of(now)["club.room"]
        assert tuple(connection.execute(select(table.c.seats, table.c._x)).one()) == (None, '{"view":"river"}')
