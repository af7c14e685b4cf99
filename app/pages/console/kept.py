"""What a conflict keeps of a whole record: the version that does not stand, which is nowhere else to be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.pages.frame.desk import Desk
from app.pages.showing.names import called, name_of
from app.pages.showing.speaking import spoken
from app.pages.showing.values import NOTHING, UNTOLD, Shown, shown
from core.language.definition import RecordType


def subject_of(desk: Desk, kind: RecordType, row: Mapping[str, Any]) -> tuple[Shown, list[tuple[str, Shown]]]:
    """Return the record that a conflict is about, as a link while it is there, and what the conflict keeps of it."""
    about = spoken(desk, kind, "record_id", row) or NOTHING
    once, kept = kept_of(desk, row, "mine" if row.get("outcome") == "incoming" else "theirs")
    return (replace(about, text=once) if once and about.text == UNTOLD else about), kept


def kept_of(desk: Desk, row: Mapping[str, Any], side: str) -> tuple[str, list[tuple[str, Shown]]]:
    """Return what the record of a conflict was called, and its fields in words, as ``side`` of the conflict has them.

    Nothing where the conflict is about one field, or its reader does not see the record in clear.
    """
    about = desk.catalog.records.get(str(row.get("record_type")))
    cells = _cells(row.get(side))
    if about is None or row.get("field") is not None or side in row.get("_masked", ()):
        return "", []
    kept = {name: one for name, one in about.fields.items() if cells.get(name) is not None}
    fields = [(desk.say(one.label), _shown(desk, about, name, cells[name])) for name, one in kept.items()]
    told = {name: one.spec.told(cells[name], desk.node.zone) for name, one in kept.items()}
    told |= {"number": cells["number"]} if cells.get("number") else {}
    return called(desk, about, {"id": row["record_id"], **dict.fromkeys(about.fields), **told}) if told else "", fields


def _cells(text: object) -> Mapping[str, Any]:
    """Return the cells that a conflict keeps as one text; it begins with what happened (``kind``, ``life``)."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _shown(desk: Desk, about: RecordType, name: str, cell: Any) -> Shown:
    spec = about.fields[name].spec
    told = spec.told(cell, desk.node.zone)
    if not spec.reads(cell):  # of a field that has another type by now: as it was kept
        return Shown("text", str(told))
    known = name_of(desk, spec.to, str(told)) if spec.type == "ref" and spec.to else None
    return shown(desk, spec, told, {str(told): known} if known else {})
