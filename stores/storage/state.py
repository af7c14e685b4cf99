"""Small facts a node keeps about itself, by name, in ``node_state``."""

from __future__ import annotations

from sqlalchemy import Connection

from stores.storage import bulk
from stores.storage.system import NODE_STATE


def get(connection: Connection, key: str) -> str | None:
    """Return the fact, or None when it was never put."""
    kept = bulk.run(connection, "SELECT value FROM node_state WHERE key = ?", key)
    return str(kept[0][0]) if kept else None


def put(connection: Connection, key: str, value: str | None) -> None:
    """Keep the fact in the caller's transaction; None forgets it."""
    if value is None:
        bulk.run_only(connection, "DELETE FROM node_state WHERE key = ?", key)
    else:
        bulk.upsert(connection, NODE_STATE, ("key", "value"), [(key, value)])


def get_int(connection: Connection, key: str, default: int = 0) -> int:
    """Return the fact as a whole number."""
    text = get(connection, key)
    return default if text is None else int(text)


def put_int(connection: Connection, key: str, value: int) -> None:
    """Keep a whole number."""
    put(connection, key, str(value))
