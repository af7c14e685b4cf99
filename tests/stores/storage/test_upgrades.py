"""Declared steps change the data that is there, all versions at once or none, and tell nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from core.host.host import Host
from core.model.errors import DefinitionError
from core.model.merge import FieldStamp
from core.model.stamps import RowStamps
from stores.storage import upgrades
from stores.storage.database import Busy, Database
from stores.storage.migrate import Migration, migrate
from stores.storage.tables import tables_of
from tests.stores.shop import host_of

OLD = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      guest: {type: text, label: {en: Guest, zh: 客人}, unique: true}
      tier: {type: enum, of: {a: {en: A, zh: A}, b: {en: B, zh: B}}, label: {en: Tier, zh: 等级}}
      fax: {type: text, label: {en: Fax, zh: 传真}}
    states: {held: {en: Held, zh: 保留}, no_show: {en: No show, zh: 未到}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [guest, tier, fax], label: {en: Book, zh: 订房}}
      miss: {from: held, to: no_show, label: {en: Miss, zh: 未到}}
    sync: {scope: store, home: store}
"""
NEW = """
records:
  booking:
    label: {en: Booking, zh: 订房}
    fields:
      guest_name: {type: text, label: {en: Guest, zh: 客人}, unique: true}
      level: {type: enum, of: {gold: {en: Gold, zh: 金}, b: {en: B, zh: B}}, label: {en: Level, zh: 级别}}
      dept: {type: text, default: none, label: {en: Department, zh: 部门}}
    states: {held: {en: Held, zh: 保留}, lapsed: {en: Lapsed, zh: 失效}}
    by: desk
    actions:
      book: {from: new, to: held, ask: [guest_name, level, dept], label: {en: Book, zh: 订房}}
      lapse: {from: held, to: lapsed, label: {en: Lapse, zh: 失效}}
    sync: {scope: store, home: store}
migrations:
  1.1.0:
    - {rename: booking.guest, to: called}
    - {map: booking.tier, with: {a: gold}}
  1.2.0:
    - {rename: booking.called, to: guest_name}
    - {rename: booking.tier, to: level}
    - {map: booking.state, with: {no_show: lapsed}}
    - {fill: booking.dept, value: sales}
    - {drop: booking.fax, accept: data_loss}
"""


@pytest.fixture(scope="module")
def old() -> Host:
    return host_of(OLD)


@pytest.fixture(scope="module")
def new() -> Host:
    return host_of(NEW, "1.2.0")


def put(database: Database, host: Host, id: str, *, m: str = "", x: object = None, **cells: object) -> None:
    table = host_tables(host)["club.booking"]
    row = {"id": id, "_store": "s", "_hs": 7, "_m": m, "_x": None if x is None else json.dumps(x), **cells}
    with database.write() as connection:
        connection.execute(table.insert(), [row])


def host_tables(host: Host) -> Any:
    return tables_of(host.catalog)


def rows(database: Database) -> dict[str, dict[str, Any]]:
    with database.read() as connection:
        found = connection.execute(text("SELECT * FROM club_booking ORDER BY id")).mappings()
        return {row["id"]: dict(row) for row in found}


def upgraded(database: Database, old: Host, new: Host) -> Migration:
    done = migrate(database, new.catalog)
    assert not migrate(database, new.catalog), "a second time there is nothing to do"
    return done


def test_rename_map_fill_and_drop_over_two_versions(database: Database, old: Host, new: Host) -> None:
    migrate(database, old.catalog)
    put(database, old, "b1", guest="Li", tier="a", fax="1", state="no_show")
    put(database, old, "b2", guest="Wang", tier="b", state="held")

    done = upgraded(database, old, new)

    assert done.steps == ["1.1.0 of club", "1.2.0 of club"]
    (first, second) = rows(database).values()
    assert first.keys().isdisjoint({"guest", "called", "tier", "fax"})
    assert [first[name] for name in ("guest_name", "level", "state", "dept", "_hs")] == [
        "Li",
        "gold",
        "lapsed",
        "sales",
        7,
    ]
    assert [second[name] for name in ("guest_name", "level", "state", "dept")] == ["Wang", "b", "held", "sales"]
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM log")).scalar() == 0
        assert upgrades.changed_types(connection) == ["club.booking"]


def test_a_new_node_takes_no_step_and_a_plugin_that_comes_later_neither(database: Database, new: Host) -> None:
    migrate(database, Host([], entry_points=False).catalog)

    assert migrate(database, new.catalog).steps == []


def test_a_step_that_cannot_be_taken_leaves_everything_as_it_was(
    database: Database, old: Host, new: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(database, old.catalog)
    put(database, old, "b1", guest="Li", tier="a", fax="1", state="no_show")
    before = rows(database)

    def fail(*_: object) -> None:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(upgrades, "_forget", fail)
        with pytest.raises(RuntimeError, match="power"):
            migrate(database, new.catalog)

    assert rows(database) == before
    assert not migrate(database, old.catalog)
    upgraded(database, old, new)


def test_an_older_version_than_the_data_is_refused(database: Database, old: Host, new: Host) -> None:
    migrate(database, new.catalog)
    assert migrate(database, old.catalog).steps == []  # no step has been taken here: its fields are all still there
    migrate(database, new.catalog)

    with pytest.raises(DefinitionError) as refused:
        migrate(database, old.catalog)

    (problem,) = refused.value.problems
    assert (problem.code, problem.place is not None) == ("data-is-newer", True)


def test_a_statement_of_the_plugin_before_is_told_to_try_again(database: Database, old: Host, new: Host) -> None:
    migrate(database, old.catalog)
    migrate(database, new.catalog)

    with pytest.raises(Busy) as read, database.read() as connection:
        connection.execute(host_tables(old)["club.booking"].select()).all()
    with pytest.raises(Busy):
        put(database, old, "b1", guest="Li")

    assert read.value.problems[0].code == "node-updating"


HUB, PENDING = FieldStamp(5, 100, "hq.1"), FieldStamp(0, 200, "s.1")


@pytest.mark.parametrize(
    ("fields", "kept", "name"),
    [
        ({}, {}, "Li"),
        ({}, {"guest_name": "Wang"}, "Wang"),
        ({"guest_name": FieldStamp(6, 1, "hq.1")}, {"guest_name": "Wang"}, "Wang"),
        ({"guest": FieldStamp(6, 1, "s.1")}, {"guest_name": "Wang"}, "Li"),
        ({"guest": PENDING, "guest_name": FieldStamp(6, 1, "hq.1")}, {"guest_name": "Wang"}, "Li"),
    ],
    ids=["nothing newer", "from a newer node", "written later there", "written later here", "not sent yet"],
)
def test_what_a_newer_node_has_sent_under_the_new_name_meets_what_is_here(
    database: Database, old: Host, new: Host, fields: dict[str, FieldStamp], kept: dict[str, str], name: str
) -> None:
    migrate(database, old.catalog)
    put(database, old, "b1", guest="Li", m=RowStamps(HUB, fields).pack(), x={**kept, "fax": "9", "other": "1"})

    upgraded(database, old, new)

    row = rows(database)["b1"]
    assert (row["guest_name"], json.loads(row["_x"])) == (name, {"other": "1"})
    newest = max([HUB, *fields.values()], key=lambda stamp: stamp.hs or 99)
    assert RowStamps.unpack(row["_m"]).of("guest_name") == newest
    assert "guest" not in RowStamps.unpack(row["_m"]).fields


def test_two_fields_become_one(database: Database, old: Host) -> None:
    both = OLD.replace("      fax:", "      called: {type: text, label: {en: Called, zh: 称呼}}\n      fax:")
    migrate(database, host_of(both).catalog)
    put(database, host_of(both), "b1", guest="Li", called="old")
    put(database, host_of(both), "b2", called="Wang")

    merged = both.replace("      guest: {type: text, label: {en: Guest, zh: 客人}, unique: true}\n", "").replace(
        "ask: [guest,", "ask: ["
    )
    migrate(
        database, host_of(merged + "migrations:\n  1.1.0: [{rename: booking.guest, to: called}]\n", "1.1.0").catalog
    )

    assert [row["called"] for row in rows(database).values()] == ["Li", "Wang"]
    assert "guest" not in rows(database)["b1"]
