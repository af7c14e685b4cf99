"""Many rows in one statement: the same on both databases, whatever the names and the values are."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, MetaData, Table, event
from sqlalchemy.exc import IntegrityError

from stores.storage import bulk
from stores.storage.columns import Chars, Whole
from stores.storage.database import Database

# Words of SQL, and a name with a quote in it: a field may be called anything.
ORDERS = Table("order", MetaData(), Column("id", Chars, primary_key=True), Column("group", Chars), Column('a"b', Whole))
COLUMNS = bulk.columns_of(ORDERS)
ROWS = [("a", '\'; DROP TABLE "order"; --', 2**63 - 1), ("b", "酒水 100%", -(2**63)), ("c", None, None)]


@pytest.fixture
def orders(database: Database) -> Database:
    with database.write() as connection:
        ORDERS.create(connection)
        bulk.insert(connection, ORDERS, COLUMNS, ROWS)
    return database


def everything(database: Database) -> list[bulk.Values]:
    with database.read() as connection:
        return list(bulk.each(connection, 'SELECT * FROM "order" ORDER BY id'))


def test_what_was_inserted_is_there(orders: Database) -> None:
    assert everything(orders) == ROWS


@pytest.mark.parametrize("count", [332, 333, 334, 666, 1_000])  # a statement of three columns takes 333 rows
def test_many_rows_are_all_there_in_the_order_given(orders: Database, count: int) -> None:
    many = [(f"d{n:04}", f"酒水 {n}" if n % 3 else None, n) for n in range(count)]

    with orders.write() as connection:
        bulk.insert(connection, ORDERS, COLUMNS, many)

    assert everything(orders) == [*ROWS, *many]


def test_one_row_that_is_there_already_refuses_them_all(orders: Database) -> None:
    many = [(f"d{n:04}", None, n) for n in range(1_000)]

    with pytest.raises(IntegrityError), orders.write() as connection:
        bulk.insert(connection, ORDERS, COLUMNS, [*many[:500], ROWS[1], *many[500:]])

    assert everything(orders) == ROWS


def test_an_upsert_writes_the_columns_it_names_and_leaves_the_others(orders: Database) -> None:
    with orders.write() as connection:
        bulk.upsert(connection, ORDERS, ("id", "group"), [("a", "x"), ("d", "y")])

    assert everything(orders) == [("a", "x", 2**63 - 1), *ROWS[1:], ("d", "y", None)]


def test_many_rows_are_put_over_those_that_are_there_the_last_of_each_key_counts(orders: Database) -> None:
    many = [(f"d{n % 500:04}", f"酒水 {n}", n) for n in range(1_000)]

    with orders.write() as connection:
        bulk.upsert(connection, ORDERS, COLUMNS, many)

    assert everything(orders) == [*ROWS, *many[500:]]


def test_an_update_takes_the_key_last(orders: Database) -> None:
    with orders.write() as connection:
        bulk.update(connection, ORDERS, ("group", 'a"b'), [("x", 1, "a"), ("y", 2, "b")])

    assert everything(orders)[:2] == [("a", "x", 1), ("b", "y", 2)]


def test_many_updates_are_written_as_they_are_and_of_one_key_the_last_counts(orders: Database) -> None:
    odd = ["", "NULL", "{}", ",", '"', "\\", '\\"', "a,b", " 空 格 ", "line\nbreak", None]
    many = [(f"d{n:03}", None, None) for n in range(len(odd) + 1)]
    with orders.write() as connection:
        bulk.insert(connection, ORDERS, COLUMNS, many)
        told = [(text, n if text else None, many[n][0]) for n, text in enumerate(odd)]
        bulk.update(connection, ORDERS, ("group", 'a"b'), [*told, ("first", 1, many[-1][0]), ("last", 2, many[-1][0])])

    assert everything(orders)[3:] == [*((id_, text, number) for text, number, id_ in told), (many[-1][0], "last", 2)]
    with orders.read() as connection:
        asked = [text for text in odd if text is not None]
        assert len(bulk.select(connection, ORDERS, ("id",), "group", asked)) == len(asked)


@pytest.mark.parametrize("fresh_url", ["postgresql"], indirect=True)  # SQLite looks at no lengths when it plans
def test_postgresql_goes_by_the_index_however_many_keys_it_is_given(orders: Database) -> None:
    rows, asked = [(f"d{n:05}", None, n) for n in range(3_000)], list[tuple[str, Any]]()
    with orders.write() as connection:
        bulk.insert(connection, ORDERS, COLUMNS, rows)
        bulk.run_only(connection, 'ANALYZE "order"')
        event.listen(connection, "before_cursor_execute", lambda _c, _k, sql, values, *_: asked.append((sql, values)))
        bulk.select(connection, ORDERS, ("group",), "id", [row[0] for row in rows[:1_500]])
        bulk.update(connection, ORDERS, ("group",), [("x", row[0]) for row in rows[:1_500]])
        bulk.find(connection, ORDERS, ("group",), [row[0] for row in rows[:1_500]])
        plans = [
            " ".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", values))
            for sql, values in asked[:3]
        ]

    assert all("order_pkey" in plan and "Seq Scan" not in plan for plan in plans), plans


@pytest.mark.parametrize("count", [332, 333, 334, 666])  # a statement of two columns and the key takes 333 rows
def test_many_rows_are_overwritten_each_with_its_own(orders: Database, count: int) -> None:
    many = [(f"d{n:04}", "before", -n) for n in range(count)]
    with orders.write() as connection:
        bulk.insert(connection, ORDERS, COLUMNS, many)
        changed = [(None if n % 3 else "100% 酒水", None if n % 2 else 2**63 - 1 - n, f"d{n:04}") for n in range(count)]

        bulk.update(connection, ORDERS, ("group", 'a"b'), changed[::-1])

    assert everything(orders) == [*ROWS, *((id_, group, number) for group, number, id_ in changed)]


def test_rows_are_found_in_the_order_asked_and_overwritten_where_they_are(orders: Database) -> None:
    many = [(f"d{n:04}", "before", n) for n in range(500)]
    asked = [*(id_ for id_, *_ in reversed(many)), "none", "c", "a"]
    with orders.write() as connection:
        bulk.insert_columns(connection, ORDERS, COLUMNS, list(zip(*many, strict=True)))

        found = bulk.find(connection, ORDERS, ("group", 'a"b'), asked)
        places, where, groups, numbers = zip(*found, strict=True)
        bulk.update_found(
            connection, ORDERS, ("group",), ([f"{n} after {group}" for group, n in found_of(found)], where)
        )

        assert bulk.find(connection, ORDERS, (), []) == bulk.find(connection, ORDERS, (), ["none"]) == []
    assert places == (*range(500), 501, 502)
    assert numbers == (*range(499, -1, -1), None, 2**63 - 1)
    assert groups[-2:] == (None, ROWS[0][1])
    assert everything(orders) == [
        ("a", f"{2**63 - 1} after {ROWS[0][1]}", 2**63 - 1), ROWS[1], ("c", "None after None", None),
        *((id_, f"{n} after before", n) for id_, _, n in many),
    ]  # fmt: skip


def found_of(found: list[bulk.Values]) -> list[tuple[object, object]]:
    return [(group, number) for _, _, group, number in found]


def test_any_number_of_keys_is_one_question(orders: Database) -> None:
    keys = ["a", "c", *(f"none {n}" for n in range(70_000))]

    with orders.read() as connection:
        assert bulk.select(connection, ORDERS, ("id",), "id", keys, " ORDER BY id") == [("a",), ("c",)]
        assert bulk.select(connection, ORDERS, ("id",), 'a"b', [2**63 - 1]) == [("a",)]
        assert bulk.select(connection, ORDERS, ("id",), "id", []) == []


def test_writing_nothing_is_no_statement(orders: Database) -> None:
    with orders.write() as connection:
        bulk.insert(connection, ORDERS, COLUMNS, [])
        bulk.update(connection, ORDERS, ("group",), [])
        bulk.insert_columns(connection, ORDERS, COLUMNS, [(), (), ()])
        bulk.update_found(connection, ORDERS, ("group",), [(), ()])

    assert everything(orders) == ROWS
