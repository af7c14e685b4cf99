"""What a record's page says of conflicts about it: what waits to be decided, and what was decided lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.pages.frame.desk import Desk, record_url
from app.pages.showing.names import name_of
from app.pages.showing.values import shown_field, shown_moment
from core.language.definition import RecordType
from core.model.errors import Forbidden
from stores.reads import records
from stores.reads.oversight import CONFLICT

LATELY = timedelta(days=14)  # so long a decision is told beside the value that it left
SHOWN_MAX = 8


@dataclass(frozen=True, slots=True)
class Disputed:
    """One conflict in one sentence, and where it is shown in full."""

    text: str
    url: str
    open: bool


def disputed(desk: Desk, kind: RecordType, record_id: str) -> list[Disputed]:
    """Return the conflicts about a record that the person may know of: open ones, and those decided lately.

    Whose edit did not come through sees another value than he wrote, and no line of it in the history of his store.
    """
    if kind.key == CONFLICT:
        return []
    conflict = desk.catalog.records[CONFLICT]
    where: list[tuple[str, str, object]] = [("record_id", "eq", record_id), ("record_type", "eq", kind.key)]
    try:
        found = records.query(desk.node, desk.actor, conflict, where=where, limit=SHOWN_MAX)
    except Forbidden:
        return []
    since = (desk.node.now() - LATELY).astimezone(desk.node.zone).isoformat()
    told = [row for row in found.rows if row["state"] == "open" or str(row["updated_at"]) >= since]
    return [_said(desk, kind, conflict, row) for row in told]


def _said(desk: Desk, kind: RecordType, conflict: RecordType, row: Mapping[str, Any]) -> Disputed:
    w, one = desk.words, kind.fields.get(str(row.get("field")))
    what = desk.say(one.label) if one else shown_field(desk, conflict.fields["kind"], row).text
    url = record_url(conflict, str(row["id"]))
    if row["state"] == "open":
        return Disputed(w.of("disputed_open", what), url, open=True)
    by = row.get("updated_by")
    who = w.system if by == "system" else name_of(desk, "core.staff", str(by)) or w.headquarters
    keep = shown_field(desk, conflict.fields["keep"], row).text
    decided = " · ".join(each for each in (keep, who, shown_moment(desk, row["updated_at"]).text) if each)
    return Disputed(w.of("disputed_decided", what, decided), url, open=False)
