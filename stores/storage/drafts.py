"""Drafts: what people have typed into forms and not yet sent. They survive a closed tab and a restart of the node."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from core.model.clock import from_iso, iso
from stores.storage.system import DRAFT

KEPT = timedelta(days=7)  # what nobody has gone on with in a week is given up
SENT = ""  # in place of what was typed: the form was sent
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """One form in the making."""

    staff_id: str
    form: str
    pairs: tuple[tuple[str, str], ...]
    began_at: datetime
    at: datetime


def keep(
    connection: Connection, staff_id: str, form: str, pairs: Pairs, now: datetime, *, opened: str | None = None
) -> None:
    """Keep what a person has typed so far, in place of what was kept before; clear away what is too old.

    ``opened`` is the cell of the moment at which he opened the form. One that he has sent since is done with: what its
    page still says, after a lost answer or a step back, must not come back as if it had not been.
    """
    connection.execute(delete(DRAFT).where(DRAFT.c.at < iso(now - KEPT)))
    text = json.dumps([list(pair) for pair in pairs], ensure_ascii=False, separators=(",", ":"))
    mine = (DRAFT.c.staff_id == staff_id, DRAFT.c.form == form)
    sent = connection.execute(select(DRAFT.c.at).where(*mine, DRAFT.c.pairs == SENT)).scalar()
    if sent is not None:
        if opened is not None and opened < sent:
            return
        connection.execute(delete(DRAFT).where(*mine))
    if connection.execute(update(DRAFT).where(*mine).values(pairs=text, at=iso(now))).rowcount == 0:
        values = {"staff_id": staff_id, "form": form, "pairs": text, "began_at": iso(now), "at": iso(now)}
        connection.execute(insert(DRAFT).values(**values))


def load(connection: Connection, staff_id: str, form: str) -> Draft | None:
    """Return what a person had typed into a form."""
    mine = (DRAFT.c.staff_id == staff_id, DRAFT.c.form == form, DRAFT.c.pairs != SENT)
    row = connection.execute(select(DRAFT).where(*mine)).first()
    return None if row is None else _draft(row)


def drop(connection: Connection, staff_id: str, form: str) -> None:
    """Forget a draft: it was given up."""
    connection.execute(delete(DRAFT).where(DRAFT.c.staff_id == staff_id, DRAFT.c.form == form))


def sent(connection: Connection, staff_id: str, form: str, now: datetime) -> None:
    """Forget a draft whose form was sent, and remember that it was (see ``keep``)."""
    drop(connection, staff_id, form)
    values = {"staff_id": staff_id, "form": form, "pairs": SENT, "began_at": iso(now), "at": iso(now)}
    connection.execute(insert(DRAFT).values(**values))


def busy(connection: Connection, form: str, since: datetime) -> list[Draft]:
    """Return who has been typing into a form since then, so that two people on one record see each other."""
    rows = connection.execute(
        select(DRAFT).where(DRAFT.c.form == form, DRAFT.c.at >= iso(since), DRAFT.c.pairs != SENT)
    )
    return [_draft(row) for row in rows]


def _draft(row: object) -> Draft:
    found = row._mapping  # type: ignore[attr-defined]
    pairs = tuple((str(name), str(value)) for name, value in json.loads(found["pairs"]))
    return Draft(found["staff_id"], found["form"], pairs, from_iso(found["began_at"]), from_iso(found["at"]))
