"""Notices: who was told reads them, and acknowledges them with his own name and time (in the log)."""

from __future__ import annotations

from typing import cast

from stores import rows
from stores.actor import Actor
from stores.acts.act import perform
from stores.acts.calls import Call
from stores.node import Node

NOTICE = "core.notice"


def acknowledge(node: Node, notice_id: str, actor: Actor) -> None:
    """Note that a person has seen a notice; once is enough. Raises NotFound when it is not for him."""
    record = node.catalog.records[NOTICE]
    with node.database.write() as connection:
        row = rows.get(connection, node, record, notice_id)
        seen = cast("list[str]", row.values["seen_by"] or [])
        if actor.id in seen:
            return
        perform(connection, node, Call(record, "acknowledge", actor, notice_id, ask={"seen_by": [*seen, actor.id]}))
    node.committed()
