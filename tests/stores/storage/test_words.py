"""The index of words: it names every record that can match, new ones too, on both databases; and a search uses it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from core.host.host import Host
from core.language.definition import RecordType
from stores.actor import Actor
from stores.reads import records
from stores.storage import bulk, words
from stores.storage.database import Database
from stores.storage.migrate import migrate
from stores.storage.tables import tables_of

LI = Actor("li", "0755", frozenset({"hostess"}), "Li")
AN = Actor("an", "0755", frozenset({"auditor"}), "An")


@pytest.fixture
def tonight(club: Any) -> Any:
    """Three bookings that have been read in, and one that has not."""
    club.put("booking", "b1", guest_name="张三丰", guest_phone="13800001111")
    club.put("booking", "b2", guest_name="Chen Li", note="靠窗")
    club.put("booking", "b3", guest_name="李四")
    read_in(club)
    club.put("booking", "b4", guest_name="张三")
    return club


def read_in(club: Any) -> int:
    with club.node.database.write() as connection:
        return words.read_in(connection, tables_of(club.node.catalog))


def found(club: Any, search: str, actor: Actor = LI, **more: Any) -> list[str]:
    page = records.query(club.node, actor, club.record("booking"), search=search, **more)
    return [str(row["id"]) for row in page.rows]


def named(club: Any, *looked_for: str) -> set[str]:
    """Return the bookings that the index names."""
    record: RecordType = club.record("booking")
    with club.node.database.read() as connection:
        narrowing = words.narrowed(connection, record, club.node.table(record), looked_for)
        assert narrowing is not None
        query = club.node.table(record).select().where(narrowing.condition)
        return {row.id for row in connection.execute(query)}


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("张三", ["b4", "b1"]), ("三丰", ["b1"]), ("丰", ["b1"]), ("四", ["b3"]), ("1111", ["b1"]), ("CHEN", ["b2"]),
        ("hen li", ["b2"]), ("靠窗", ["b2"]), ("张三 1111", ["b1"]), ("张四", []), ("'", []), ('"*', []), ("a' & b:*", []),
    ],
)  # fmt: skip
def test_a_search_finds_any_part_of_a_text_whether_read_in_or_not(tonight: Any, search: str, ids: list[str]) -> None:
    assert found(tonight, search) == ids
    assert records.query(tonight.node, LI, tonight.record("booking"), search=search, total=True).total == len(ids)


def test_the_index_names_few_records_beside_those_that_match(tonight: Any) -> None:
    assert named(tonight, "张三丰") == {"b1", "b4"}  # b4 has not been read in yet, so it is looked at
    assert read_in(tonight) > 0
    assert read_in(tonight) == 0
    assert named(tonight, "张三丰") == {"b1"}
    assert named(tonight, "张三", "1111") == {"b1"}
    assert named(tonight, "王") == set()


def test_what_one_statement_writes_is_noted_whole_and_read_in_by_pieces(club: Any) -> None:
    table, many = club.node.table(club.record("booking")), words.READ_ROWS + 3
    read_in(club)
    rows = [(f"m{n:04}", "0755", f"{n:04}号") for n in range(many)]
    with club.node.database.write() as connection:
        bulk.insert(connection, table, ("id", "_store", "guest_name"), rows)
        assert words.waiting(connection) == words.READ_ROWS

    assert named(club, "0402") == {id_ for id_, *_ in rows}  # all of them are looked at
    assert [read_in(club), read_in(club), read_in(club)] == [words.READ_ROWS, 3, 0]
    assert named(club, "0402") == {"m0402"}


def test_what_is_changed_is_found_by_its_new_words_and_no_longer_by_its_old_ones(tonight: Any) -> None:
    table = tonight.node.table(tonight.record("booking"))
    with tonight.node.database.write() as connection:
        connection.execute(table.update().where(table.c.id == "b3").values(guest_name="王五"))

    assert (found(tonight, "王五"), found(tonight, "李四")) == (["b3"], [])
    read_in(tonight)
    assert (found(tonight, "王五"), found(tonight, "李四")) == (["b3"], [])


def test_who_sees_a_field_masked_is_told_nothing_by_the_index(tonight: Any) -> None:
    assert found(tonight, "张三丰", AN) == []
    assert found(tonight, "1111", AN) == ["b1"]  # the end that his mask shows
    assert found(tonight, "3800001111", AN) == []


def test_a_word_that_very_many_have_is_looked_for_in_the_records_themselves(
    tonight: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in(tonight)
    monkeypatch.setattr(words, "CANDIDATES_MAX", 1)

    page = records.query(tonight.node, LI, tonight.record("booking"), search="张三", total=True)

    assert [row["id"] for row in page.rows] == ["b4", "b1"]
    assert page.more  # of a part of them it is only known that there are more


def test_an_index_not_read_in_yet_is_not_asked(tonight: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "CANDIDATES_MAX", 0)

    record = tonight.record("booking")
    with tonight.node.database.read() as connection:
        assert words.narrowed(connection, record, tonight.node.table(record), ["张"]) is None
    assert found(tonight, "张三") == ["b4", "b1"]


def test_an_older_database_is_read_in_and_a_migration_can_drop_what_a_trigger_names(tonight: Any) -> None:
    """As a node finds it that had no index before, or whose plugin has another text field now."""
    database: Database = tonight.node.database
    with database.write() as connection:
        words.lift(connection)
        connection.execute(text("UPDATE node_state SET value = '{}' WHERE key = 'words.columns'"))
        connection.execute(text("UPDATE node_state SET value = 'old' WHERE key = 'schema.digest'"))

    host: Host = tonight.node.host
    migrate(database, host.catalog)

    while read_in(tonight):
        pass
    assert named(tonight, "张三") == {"b1", "b4"}
    tonight.put("booking", "b5", guest_name="张三")
    assert found(tonight, "张三") == ["b5", "b4", "b1"]


def test_a_table_that_came_whole_is_found_in_before_during_and_after_it_is_read_in(
    tonight: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a first load leaves it: one note, and no row in ``unread``."""
    while read_in(tonight):
        pass
    monkeypatch.setattr(words, "READ_ROWS", 1)
    record, database = tonight.record("booking"), tonight.node.database
    with database.write() as connection, words.filling(connection, record, tonight.node.table(record)):
        connection.execute(text("INSERT INTO club_booking (id, _store, guest_name) VALUES ('a0', '0755', '张三')"))
        connection.execute(text("INSERT INTO club_booking (id, _store, guest_name) VALUES ('z9', '0755', '张三')"))
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM unread")).scalar_one() == 0

    looks, seen = 0, {"a0", "z9", "b4", "b1"}
    while True:
        assert set(found(tonight, "张三")) == seen
        with database.read() as connection:
            if not words.waiting(connection):
                break
        read_in(tonight)
        looks += 1

    assert looks >= len(seen)
    assert named(tonight, "张三") == seen


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)  # PostgreSQL plans small tables by reading them
def test_a_search_on_sqlite_reads_the_index_and_not_the_table(club: Any) -> None:
    record = club.record("booking")
    with club.node.database.read() as connection:
        table = club.node.table(record)
        narrowing = words.narrowed(connection, record, table, ["张三"])
        assert narrowing is not None
        query = table.select().where(narrowing.condition).order_by(table.c.id.desc()).limit(51)
        sql = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}"))
    assert "SCAN club_booking" not in plan, plan
    assert "SEARCH club_booking USING INDEX" in plan, plan
