"""What was carried out under a key, so that the same thing asked again is not done again."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, insert, select

from stores.storage.system import ONCE

KEYS_MAX = 500  # of one look-up


def found(connection: Connection, keys: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return what the keys stand for: key -> (record type, id of the record that was made or changed)."""
    assert len(keys) <= KEYS_MAX, "the caller asks in batches"
    rows = connection.execute(select(ONCE.c.key, ONCE.c.type, ONCE.c.pk).where(ONCE.c.key.in_(sorted(keys))))
    return {key: (type_, pk) for key, type_, pk in rows}


def keep(connection: Connection, key: str, type: str, pk: str, at: str) -> None:
    """Note that something was carried out; in the transaction that did it. An older note of the key goes."""
    connection.execute(delete(ONCE).where(ONCE.c.key == key))
    connection.execute(insert(ONCE).values(key=key, type=type, pk=pk, at=at))
