"""Decide requests: the home replays them, every guard re-checked, once all who must sign have signed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Row
from core.model.clock import iso
from core.model.errors import ActionRefused, Forbidden, NodeError, NotFound, Problem, Text
from core.model.scope import HEADQUARTERS
from stores import posts, rows
from stores.actor import Actor
from stores.acts import late
from stores.acts.act import act, perform
from stores.acts.calls import Call, Receipt
from stores.acts.permission import acting_roles, may_know
from stores.acts.requests import REQUEST, unsigned
from stores.acts.work import Later
from stores.changes.commit import Deed, Edit, commit
from stores.changes.older import lift_cells
from stores.node import Node
from stores.staff import person
from stores.storage import bulk
from stores.world import NodeWorld

WAITING = "waiting"
ADMINISTRATORS = frozenset({"store_admin", "hq_admin"})
log = logging.getLogger(__name__)


def settle(node: Node) -> list[str]:
    """Decide every waiting request whose record is at home here; return the ids decided, oldest first.

    Called after a pull, after a received push and after a signature. Each request is its own transaction; one that
    breaks a plugin stays waiting and does not hold up the others.
    """
    record = node.catalog.records[REQUEST]
    table = node.table(record)
    columns, rest = bulk.columns_of(table), " AND (_life & 1) = 1 ORDER BY made_at, id"
    with node.database.read() as connection:
        found = bulk.select(connection, table, columns, "state", [WAITING], rest)
    waiting = [rows.from_cells(record, dict(zip(columns, cells, strict=True))) for cells in found]
    return [row.id for row in waiting if _is_home(node, row) and _decided(node, row.id)]


def sign(node: Node, request_id: str, actor: Actor, reason: str | None = None) -> Row:
    """Add a person's signature to a waiting request; with the last one the home carries the action out.

    Each signature is by another person. Raises Forbidden when the person holds none of the roles needed.
    """
    record = node.catalog.records[REQUEST]
    with node.database.write() as connection:
        row = _waiting(connection, node, request_id, actor)
        signed = _signed(row)
        role = _role_to_sign(connection, node, row, actor)
        if any(signature["by"] == actor.id for signature in signed):
            raise Forbidden.of("signed-already", "you have signed already", "您已签字")
        entry = {"role": role, "by": actor.id, "at": iso(node.now()), "reason": reason}
        _write(connection, node, row, "sign", actor.id, {"signed": [*signed, entry]}, {"role": role})
    node.committed()
    settle(node)
    with node.database.read() as connection:
        return rows.get(connection, node, record, request_id)


def act_or_sign(node: Node, call: Call) -> Receipt:
    """Act; where others have asked for the same and wait for signatures, sign instead, as people do in the inbox.

    Raises NodeError when it is refused, also when the last signature showed that it no longer fits.
    """
    waiting = _asked_before(node, call)
    if waiting is None:
        return act(node, call)
    signed = sign(node, waiting, call.actor, call.reason)
    if signed.values["state"] == "refused":
        problems = cast("list[Mapping[str, str]]", signed.values["problems"] or [])
        raise ActionRefused(tuple(Problem(str(p["code"]), Text(str(p["en"]), str(p["zh"]))) for p in problems))
    assert call.id is not None, "what is asked for a new record waits for nobody here"
    return Receipt("", call.record, call.id)


def withdraw(node: Node, request_id: str, actor: Actor, reason: str | None = None) -> Row:
    """Take a waiting request back. Only who asked may, or an administrator of its store."""
    record = node.catalog.records[REQUEST]
    with node.database.write() as connection:
        row = _waiting(connection, node, request_id, actor)
        if row.values["actor"] != actor.id and not ADMINISTRATORS & actor.roles_in(str(row.values["store"])):
            raise Forbidden.of("not-yours", "only who asked may withdraw a request", "仅申请人可以撤回申请")
        if not node.is_home(record, str(row.values["store"])):
            raise Forbidden.of(
                "with-another-store",
                "the request is with the other store, which decides",
                "该申请已在对方门店，由其决定",
            )
        facts: dict[str, object] = {"reason": reason} if reason else {}
        _write(connection, node, row, "withdraw", actor.id, {"state": "withdrawn"}, facts)
    node.committed()
    with node.database.read() as connection:
        return rows.get(connection, node, record, request_id)


def _asked_before(node: Node, call: Call) -> str | None:
    """Return the request that waits for signatures of other people for the same action on the same record."""
    if call.id is None:
        return None
    table = node.table(node.catalog.records[REQUEST])
    with node.database.read() as connection:
        wanted = (table.c.record_id == call.id, table.c.action == call.action, table.c.state == WAITING)
        same = select(table.c.id).where(table.c.record_type == call.record.key, *wanted, table.c._life % 2 == 1)
        return connection.execute(same.limit(1)).scalar()


def _decided(node: Node, id: str) -> bool:
    """Decide one request if it is for this node to decide. Looked at inside the transaction: nobody does it twice."""
    after: list[Later] = []
    try:
        with node.database.write() as connection:
            row = rows.get(connection, node, node.catalog.records[REQUEST], id)
            row.values["signed"] = _genuine(connection, node, row)
            if not _is_ours(node, row):
                return False
            try:
                with connection.begin_nested():
                    _, after = perform(connection, node, _call(connection, node, row))
                    _close(connection, node, row, "confirmed", ())
            except NodeError as error:
                _close(connection, node, row, "refused", error.problems)
                late.open_refused(connection, node, row, error.problems)
    except Exception as error:
        if isinstance(error, NodeError | SQLAlchemyError):
            raise  # the database; the next round tries again
        log.exception("request %s cannot be decided", id)
        return False
    node.committed()
    for later in after:
        later()
    return True


def _is_ours(node: Node, row: Row) -> bool:
    """Say whether this node decides a request now: it waits, its plugin is here, it is signed, and we are its home."""
    return row.values["state"] == WAITING and _is_home(node, row) and not _open_roles(row)


def _is_home(node: Node, row: Row) -> bool:
    target = node.catalog.records.get(str(row.values["record_type"]))
    return target is not None and node.is_home(target, record_store(row))


def _call(connection: Connection, node: Node, row: Row) -> Call:
    """Return the call a request stands for. A clock that ran ahead when it was asked does not act in the future."""
    values = row.values
    return Call(
        record=node.catalog.records[str(values["record_type"])],
        action=str(values["action"]),
        actor=_asker(connection, node, row),
        id=cast("str | None", values["record_id"]),
        ask=lift_cells(
            node.catalog,
            str(values["record_type"]),
            values["version"],
            cast("Mapping[str, object]", values["ask"] or {}),
        ),
        at=min(cast(datetime, values["made_at"]), node.now()),
        reason=cast("str | None", values["reason"]),
        store=record_store(row),
        signed=tuple(str(signature["role"]) for signature in _signed(row)),
        base_hs=cast("int | None", values["base_hs"]),
        asked=late.state_of(connection, node, node.catalog.records[REQUEST], row, "made_at").stamp,
        replayed=True,
    )


def record_store(row: Row) -> str:
    """Return the store of the record that a request is about."""
    return str(row.values["record_store"] or row.values["store"])


def _asker(connection: Connection, node: Node, row: Row) -> Actor:
    """Return who asks. A store does not hold the people of another: headquarters has checked that he works there.

    His roles are then the ones he asked with, those that only headquarters gives looked up. They count in his own
    store, and for what belongs to all.
    """
    store, values = str(row.values["asked_in"]), row.values
    if store in {node.store, HEADQUARTERS} or node.is_hub:
        return person(connection, node, str(values["actor"]))
    asked_with = frozenset(cast("list[str]", values["actor_roles"] or [])) - posts.locked(node.catalog)
    who = str(values["actor"])
    roles = asked_with | posts.given_by_headquarters(connection, node, who, node.now())
    return Actor(who, store, roles, str(values["actor_name"]))


def _close(connection: Connection, node: Node, row: Row, state: str, problems: tuple[Problem, ...]) -> None:
    values: dict[str, object] = {"state": state}
    if problems:
        values["problems"] = [{"code": p.code, "field": p.field, "en": p.what.en, "zh": p.what.zh} for p in problems]
    _write(connection, node, row, "confirm" if state == "confirmed" else "refuse", SYSTEM, values)


def _write(
    connection: Connection,
    node: Node,
    row: Row,
    verb: str,
    by: str,
    values: Mapping[str, object],
    facts: Mapping[str, object] | None = None,
) -> None:
    record = node.catalog.records[REQUEST]
    deed = Deed(node.new_id(), f"{REQUEST}.{verb}", by, node.now(), facts)
    edit = Edit(record, row.id, str(row.values["store"]), "update", rows.to_cells(record, values))
    commit(connection, node, deed, [edit])


def _waiting(connection: Connection, node: Node, id: str, actor: Actor) -> Row:
    record = node.catalog.records[REQUEST]
    row = rows.get(connection, node, record, id)
    if not may_know(record, str(row.values["store"]), actor):
        raise rows.missing(record, id)
    if row.values["state"] != WAITING:
        raise ActionRefused.of("state", "this request has been decided", "该申请已处理")
    return row


def _role_to_sign(connection: Connection, node: Node, row: Row, actor: Actor) -> str:
    """Return the role the person signs for; Forbidden when none that is still open is his."""
    target = node.catalog.records.get(str(row.values["record_type"]))
    if target is None:
        raise NotFound.of("no-such-plugin", "the plugin of this request is not loaded", "该申请所属插件未加载")
    held = acting_roles(NodeWorld(connection, node, target.plugin, record_store(row)), actor, target)
    mine = [role for role in _open_roles(row) if role in held]
    if not mine:
        raise Forbidden.of("role", "your signature is not asked for here", "此处不需要您的签字")
    return mine[0]


def _signed(row: Row) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", row.values["signed"] or [])


def _genuine(connection: Connection, node: Node, row: Row) -> list[dict[str, object]]:
    """Return the signatures that count: by people who hold the role, or stand in for it, where the record belongs.

    A request may come from another node. That it names a role as signed for proves nothing yet.
    """
    target = node.catalog.records.get(str(row.values["record_type"]))
    if target is None:
        return []
    known, found = node.catalog.plugin(target.plugin).roles, dict[str, dict[str, object]]()
    for signature in _signed(row):
        role, by = str(signature.get("role")), str(signature.get("by"))
        held = _roles_of(connection, node, target, row, by)
        deputy = known[role].deputy if role in known else None
        if by not in found and (role in held or deputy in held):
            found[by] = signature
    return list(found.values())


def _roles_of(connection: Connection, node: Node, target: RecordType, row: Row, staff: str) -> frozenset[str]:
    try:
        who = person(connection, node, staff)
    except NotFound:
        return frozenset()
    return who.roles if target.sync.scope == "all" else who.roles_in(record_store(row))


def _open_roles(row: Row) -> tuple[str, ...]:
    needs = cast("list[str]", row.values["needs"] or [])
    return unsigned(needs, (str(signature["role"]) for signature in _signed(row)))
