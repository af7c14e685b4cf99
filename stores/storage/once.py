"""What was carried out under a key, so that the same thing asked again is not done again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, select

from stores.storage import bulk
from stores.storage.system import ONCE

KEYS_MAX = 500  # of one look-up


def found(connection: Connection, keys: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return what the keys stand for: key -> (record type, id of the record that was made or changed)."""
    assert len(keys) <= KEYS_MAX, "the caller asks in batches"
    rows = connection.execute(select(ONCE.c.key, ONCE.c.type, ONCE.c.pk).where(ONCE.c.key.in_(sorted(keys))))
    return {key: (type_, pk) for key, type_, pk in rows}


def keep(connection: Connection, made: Mapping[str, tuple[str, str]], at: str) -> None:
    """Note what was carried out, (record type, id) by key, in the transaction that did it. An older note goes."""
    rows = [(key, type_, pk, at) for key, (type_, pk) in made.items()]
    bulk.upsert(connection, ONCE, ("key", "type", "pk", "at"), rows)
