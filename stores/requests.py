"""Actions that cannot be finished here and now: the home of the record decides, or others have to sign.

Such an action becomes a ``core.request`` record. It syncs like any other; the home node replays it,
re-checks every guard, and confirms it or refuses it with the reason in the conflict inbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from sqlalchemy import Connection, select

from core.language.definition import SYSTEM, Outcome
from core.language.expressions import Row
from core.model.clock import iso
from core.model.errors import ActionRefused, Forbidden, NodeError, NotFound, Problem
from stores import late, rows, timers
from stores.actor import SYSTEM_ACTOR, Actor
from stores.calls import Call, Receipt
from stores.commit import Deed, Edit, commit
from stores.node import Node
from stores.permission import acting_roles
from stores.world import NodeWorld

if TYPE_CHECKING:
    from stores.act import Work

REQUEST = "core.request"
BATCH_MAX = 500


def ask(work: Work, needs: tuple[str, ...]) -> Receipt:
    """Write the action down as a request and return a provisional receipt.

    ``needs`` are the roles that still have to sign. A replayed request that still lacks a signature stays.
    """
    if work.call.replayed:
        raise ActionRefused.of("still-unsigned", "signatures are missing", "签字未齐")
    record = work.node.catalog.records[REQUEST]
    id = work.node.new_id()
    values = _values(work, needs)
    edit = Edit(record, id, work.world.store, "create", rows.to_cells(record, values))
    deed = Deed(work.node.new_id(), f"{REQUEST}.ask", work.call.actor.id, work.now, {"action": _name(work)})
    commit(work.connection, work.node, deed, [edit])
    state = cast("str | None", work.old.values["state"]) if work.old else None
    return Receipt(deed.tx, work.record, work.draft.id, None, state, provisional=True, request=id)


def missing_signatures(work: Work, outcome: Outcome) -> tuple[str, ...]:
    """Return the roles whose signature an outcome still needs; the actor's own counts for one of them."""
    if not outcome.confirm or work.call.actor.id == SYSTEM:
        return ()
    signed = list(work.call.signed) or _own_signature(work, outcome)
    return tuple(role for role in outcome.confirm if role not in signed)


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


def settle_field(work: Work, name: str, value: object) -> object:
    """Return what an asked field becomes.

    Done here and now, it becomes what was entered. In a replayed request it meets what the home wrote
    meanwhile, unseen by the person who asked: the field's policy decides and a conflict shows both.
    """
    if not work.call.replayed or work.old is None:
        return value
    return late.settle_field(work.connection, work.node, work.record, work.old, name, value, _late(work))


def _late(work: Work) -> late.Late:
    return late.Late(by=work.call.actor.id, at=work.now, base_hs=work.call.base_hs or 0, origin=work.call.actor.store)


def _decide(node: Node, id: str) -> bool:
    from stores.act import perform  # act makes requests, and requests are replayed by act

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


def person(connection: Connection, node: Node, id: str) -> Actor:
    """Return a member of staff as an actor. Raises NotFound when this node does not know the person."""
    if id == SYSTEM:
        return SYSTEM_ACTOR
    record = node.catalog.records["core.staff"]
    row = rows.load(connection, node, record, id)
    if row is None or not row.values.get("active", True):
        raise NotFound.of("no-such-person", f"nobody with the id `{id}` works here", f"没有编号为 `{id}` 的在职员工")
    roles = frozenset(cast("list[str]", row.values["roles"] or []))
    return Actor(id, str(row.values["store"]), roles, str(row.values["name"]))


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


def _values(work: Work, needs: tuple[str, ...]) -> dict[str, object]:
    return {
        "record_type": work.record.key,
        "record_id": None if work.action.new else work.draft.id,
        "action": work.action.name,
        "ask": json.loads(json.dumps(dict(work.call.ask), default=str)),
        "actor": work.call.actor.id,
        "made_at": work.now,
        "base_hs": cast(int, work.old.values["_hs"]) if work.old else 0,
        "reason": work.call.reason,
        "needs": list(needs) + [s["role"] for s in _signatures(work, needs)],
        "signed": _signatures(work, needs),
        "state": "waiting",
    }


def _signatures(work: Work, needs: tuple[str, ...]) -> list[dict[str, object]]:
    """The one who asks signs by asking, for the role of the outcome that he holds himself."""
    if not needs:
        return []
    own = [r for o in work.action.outcomes for r in o.confirm if r in acting_roles(work.world, work.call.actor)]
    own = [role for role in own if role not in needs][:1]
    return [{"role": role, "by": work.call.actor.id, "at": iso(work.now), "reason": work.call.reason} for role in own]


def _own_signature(work: Work, outcome: Outcome) -> list[str]:
    held = acting_roles(work.world, work.call.actor)
    return [role for role in outcome.confirm if role in held][:1]


def _waiting(connection: Connection, node: Node, id: str) -> Row:
    row = rows.get(connection, node, node.catalog.records[REQUEST], id)
    if row.values["state"] != "waiting":
        raise ActionRefused.of("state", "this request has been decided", "该申请已处理")
    return row


def _name(work: Work) -> str:
    return f"{work.record.key}.{work.action.name}"
