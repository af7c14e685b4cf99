"""Small facts a node keeps about itself, by name, in ``node_state``."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from stores.storage.system import NODE_STATE


def get(connection: Connection, key: str) -> str | None:
    """Return the fact, or None when it was never put."""
    return connection.execute(select(NODE_STATE.c.value).where(NODE_STATE.c.key == key)).scalar()


def put(connection: Connection, key: str, value: str | None) -> None:
    """Keep the fact in the caller's transaction; None forgets it."""
    if value is None:
        connection.execute(delete(NODE_STATE).where(NODE_STATE.c.key == key))
        return
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(NODE_STATE).values(key=key, value=value)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    )


def get_int(connection: Connection, key: str, default: int = 0) -> int:
    """Return the fact as a whole number."""
    text = get(connection, key)
    return default if text is None else int(text)


def put_int(connection: Connection, key: str, value: int) -> None:
    """Keep a whole number."""
    put(connection, key, str(value))
