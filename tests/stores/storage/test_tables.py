"""Record types become tables that a person can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import Table, text

from core.host.catalog import Catalog
from core.host.host import Host
from core.language.definition import Exclusive, Field, NumberFormat, RecordType
from core.language.expressions import Aggregate, Literal
from core.language.expressions.compile import compile_condition
from core.language.expressions.names import NameScope, RecordShape
from core.model.errors import DefinitionError, Text
from core.model.kinds import BOOL, DATE, TEXT, record_kind
from stores.storage.database import Database
from stores.storage.migrate import migrate
from stores.storage.tables import NAME_LENGTH_MAX, Tables, cell_form, index_name, tables_of

Make = Callable[..., Field]
MakeRecord = Callable[..., RecordType]
MakeCatalog = Callable[..., Catalog]
ANYWHERE = Literal(True, BOOL)


def indexed(table: Table) -> set[tuple[str, ...]]:
    return {tuple(column.name for column in index.columns) for index in table.indexes}


def test_a_field_is_a_column_of_its_own_and_a_computed_one_is_none(
    a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    label = Text("Missing", "缺项")
    missing = Field("missing", a_field("m", "int").spec, label, a_field("m").place, value=ANYWHERE)
    booking = a_record("booking", a_field("guest"), a_field("deposit", "money"), a_field("paid", "bool"), missing)

    table = Tables(a_catalog(booking)).table_for(booking)

    assert table.name == "club_booking"
    names = [column.name for column in table.columns]
    assert names == [
        "id",
        "_store",
        "number",
        "state",
        "guest",
        "deposit",
        "paid",
        "_hs",
        "_life",
        "_at",
        "_by",
        "_m",
        "_x",
    ]
    whole = {column.name for column in table.columns if column.type.python_type is int}
    assert whole == {"deposit", "paid", "_hs", "_life"}


def test_two_stores_may_break_a_rule_together_and_the_merge_still_goes_through(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    staff = a_record("staff", a_field("badge", unique=True, required=True))
    catalog = a_catalog(staff)
    migrate(database, catalog)
    table = tables_of(catalog).table_for(staff)

    with database.write() as connection:
        connection.execute(
            table.insert(), [{"id": "a", "_store": "s1", "badge": "S17"}, {"id": "b", "_store": "s2", "badge": "S17"}]
        )
        connection.execute(table.insert(), [{"id": "c", "_store": "s1"}])


def test_what_rules_look_up_by_is_indexed(a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog) -> None:
    # Given a booking that is exclusive by night and room, and a rule elsewhere that counts bookings by day and badge
    exclusive = Exclusive("one_party", ("night", "room"), ANYWHERE, Text("taken", "占用"))
    fields = [a_field("night", "date"), a_field("room", "ref", to="club.room"), a_field("badge"), a_field("note")]
    booking = a_record(
        "booking", *fields, exclusive={"one_party": exclusive}, states={"held": Text("Held", "保留")},
        number=NumberFormat((("seq", "3"),), "{seq:3}"),
    )  # fmt: skip
    shape = RecordShape("club.booking", {"badge": TEXT, "night": DATE})
    scope = NameScope({"booking": record_kind("club.booking"), "today": DATE}, {"booking": shape}, "booking")
    where = compile_condition('booking.badge == "S17" and booking.night == today', None, scope)
    count = Aggregate("count", "club.booking", "booking", where=where)
    staff = a_record(
        "staff", Field("bookings", a_field("n", "int").spec, Text("n", "n"), a_field("n").place, value=count)
    )

    table = Tables(a_catalog(booking, staff)).table_for(booking)

    assert indexed(table) == {
        ("_store", "_hs"), ("_store", "id"), ("_store", "number"), ("night", "room"), ("state",), ("room",), ("badge",),
    }  # fmt: skip


def test_what_a_page_is_laid_out_and_narrowed_by_is_indexed(club_host: Host) -> None:
    views = {
        "history": {"kind": "list", "of": "club.booking", "sort": ("-night", "guest_name")},
        "nights": {"kind": "calendar", "of": "club.booking", "date": "night"},
    }
    plugin = replace(club_host.catalog.plugins["club"], views=views)
    catalog = replace(club_host.catalog, plugins={**club_host.catalog.plugins, "club": plugin})

    assert ("_store", "night") in indexed(Tables(catalog)["club.booking"])
    assert ("_store", "night") not in indexed(Tables(club_host.catalog)["club.booking"])


def test_an_index_keeps_its_name_and_fits_the_database() -> None:
    long = index_name("club_" + "x" * 50, ("one_field", "another_field"))

    assert index_name("club_room", ("_store", "_hs")) == "club_room___store___hs"
    assert len(long) <= NAME_LENGTH_MAX
    assert long == index_name("club_" + "x" * 50, ("one_field", "another_field"))
    assert long != index_name("club_" + "x" * 50, ("one_field", "other_field"))


def test_a_record_type_may_not_take_the_node_s_own_tables(a_record: MakeRecord, a_catalog: MakeCatalog) -> None:
    with pytest.raises(DefinitionError, match="node_state") as refusal:
        Tables(a_catalog(a_record("state", plugin="node")))

    assert [problem.code for problem in refusal.value.problems] == ["table-shared"]


def test_one_snapshot_has_one_set_of_tables(a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog) -> None:
    catalog = a_catalog(a_record("room", a_field("name")))

    assert tables_of(catalog) is tables_of(catalog)
    assert tables_of(a_catalog(a_record("room", a_field("name")))) is not tables_of(catalog)


@pytest.mark.parametrize(
    ("before", "now", "same"),
    [
        ({"type_": "text"}, {"type_": "phone"}, True),
        ({"type_": "money"}, {"type_": "decimal", "digits": 2}, True),
        ({"type_": "int"}, {"type_": "money"}, False),
        ({"type_": "decimal", "digits": 1}, {"type_": "decimal", "digits": 2}, False),
        ({"type_": "ref", "to": "club.room"}, {"type_": "ref", "to": "core.staff"}, False),
        ({"type_": "date"}, {"type_": "datetime"}, False),
    ],
)
def test_only_types_that_read_old_cells_alike_share_a_column(
    a_field: Make, before: dict[str, str], now: dict[str, str], same: bool
) -> None:
    assert (cell_form(a_field("x", **before)) == cell_form(a_field("x", **now))) is same


def test_the_tables_can_be_made_and_read_by_plain_sql(
    database: Database, a_field: Make, a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    migrate(database, a_catalog(a_record("room", a_field("name"), a_field("seats", "int"))))

    with database.write() as connection:
        connection.execute(text("INSERT INTO club_room (id, _store, name, seats) VALUES ('r1', '0755', 'V8', 12)"))
        row = connection.execute(text("SELECT name, seats, _hs, _life FROM club_room")).one()

    assert tuple(row) == ("V8", 12, 0, 1)


def test_a_record_type_whose_table_no_database_could_name_is_refused(
    a_record: MakeRecord, a_catalog: MakeCatalog
) -> None:
    with pytest.raises(DefinitionError, match=f"longer than {NAME_LENGTH_MAX} characters") as refusal:
        Tables(a_catalog(a_record("x" * NAME_LENGTH_MAX)))

    assert [problem.code for problem in refusal.value.problems] == ["table-name-long"]
