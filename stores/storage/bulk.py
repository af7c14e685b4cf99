"""Many rows in one statement, on both databases: the driver's own parameters, without a layer between.

Names come from the compiled catalog or from the system tables, never from a frame or a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import chain, islice
from typing import Any, Literal, cast

from sqlalchemy import Connection, LargeBinary, Table
from sqlalchemy.exc import SQLAlchemyError

from core.model.values import canonical_json
from stores.storage.arrays import array
from stores.storage.columns import Whole
from stores.storage.driver import FAULTS, copies, copy_in, driver_of, told

Values = tuple[Any, ...]
Verb = Literal["insert", "upsert"]
_PAGE_ROWS = 2_000
_COPY_FROM = 50  # rows; fewer are as quick one by one
_PARAMETERS = 999  # of a statement that writes many rows: SQLite opens a table and its indexes for each anew


@lru_cache(maxsize=2048)
def columns_of(table: Table) -> tuple[str, ...]:
    """Return the names of the table's columns, in their order."""
    return tuple(column.name for column in table.columns)


@lru_cache(maxsize=2048)
def column_set(table: Table) -> frozenset[str]:
    """Return the names of the table's columns."""
    return frozenset(columns_of(table))


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert rows that are not there yet; many at once by COPY where there is one."""
    if len(rows) >= _COPY_FROM and copies(connection):
        copy_in(connection, *_copy(table, tuple(columns)), rows)
        return
    _insert_by(connection, table, "insert", tuple(columns), rows)


def upsert(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Insert rows, or overwrite ``columns`` of those whose key is there."""
    _insert_by(connection, table, "upsert", tuple(columns), rows)


def insert_columns(
    connection: Connection, table: Table, columns: Sequence[str], values: Sequence[Sequence[Any]]
) -> None:
    """Insert rows that are not there yet, given by column. No row is put together before it is handed to the driver."""
    if copies(connection):
        insert(connection, table, columns, list(zip(*values, strict=True)))
    else:
        _insert_by(connection, table, "insert", tuple(columns), zip(*values, strict=True))


def update(connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[Values]) -> None:
    """Overwrite ``columns`` of rows by ``id``, which is the last value of each row; of one id the last row counts."""
    if len(rows) > 1:
        rows = list({row[-1]: row for row in rows}.values())
    if len(rows) > 1 and connection.dialect.name == "postgresql":
        _one(connection, _update_all(table, tuple(columns)), tuple(map(array, zip(*rows, strict=True))))
    else:
        _update_by(connection, table, tuple(columns), "id", rows)


def update_found(connection: Connection, table: Table, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    """Overwrite ``columns`` of rows that ``find`` has found, given by column; the last one is where, as it told.

    No row twice: of two new values the database may take either.
    """
    if connection.dialect.name == "sqlite":
        _update_by(connection, table, tuple(columns), "_rowid_", zip(*values, strict=True))
    elif values[-1]:
        _one(connection, _update_all(table, tuple(columns)), tuple(map(array, values)))


def find(connection: Connection, table: Table, columns: Sequence[str], ids: Sequence[str]) -> list[Values]:
    """Return, for each of ``ids`` that has a row, its place among them (rising), where the row is, and ``columns``.

    Where a row is holds until this transaction ends. It spares ``update_found`` the way through the index.
    """
    if not ids:
        return []
    sqlite = connection.dialect.name == "sqlite"
    return run(connection, _find(sqlite, table, tuple(columns)), canonical_json(ids) if sqlite else array(ids))


def select(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    key: str,
    wanted: Iterable[int | str | None],
    rest: str = "",
    *more: Any,
) -> list[Values]:
    """Return ``columns`` of the rows whose ``key`` is one of ``wanted``; ``rest`` adds SQL with ``more`` for its ``?``.

    One statement whatever the number of keys: there is no limit on parameters to run into.
    """
    keys = list(wanted)
    if not keys:
        return []
    test, asked = among(connection, table, key, keys)
    sql = f"SELECT {_list(tuple(columns))} FROM {quoted(table.name)} WHERE {test}{rest}"  # noqa: S608 - names of our own
    return run(connection, sql, asked, *more)


def among(connection: Connection, table: Table, name: str, values: Sequence[int | str | None]) -> tuple[str, str]:
    """Return the condition that a column holds one of ``values``, with one ``?``, and what is put there."""
    if connection.dialect.name == "sqlite":
        return f"{quoted(name)} IN (SELECT value FROM json_each(?))", json.dumps(values)  # noqa: S608 - names of our own
    return f"{quoted(name)} = ANY({_given(table, name)})", array(values)


def by_key(
    connection: Connection, table: str, columns: tuple[str, ...], key: tuple[str, ...], *values: Any
) -> list[Values]:
    """Return ``columns`` of the rows whose ``key`` columns hold ``values``. The text of the query is built once."""
    return run(connection, _by_key(table, columns, key), *values)


def delete(connection: Connection, table: str, key: tuple[str, ...], *values: Any) -> None:
    """Delete the rows whose ``key`` columns hold ``values``."""
    run_only(connection, f"DELETE FROM {quoted(table)} WHERE {_tests(key)}", *values)  # noqa: S608 - names of our own


def delete_all(connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Delete the rows whose ``key`` columns hold one of ``rows``."""
    many(connection, f"DELETE FROM {quoted(table.name)} WHERE {_tests(key)}", rows)  # noqa: S608 - names of our own


def run(connection: Connection, sql: str, *values: Any) -> list[Values]:
    """Return all rows of one query written with ``?`` for its parameters."""
    driver = driver_of(connection)
    if driver is not None:
        try:
            found: list[Values] = driver.execute(sql, values).fetchall()
        except FAULTS as error:
            raise told(connection, sql, error) from error
        return found
    result = connection.exec_driver_sql(_marked(connection.dialect.name, sql), values)
    rows = cast("list[Values]", result.cursor.fetchall())  # the driver's own: wrapping triples the cost
    result.close()
    return rows


def each(connection: Connection, sql: str, *values: Any) -> Iterator[Values]:
    """Yield the rows of one query, a page of them in memory at a time."""
    result = connection.exec_driver_sql(_marked(connection.dialect.name, sql), values)
    while page := result.cursor.fetchmany(_PAGE_ROWS):
        yield from page
    result.close()


def run_only(connection: Connection, sql: str, *values: Any) -> None:
    """Run one statement that answers nothing, written with ``?`` for its parameters."""
    _one(connection, _marked(connection.dialect.name, sql), values)


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what the block has written if it raises, and nothing else of the transaction.

    SQLAlchemy's own word it anew each time, which costs as much as a small merge.
    """
    run_only(connection, "SAVEPOINT part")
    try:
        yield
    except BaseException:
        with suppress(SQLAlchemyError):  # the connection is gone, and with it all that it had written
            run_only(connection, "ROLLBACK TO SAVEPOINT part")
            run_only(connection, "RELEASE SAVEPOINT part")
        raise
    run_only(connection, "RELEASE SAVEPOINT part")


def many(connection: Connection, sql: str, rows: Sequence[Values]) -> None:
    """Run one statement that answers nothing, written with ``?`` for its parameters, for each of ``rows``."""
    _many(connection, _marked(connection.dialect.name, sql), rows)


def _insert_by(
    connection: Connection, table: Table, verb: Verb, names: tuple[str, ...], rows: Iterable[Values]
) -> None:
    dialect, key = connection.dialect.name, _key(table)
    together = _PARAMETERS // len(names) if dialect == "sqlite" else 1
    _in_statements(
        connection, rows, len(names), together, lambda count: _write(dialect, verb, table.name, names, key, count)
    )


def _update_by(
    connection: Connection, table: Table, columns: tuple[str, ...], key: str, rows: Iterable[Values]
) -> None:
    dialect, width = connection.dialect.name, len(columns) + 1
    together = _PARAMETERS // width if dialect == "sqlite" else 1
    _in_statements(connection, rows, width, together, lambda count: _update(dialect, table.name, columns, key, count))


def _in_statements(
    connection: Connection, rows: Iterable[Values], width: int, together: int, sql: Callable[[int], str]
) -> None:
    """Write rows of ``width`` values, ``together`` of them a statement; those that are left one by one."""
    if together < 2 or (isinstance(rows, Sequence) and len(rows) < together):
        _many(connection, sql(1), rows if isinstance(rows, Sequence) else list(rows))
        return
    rows = iter(rows)  # a ``zip`` makes no new tuple for a row that nobody keeps
    while len(values := tuple(chain.from_iterable(islice(rows, together)))) == together * width:
        _one(connection, sql(together), values)
    _many(connection, sql(1), [values[first : first + width] for first in range(0, len(values), width)])


def _one(connection: Connection, sql: str, values: Values) -> None:
    driver = driver_of(connection)
    if driver is None:
        connection.exec_driver_sql(sql, values)
        return
    try:
        driver.execute(sql, values)
    except FAULTS as error:
        raise told(connection, sql, error) from error


def _many(connection: Connection, sql: str, rows: Sequence[Values]) -> None:
    if not rows:
        return
    if len(rows) == 1:
        _one(connection, sql, rows[0])
        return
    driver = driver_of(connection)
    if driver is None:
        connection.exec_driver_sql(sql, list(rows))
        return
    try:
        driver.executemany(sql, rows)
    except FAULTS as error:
        raise told(connection, sql, error) from error


@lru_cache(maxsize=2048)
def _copy(table: Table, columns: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return PostgreSQL's statement that takes many new rows, and the types of its columns."""
    sql = f"COPY {quoted(table.name)} ({_list(columns)}) FROM STDIN (FORMAT binary)"
    return sql, tuple(_kind(table, name) for name in columns)


@lru_cache(maxsize=2048)
def _write(dialect: str, verb: Verb, table: str, columns: tuple[str, ...], key: tuple[str, ...], rows: int = 1) -> str:
    marks = f"({', '.join('?' * len(columns))})"
    sql = f"INSERT{_alone(dialect)} INTO {quoted(table)} ({_list(columns)}) VALUES {', '.join([marks] * rows)}"
    if verb == "upsert":
        settings = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in columns if name not in key)
        sql += f" ON CONFLICT ({_list(key)}) DO UPDATE SET {settings}"
    return _marked(dialect, sql)


@lru_cache(maxsize=2048)
def _update(dialect: str, table: str, columns: tuple[str, ...], key: str, rows: int = 1) -> str:
    head = f"UPDATE{_alone(dialect)} {quoted(table)} SET"
    if rows == 1:
        return _marked(dialect, f"{head} {', '.join(f'{quoted(name)} = ?' for name in columns)} WHERE {key} = ?")
    settings = ", ".join(f"{quoted(name)} = given.column{n}" for n, name in enumerate(columns, start=1))
    marks = ", ".join([f"({', '.join('?' * (len(columns) + 1))})"] * rows)
    where = f"{quoted(table)}.{key} = given.column{len(columns) + 1}"
    return f"{head} {settings} FROM (VALUES {marks}) AS given WHERE {where}"


@lru_cache(maxsize=2048)
def _find(sqlite: bool, table: Table, columns: tuple[str, ...]) -> str:
    told = "".join(f", t.{quoted(name)}" for name in columns)
    if sqlite:
        asked = "json_each(?) AS asked CROSS JOIN"  # CROSS: in the order asked
        return f"SELECT asked.key, t._rowid_{told} FROM {asked} {quoted(table.name)} AS t ON t.id = asked.value"  # noqa: S608 - names of our own
    asked = f"unnest({_given(table, 'id')}) WITH ORDINALITY AS asked (id, nth) JOIN"
    sql = f"SELECT asked.nth - 1, t.id{told} FROM {asked} {quoted(table.name)} AS t ON t.id = asked.id ORDER BY 1"  # noqa: S608 - names of our own
    return _marked("postgresql", sql)


@lru_cache(maxsize=2048)
def _update_all(table: Table, columns: tuple[str, ...]) -> str:
    """Return PostgreSQL's statement that updates many rows, each column of new values an array.

    One statement for each row would also run the trigger for each, which costs more than the row itself.
    """
    settings = ", ".join(f"{quoted(name)} = given.c{n}" for n, name in enumerate(columns))
    arrays = _marked("postgresql", ", ".join(_given(table, name) for name in (*columns, "id")))
    names = ", ".join((*(f"c{n}" for n in range(len(columns))), "key"))
    source = f"unnest({arrays}) AS given ({names})"
    return f"UPDATE {quoted(table.name)} SET {settings} FROM {source} WHERE {quoted(table.name)}.id = given.key"  # noqa: S608 - names of our own


def _given(table: Table, name: str) -> str:
    """Return a parameter that is an array of a column's values, its length unseen by PostgreSQL's planner.

    For some thousands of keys it would read a whole table rather than go by the index, and does so in twice the time.
    """
    kind = _kind(table, name)
    return f"(SELECT CAST(? AS {kind}[]))::{kind}[]"


def _kind(table: Table, name: str) -> str:
    """Return what PostgreSQL calls the type of a column."""
    type_ = table.c[name].type
    return "int8" if isinstance(type_, Whole) else "bytea" if isinstance(type_, LargeBinary) else "text"


def _alone(dialect: str) -> str:
    """Return the word that spares SQLite a copy of every page for each row.

    It keeps one to undo a statement by halves, which a trigger might make necessary. Ours note a row in ``unread``,
    where nothing is refused. A statement of many rows that is refused at one of them has written those before: whoever
    goes on after a refusal has a savepoint around it (``batch``), everybody else rolls the transaction back.
    """
    return " OR FAIL" if dialect == "sqlite" else ""


@lru_cache(maxsize=2048)
def _by_key(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    return f"SELECT {_list(columns)} FROM {quoted(table)} WHERE {_tests(key)}"  # noqa: S608 - names of our own


def _tests(key: tuple[str, ...]) -> str:
    return " AND ".join(f"{quoted(name)} = ?" for name in key)


@lru_cache(maxsize=2048)
def _list(columns: tuple[str, ...]) -> str:
    return ", ".join(map(quoted, columns))


def _marked(dialect: str, sql: str) -> str:
    return sql if dialect == "sqlite" else sql.replace("?", "%s")


@lru_cache(maxsize=2048)
def _key(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


def quoted(name: str) -> str:
    """Return a table's or column's name as SQL writes it, whatever word it is."""
    return '"' + name.replace('"', '""') + '"'
