"""What a record is called where only its name is shown: in a reference, a sentence, a picker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from app.pages.frame.desk import Desk
from app.pages.showing.columns import title_of
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores.node import SETTING
from stores.reads import records
from stores.reads.filters import VALUES_MAX
from stores.reads.matches import MATCH


def name_of(desk: Desk, key: str, id: str) -> str | None:
    """Return the name of one record as a picker shows it; None when the person may not know of it."""
    return names_of(desk, key, [id]).get(id)


def names_of(desk: Desk, key: str, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of records by id, as far as the person may know of them; one question for many of them."""
    record = desk.catalog.records.get(key)
    if record is None:
        return {}
    wanted = list(dict.fromkeys(id for id in ids if id))
    found: dict[str, str] = {}
    for at in range(0, len(wanted), VALUES_MAX):
        where = [("id", "in", wanted[at : at + VALUES_MAX])]
        try:
            page = records.query(desk.node, desk.actor, record, where=where, limit=VALUES_MAX)
        except Forbidden:
            return {}
        found |= {str(row["id"]): called(desk, record, row) for row in page.rows}
    return found


def called(desk: Desk, record: RecordType, row: Mapping[str, Any]) -> str:
    """Return what the record of a row, as a list gives it, is called."""
    if record.key == MATCH:
        return _match_name(desk, row)
    return _setting_name(desk, row) if record.key == SETTING else title_of(desk, record, row)


def _match_name(desk: Desk, row: Mapping[str, Any]) -> str:
    """Return what two records of different stores are called together: what they are, and their numbers."""
    about = desk.catalog.records.get(str(row["record_type"]))
    numbers = [str(row[name]) for name in ("first_number", "second_number") if row.get(name)]
    return " ".join([desk.say(about.label) if about else "", " / ".join(numbers)]).strip() or desk.say(
        desk.catalog.records[MATCH].label
    )


def _setting_name(desk: Desk, row: Mapping[str, Any]) -> str:
    """Return what a setting is called: its record keeps the word that the plugin's rules use."""
    plugin = desk.catalog.plugins.get(str(row["plugin"]))
    found = plugin.settings.get(str(row["name"])) if plugin else None
    return desk.say(found.label) if found else str(row["name"])
