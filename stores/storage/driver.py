"""The driver under a connection: a statement that goes straight to SQLite costs a fifth of one that does not.

SQLAlchemy wraps each statement and its result for uses we do not make of them, and an action is ten statements. Who
listens to the statements of a connection gets them by way of SQLAlchemy: tests count them, and cut the power there.
PostgreSQL takes many rows by COPY, which no statement of SQLAlchemy's does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

FAULTS = sqlite3.Error  # what the driver raises; ``told`` makes of it what SQLAlchemy would


def driver_of(connection: Connection) -> sqlite3.Connection | None:
    """Return the SQLite connection underneath, None on PostgreSQL and where somebody listens to statements.

    PostgreSQL keeps SQLAlchemy's way: a round trip costs more than the wrapping, and a lost server is noticed.
    """
    if connection.dialect.name != "sqlite" or connection.dispatch.before_cursor_execute:
        return None
    assert connection.in_transaction(), "the block of this connection has ended"
    return raw(connection)


def begin(connection: Connection, sql: str) -> None:
    """Begin SQLite's transaction; there is none yet, so ``driver_of`` would refuse."""
    if connection.dispatch.before_cursor_execute:
        connection.exec_driver_sql(sql)
        return
    beneath(connection, sql)


def beneath(connection: Connection, sql: str, *values: Any) -> None:
    """Run a statement of SQLite's that belongs to no transaction; what fails is raised as for any other statement."""
    try:
        raw(connection).execute(sql, values).close()
    except FAULTS as error:
        raise told(connection, sql, error) from error


def raw(connection: Connection) -> sqlite3.Connection:
    """Return the SQLite connection underneath, whoever listens."""
    return cast(sqlite3.Connection, connection.connection.dbapi_connection)


def copies(connection: Connection) -> bool:
    """Say whether many rows may go by COPY."""
    return connection.dialect.name == "postgresql" and not connection.dispatch.before_cursor_execute


def told(connection: Connection, sql: str, error: sqlite3.Error) -> BaseException:
    """Return the driver's error as SQLAlchemy raises it; the values stay out of it, they belong to people."""
    return DBAPIError.instance(sql, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect)


def copy_in(connection: Connection, sql: str, kinds: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Send rows of values of these types to PostgreSQL by ``COPY … FROM STDIN (FORMAT binary)``.

    As bytes they cost both sides less than as text. What is refused is raised as for any other statement, and so is a
    value of another type, which PostgreSQL would have refused as text.
    """
    faults, driver = connection.dialect.loaded_dbapi, cast(Any, connection.connection.driver_connection)
    try:
        with driver.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            copy.set_types(kinds)
            for row in rows:
                copy.write_row(row)
    except (faults.Error, TypeError) as error:
        plain = faults.DataError(str(error)) if isinstance(error, TypeError) else error
        told = DBAPIError.instance(sql, None, plain, faults.Error, hide_parameters=True, dialect=connection.dialect)
        raise told from error
