"""What falls due next at this node: armed timers in the order in which they are looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from core.model.clock import from_iso
from stores.storage.system import TIMER


@dataclass(frozen=True, slots=True)
class Due:
    """One armed timer of one record. Whether a person may see the record is for the reader of this to find out."""

    type: str
    id: str
    name: str
    at: datetime


def upcoming(connection: Connection, types: Collection[str], limit: int) -> list[Due]:
    """Return the next armed timers of these record types, by due moment.

    The index is in the order in which timers are looked at, which for one with reminders is a little before it is
    due: the first ``limit`` by that order are taken, and then put in the order of their due moments.
    """
    query = (
        select(TIMER.c.type, TIMER.c.pk, TIMER.c.name, TIMER.c.due)
        .where(TIMER.c.next_at.is_not(None), TIMER.c.type.in_(sorted(types)))
        .order_by(TIMER.c.next_at)
        .limit(limit)
    )
    found = [Due(type_, pk, name, from_iso(due)) for type_, pk, name, due in connection.execute(query)]
    return sorted(found, key=lambda each: (each.at, each.type, each.id, each.name))


def of_record(connection: Connection, type: str, id: str) -> list[Due]:
    """Return the timers of one record, those that have fired too."""
    query = select(TIMER.c.name, TIMER.c.due).where(TIMER.c.type == type, TIMER.c.pk == id)
    return [Due(type, id, name, from_iso(due)) for name, due in connection.execute(query)]
