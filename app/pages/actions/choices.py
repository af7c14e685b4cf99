"""What a reference may point to: all of it when there is little, a search when there is much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter

from app.pages.frame.desk import CurrentDesk, Desk
from app.pages.showing.apart import apart_of
from app.pages.showing.names import called
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores.reads import records
from stores.reads.reading import Reading
from stores.reads.showing import name_fields

router = APIRouter(include_in_schema=False)
FEW = 40  # up to so many are drawn as a plain choice
FOUND_MAX = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: what is sent, what is read, and what tells it from others of its name."""

    key: str
    label: str
    note: str = ""


@router.get("/choices/{plugin}/{record}")
def choices(plugin: str, record: str, desk: CurrentDesk, q: str = "") -> list[dict[str, str]]:
    """Return what matches the words typed into a picker, as far as the person may see it."""
    kind = desk.record(plugin, record)
    return [{"id": c.key, "label": c.label, "note": c.note} for c in matching(desk, kind, q, FOUND_MAX)]


def few(desk: Desk, key: str) -> list[Choice] | None:
    """Return all choices when there are few; None when there are many, or the person does not read them."""
    record = desk.catalog.records.get(key)
    if record is None:
        return None
    try:
        found = matching(desk, record, "", FEW + 1)
    except Forbidden:
        return None
    return found if len(found) <= FEW else None


def matching(
    desk: Desk, record: RecordType, words: str, limit: int, also: Sequence[tuple[str, str, object]] = ()
) -> list[Choice]:
    """Return records whose number or texts hold the words, and for which ``also`` holds, in the order of their names.

    Who or what is no longer active is not offered.
    """
    where: list[tuple[str, str, object]] = [*also]
    active = record.fields.get("active")
    if active is not None and active.stored and active.spec.type == "bool":
        where.append(("active", "eq", True))
    names = name_fields(record)
    sort = [names[0]] if names and not words and _is_open(desk, record, names[0]) else []
    page = records.query(desk.node, desk.actor, record, where=where, search=words, sort=sort, limit=limit)
    return [_choice(desk, record, row) for row in page.rows]


def named(desk: Desk, key: str, text: str) -> list[Choice]:
    """Return the records that are called exactly so: by number, by badge, or by the name they are shown by.

    As far as the person may see them, and two at most: more than one is already one too many.
    """
    record = desk.catalog.records.get(key)
    if record is None:
        return []
    names = [name for name in ("number", "badge", *name_fields(record)[:1]) if _is_askable(desk, record, name)]
    for name in names:
        try:
            page = records.query(desk.node, desk.actor, record, where=[(name, "eq", text)], limit=2)
        except Forbidden:
            return []
        if page.rows:
            return [_choice(desk, record, row) for row in page.rows]
    return []


def _choice(desk: Desk, record: RecordType, row: dict[str, Any]) -> Choice:
    label = called(desk, record, row)
    return Choice(str(row["id"]), label, apart_of(desk, record, row, label))


def _is_askable(desk: Desk, record: RecordType, name: str) -> bool:
    return name == "number" or (name in record.fields and _is_open(desk, record, name))


def _is_open(desk: Desk, record: RecordType, name: str) -> bool:
    with desk.node.database.read() as connection:
        return Reading(connection, desk.node, desk.actor).sight_of(record).is_open(name)
