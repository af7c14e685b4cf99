"""Decide requests: the home replays them, every guard re-checked, once all who must sign have signed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, select

from core.language.definition import SYSTEM
from core.language.expressions import Row
from core.model.clock import iso
from core.model.errors import ActionRefused, Forbidden, NodeError, Problem
from stores import late, rows, timers
from stores.act import perform
from stores.actor import Actor
from stores.calls import Call
from stores.commit import Deed, Edit, commit
from stores.node import Node
from stores.permission import acting_roles
from stores.requests import REQUEST
from stores.staff import person
from stores.world import NodeWorld

BATCH_MAX = 500


def settle(node: Node) -> list[str]:
    """Decide every waiting request whose record is at home here; return the ids decided.

    Called after a pull, after a received push and after a signature. Each request is its own transaction.
    """
    record = node.catalog.records[REQUEST]
    table = node.table(record)
    with node.database.read() as connection:
        waiting = connection.execute(
            select(table.c.id)
            .where(table.c.state == "waiting", table.c._life % 2 == 1)
            .order_by(table.c.made_at, table.c.id)
            .limit(BATCH_MAX)
        )
        ids = list(waiting.scalars())
    return [id for id in ids if _decide(node, id)]


def sign(node: Node, request_id: str, actor: Actor, reason: str | None = None) -> Row:
    """Add a person's signature to a waiting request; with the last one the home carries the action out.

    Each signature is by another person. Raises Forbidden when the person holds none of the roles needed.
    """
    record = node.catalog.records[REQUEST]
    with node.database.write() as connection:
        row = _waiting(connection, node, request_id)
        target = node.catalog.records[str(row.values["record_type"])]
        world = NodeWorld(connection, node, target.plugin, str(row.values["store"]))
        signed = cast("list[dict[str, object]]", row.values["signed"] or [])
        open_ = [r for r in cast("list[str]", row.values["needs"]) if r not in {s["role"] for s in signed}]
        mine = [role for role in open_ if role in acting_roles(world, actor)]
        if not mine:
            raise Forbidden.of("role", "your signature is not asked for here", "此处不需要您的签字")
        if any(s["by"] == actor.id for s in signed):
            raise Forbidden.of("signed-already", "you have signed already", "您已签字")
        entry = {"role": mine[0], "by": actor.id, "at": iso(node.now()), "reason": reason}
        cells = rows.to_cells(record, {"signed": [*signed, entry]})
        deed = Deed(node.new_id(), f"{REQUEST}.sign", actor.id, node.now(), {"role": mine[0]})
        commit(connection, node, deed, [Edit(record, row.id, world.store, "update", cells)])
    node.committed()
    settle(node)
    with node.database.read() as connection:
        return rows.get(connection, node, record, request_id)


def _decide(node: Node, id: str) -> bool:
    with node.database.read() as connection:
        row = rows.load(connection, node, node.catalog.records[REQUEST], id)
        call = _call(connection, node, row) if row else None
    if row is None or call is None:
        return False
    try:
        with node.database.write() as connection:
            _, after = perform(connection, node, call)
            _close(connection, node, row, "confirmed", ())
    except NodeError as error:
        with node.database.write() as connection:
            _close(connection, node, row, "refused", error.problems)
            late.open_refused(connection, node, row, error.problems)
        after = []
    node.committed()
    for later in after:
        later()
    return True


def _call(connection: Connection, node: Node, row: Row) -> Call | None:
    """Return the call a request stands for, or None when it is not for this node to decide, or not signed yet."""
    values = row.values
    target = node.catalog.records.get(str(values["record_type"]))
    store = str(values["store"])
    if target is None or values["state"] != "waiting" or not node.is_home(target, store):
        return None
    signed = cast("list[dict[str, object]]", values["signed"] or [])
    roles = [str(s["role"]) for s in signed]
    if any(need not in roles for need in cast("list[str]", values["needs"] or [])):
        return None
    return Call(
        record=target,
        action=str(values["action"]),
        actor=person(connection, node, str(values["actor"])),
        id=cast("str | None", values["record_id"]),
        ask=cast("Mapping[str, object]", values["ask"] or {}),
        at=cast(datetime, values["made_at"]),
        reason=cast("str | None", values["reason"]),
        store=store,
        signed=tuple(roles),
        base_hs=cast("int | None", values["base_hs"]),
        replayed=True,
    )


def _close(connection: Connection, node: Node, row: Row, state: str, problems: tuple[Problem, ...]) -> None:
    record = node.catalog.records[REQUEST]
    values: dict[str, object] = {"state": state}
    if problems:
        values["problems"] = [{"code": p.code, "field": p.field, "en": p.what.en, "zh": p.what.zh} for p in problems]
    verb = "confirm" if state == "confirmed" else "refuse"
    deed = Deed(node.new_id(), f"{REQUEST}.{verb}", SYSTEM, node.now())
    edit = Edit(record, row.id, str(row.values["store"]), "update", rows.to_cells(record, values))
    commit(connection, node, deed, [edit])
    timers.rearm(connection, node, [(REQUEST, row.id)])


def _waiting(connection: Connection, node: Node, id: str) -> Row:
    row = rows.get(connection, node, node.catalog.records[REQUEST], id)
    if row.values["state"] != "waiting":
        raise ActionRefused.of("state", "this request has been decided", "该申请已处理")
    return row
