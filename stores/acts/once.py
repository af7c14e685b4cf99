"""An action tried out without writing, and an action carried out at most once: what an import is made of."""

from __future__ import annotations

from sqlalchemy import Connection

from core.model.clock import iso
from stores import rows
from stores.acts.act import perform
from stores.acts.calls import Call, Receipt
from stores.node import Node
from stores.storage import once


def rehearse(node: Node, call: Call) -> Receipt:
    """Carry out ``call`` and take everything back: what would be refused is refused, nothing is saved or told.

    One short transaction per call, so that a desk that books in the meantime waits no longer than for any action.
    Raises NodeError as ``act`` does.
    """
    with node.database.write() as connection, connection.begin_nested() as taken_back:
        receipt, _ = perform(connection, node, call)
        taken_back.rollback()
    return receipt


def act_once(node: Node, call: Call, key: str) -> tuple[Receipt | None, str]:
    """Carry out ``call`` unless something still stands that was carried out under ``key`` before.

    Returns (receipt, id), or (None, id of what stands). The note is written in the action's own transaction: a power
    cut leaves both or neither. What was made and then deleted is made again. Raises NodeError; then nothing is saved.
    """
    with node.database.write() as connection:
        if (standing := _standing(connection, node, key)) is not None:
            return None, standing
        receipt, after = perform(connection, node, call)
        made = (receipt.record.key, receipt.id) if receipt.request is None else ("core.request", receipt.request)
        once.keep(connection, key, *made, iso(node.now()))
    node.committed()
    for later in after:
        later()
    return receipt, made[1]


def standing_of(node: Node, keys: list[str]) -> dict[str, str]:
    """Return the ids of what was carried out under these keys and still stands."""
    with node.database.read() as connection:
        parts = [keys[start : start + once.KEYS_MAX] for start in range(0, len(keys), once.KEYS_MAX)]
        known = {key: told for part in parts for key, told in once.found(connection, part).items()}
        return {key: pk for key, (type_, pk) in known.items() if _alive(connection, node, type_, pk)}


def _standing(connection: Connection, node: Node, key: str) -> str | None:
    told = once.found(connection, [key]).get(key)
    return told[1] if told is not None and _alive(connection, node, *told) else None


def _alive(connection: Connection, node: Node, type_: str, pk: str) -> bool:
    record = node.catalog.records.get(type_)
    row = rows.load(connection, node, record, pk) if record is not None else None
    return row is not None and rows.alive(row)
