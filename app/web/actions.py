"""Writing: the two addresses by which an action is carried out, and the signature on a waiting request.

An action is what people wait for at the desk. Its two routes are Starlette's own, and all there is to do about one is
done in one go off the event loop: each change of threads waits for its turn.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import blake2b
from typing import cast

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from app.web.body import JsonBody, JsonMap, only, read_json
from app.web.caller import Caller, CurrentCaller, caller_of, visitor_of
from app.web.errors import problem_json
from app.web.routes import add_plain
from core.language.definition import RecordType
from core.model.errors import ActionRefused, Clash, Language, NotFound, Problem, Text, suggest
from core.model.fields import BadValue, FieldSpec
from core.model.scope import HEADQUARTERS
from core.model.values import canonical_json
from stores.acts import notices, settling
from stores.acts.act import act
from stores.acts.calls import Call, Receipt
from stores.acts.once import act_unless_done
from stores.acts.requests import REQUEST
from stores.reads import records
from stores.storage.credentials import nodes
from stores.storage.once import FORM

router = APIRouter(prefix="/api")
_BODY: dict[str, type | tuple[type, ...]] = {"ask": dict, "reason": str, "at": str, "seen": str, "store": str}
_INSIDE = Text("put the fields inside `ask`", "请将字段放入 `ask` 中")
_MOMENT = FieldSpec("datetime")


def add_actions(app: FastAPI) -> None:
    """Add the two addresses: for an action that makes a new record, and for one on a record that is there."""
    for of_record in ("", "/{record_id}"):
        add_plain(app, f"/api/{{plugin}}/{{record}}{of_record}/actions/{{action}}", serve_action)


async def serve_action(request: Request) -> Response:
    """Carry out the action that a request names. A warning asks for a ``reason`` and a second call."""
    return await run_in_threadpool(_answered, request, await read_json(request))


def _answered(request: Request, body: JsonMap) -> Response:
    named, caller = request.path_params, caller_of(request, visitor_of(request))
    receipt = carry_out(caller, named["plugin"], named["record"], named.get("record_id"), named["action"], body)
    return JSONResponse(receipt)


@router.post("/core/request/{request_id}/sign")
def sign(request_id: str, body: JsonBody, caller: CurrentCaller) -> JsonMap:
    """Sign a request that waits for one's role; with the last signature it is carried out."""
    entered = only(body, {"reason": str})
    row = settling.sign(caller.node, request_id, caller.actor, cast("str | None", entered.get("reason")))
    return {"id": row.id, "state": row.values["state"], "signed": row.values["signed"]}


@router.post("/core/request/{request_id}/withdraw")
def withdraw(request_id: str, body: JsonBody, caller: CurrentCaller) -> JsonMap:
    """Take back what one has asked for, while it waits."""
    entered = only(body, {"reason": str})
    row = settling.withdraw(caller.node, request_id, caller.actor, cast("str | None", entered.get("reason")))
    return {"id": row.id, "state": row.values["state"]}


@router.post("/core/notice/{notice_id}/acknowledge")
def acknowledge(notice_id: str, body: JsonBody, caller: CurrentCaller) -> JsonMap:
    """Say that one has read a notice."""
    only(body, {})
    notices.acknowledge(caller.node, notice_id, caller.actor)
    return {"id": notice_id, "seen": True}


def carry_out(
    caller: Caller,
    plugin: str,
    record: str,
    record_id: str | None,
    action: str,
    body: JsonMap,
    form: str | None = None,
) -> JsonMap:
    """Carry out an action with what was entered; the one way in for programs and for the forms of the pages.

    ``body`` may hold ask, reason, at, seen and store; ``form`` is the id of a form that may come twice, because the
    answer got lost: with the same in it, it is carried out once. Returns the receipt; raises NodeError, then nothing
    is saved.
    """
    call = call_of(caller, caller.record(plugin, record), record_id, action, body)
    if form is None:
        return receipt_json(act(caller.node, call), caller.language)
    entered = canonical_json([caller.actor.id, plugin, record, record_id, action, body])
    found = act_unless_done(caller.node, call, f"{FORM}{form}:{blake2b(entered.encode(), digest_size=16).hexdigest()}")
    return receipt_json(found, caller.language) if isinstance(found, Receipt) else _standing_json(*found)


def _standing_json(type_: str, id_: str) -> JsonMap:
    """Return what is told of an action that had been carried out before: where to find what came of it."""
    waits = type_ == REQUEST
    return {"record": type_, "id": None if waits else id_, "provisional": waits, "request": id_ if waits else None}


def call_of(caller: Caller, kind: RecordType, record_id: str | None, action: str, body: JsonMap) -> Call:
    """Return the wish in what was sent (see ``carry_out``); raises NodeError for what no action could make sense of."""
    entered = only(body, _BODY, fix=_INSIDE)
    if record_id is not None and "seen" in entered:
        _check_unchanged(caller, kind, record_id, str(entered["seen"]))
    return Call(
        record=kind,
        action=action,
        actor=caller.actor,
        id=record_id,
        ask=cast(JsonMap, entered.get("ask", {})),
        at=_past(caller, entered.get("at")),
        reason=cast("str | None", entered.get("reason")),
        store=_store(caller, cast("str | None", entered.get("store"))),
    )


def receipt_json(receipt: Receipt, language: Language) -> JsonMap:
    """Return what the caller is told of an action that was carried out."""
    return {
        "tx": receipt.tx,
        "record": receipt.record.key,
        "id": receipt.id,
        "number": receipt.number,
        "state": receipt.state,
        "provisional": receipt.provisional,
        "request": receipt.request,
        "warnings": [problem_json(problem, language) for problem in receipt.warnings],
    }


def _check_unchanged(caller: Caller, kind: RecordType, record_id: str, seen: str) -> None:
    """Refuse to act on a record that has changed since the caller read it (``seen`` is its ``updated_at`` then).

    A courtesy to people with a form open, who would decide on old figures; what must never happen twice is guarded
    by the action itself, inside its transaction.
    """
    shown = records.fetch(caller.node, caller.actor, kind, record_id, fields=["id"])
    if _moment(caller, shown["updated_at"], "updated_at") != _moment(caller, seen, "seen"):
        who = shown.get("_refs", {}).get(shown["updated_by"], shown["updated_by"])
        what = Text(f"{who} has changed it since you opened it", f"您打开之后，{who} 已修改此记录")
        raise Clash((Problem("changed-since", what, fix=Text("open it again", "请重新打开"), field="seen"),))


def _past(caller: Caller, entered: object) -> datetime | None:
    """Return when it happened. The end of time is refused here: no calendar could be asked about it."""
    moment = _moment(caller, entered)
    if moment is not None and moment > caller.node.now():
        raise ActionRefused.of("in-the-future", "this time has not come yet", "该时间尚未到来", field="at")
    return moment


def _store(caller: Caller, entered: str | None) -> str | None:
    """Return the store a new record is for; NotFound for one that has never joined, where nobody would decide it."""
    node = caller.node
    if entered is None or entered in {node.store, caller.actor.store}:
        return entered
    with node.database.read() as connection:
        known = {each.store for each in nodes(connection)} | {HEADQUARTERS}
    if entered not in known:
        what = Text(f"there is no store `{entered}`", f"没有门店 `{entered}`")
        raise NotFound((Problem("no-such-store", what, fix=suggest(entered, known), field="store"),))
    return entered


def _moment(caller: Caller, entered: object, name: str = "at") -> datetime | None:
    """Return when it happened; without an offset it is the store's own time."""
    if entered is None:
        return None
    try:
        return cast(datetime, _MOMENT.parse(entered, caller.node.zone))
    except BadValue as bad:
        raise ActionRefused((bad.problem(name),)) from None
