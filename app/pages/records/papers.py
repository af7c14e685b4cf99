"""Which sheets of paper a record has: its own page, and what the plugin's views of kind ``print`` make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from app.pages.frame.desk import Desk, record_url
from core.language.definition import RecordType
from core.language.expressions import Formula, holds
from core.model.errors import Text
from stores import rows
from stores.world import NodeWorld


def papers_of(desk: Desk, record: RecordType, record_id: str) -> list[tuple[str, str]]:
    """Return (words, address) of the sheets that a record can be printed on as it stands."""
    found = [(desk.words.paper_record, f"{record_url(record, record_id)}/print")]
    for name, view in desk.catalog.plugin(record.plugin).views.items():
        if view.get("kind") == "print" and view.get("of") == record.key and fits(desk, record, record_id, view):
            label = view.get("label")
            words = desk.say(label) if isinstance(label, Text) else name
            found.append((words, f"/views/{record.plugin}/{name}/print/{record_id}"))
    return found


def fits(desk: Desk, record: RecordType, record_id: str, view: Mapping[str, object]) -> bool:
    """Return whether a view of kind ``print`` is for a record as it stands."""
    where = cast("Formula | None", view.get("where"))
    if where is None:
        return True
    with desk.node.database.read() as connection:
        row = rows.get(connection, desk.node, record, record_id)
        world = NodeWorld(connection, desk.node, record.plugin, str(row.values["store"]))
        return holds(where, world.env(row, desk.node.now(), desk.actor))
