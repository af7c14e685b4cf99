"""What headquarters must hear of at once: a notice to its administrators, once a day for each cause."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from core.model.clock import iso
from core.model.errors import Text
from core.model.values import canonical_json
from stores.actor import SYSTEM_ACTOR
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import state

NOTICE = "core.notice"
FOR = ("hq_admin", "hq_audit")


def sound(connection: Connection, node: Node, name: str, cause: str, text: Text) -> bool:
    """Write an alarm in the caller's transaction; return whether it is the first of its day.

    ``name`` is what happened, ``cause`` whom it is about. A node that comes again and again fills nobody's page.
    """
    moment = node.now()
    day, key = moment.astimezone(node.zone).date().isoformat(), f"alarm.{name}.{cause}"
    if state.get(connection, key) == day:
        return False
    state.put(connection, key, day)
    _send(connection, node, name, (), FOR, text)
    return True


def tell(connection: Connection, node: Node, name: str, people: Sequence[str], text: Text) -> None:
    """Write a notice to people of this node's store in the caller's transaction; headquarters gets it as well."""
    _send(connection, node, name, people, (), text)


def _send(connection: Connection, node: Node, name: str, to: Sequence[str], roles: Sequence[str], text: Text) -> None:
    moment = node.now()
    told = {
        "name": name,
        "to": canonical_json(list(to)),
        "roles": canonical_json(list(roles)),
        "en": text.en,
        "zh": text.zh,
        "sent_at": iso(moment),
        "seen_by": canonical_json([]),
    }
    deed = Deed(node.new_id(), f"{NOTICE}.send", SYSTEM_ACTOR.id, moment)
    edit = Edit(node.catalog.records[NOTICE], node.new_id(), node.store, "create", told)
    commit(connection, node, deed, [edit])
