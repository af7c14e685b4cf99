"""What was carried out under a key, so that the same thing asked again is not done again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from core.model.clock import from_iso
from stores.storage import bulk
from stores.storage.system import ONCE

KEYS_MAX = 500  # of one look-up
FORM = "form:"  # of a key for a form that was sent; the id that the form was drawn with (UUIDv7) follows
FORM_KEPT = timedelta(days=7)


def found(connection: Connection, keys: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return what the keys stand for: key -> (record type, id of the record that was made or changed)."""
    assert len(keys) <= KEYS_MAX, "the caller asks in batches"
    rows = connection.execute(select(ONCE.c.key, ONCE.c.type, ONCE.c.pk).where(ONCE.c.key.in_(sorted(keys))))
    return {key: (type_, pk) for key, type_, pk in rows}


def keep(connection: Connection, made: Mapping[str, tuple[str, str]], at: str) -> None:
    """Note what was carried out, (record type, id) by key, in the transaction that did it. An older note goes, and
    so do those of forms that were opened long ago."""
    if any(key.startswith(FORM) for key in made):
        connection.execute(delete(ONCE).where(ONCE.c.key >= FORM, ONCE.c.key < f"{FORM}{_expired(at)}"))
    rows = [(key, type_, pk, at) for key, (type_, pk) in made.items()]
    bulk.upsert(connection, ONCE, ("key", "type", "pk", "at"), rows)


def _expired(at: str) -> str:
    """Return where the ids begin that were made too late to be forgotten at a moment: they tell their millisecond."""
    ms = int((from_iso(at) - FORM_KEPT).timestamp() * 1000)
    return f"{ms >> 16:08x}-{ms & 0xFFFF:04x}"
