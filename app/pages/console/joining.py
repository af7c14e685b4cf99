"""Who is in the chain: nodes that have joined, codes that are out, and the door for a stolen PC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.chain.acts import revoke
from app.chain.overseeing import directs
from app.pages.console.overseer import ChiefForm, OverseerDesk
from app.pages.frame.desk import Desk
from app.pages.frame.drawing import page
from app.pages.frame.forms import FormBody
from app.pages.showing.names import name_of
from app.pages.showing.places import Places, places_of
from app.pages.showing.values import Shown, shown_moment
from core.model.errors import NodeError
from stores.storage import credentials
from stores.storage.credentials import Admission, Outstanding
from sync import enrolment
from sync.enrolment import Invitation

router = APIRouter(include_in_schema=False)
SHOWN_MAX = 30


@dataclass(frozen=True, slots=True)
class Code:
    """An invitation that is or was out. ``open``: it can still be used, and be taken back."""

    key: str
    store: str
    by: str
    at: Shown
    until: Shown
    state: str
    open: bool


@router.get("/console/joining")
def joining(request: Request, desk: OverseerDesk) -> Response:
    """Show the nodes of the chain and the codes that are out."""
    said = next((desk.words[word] for word in ("shut_out", "taken_back") if word in request.query_params), "")
    return _draw(desk, said=said, asked=request.query_params.get("store", ""))


@router.post("/console/joining/invite")
def invite(form: FormBody, desk: ChiefForm) -> Response:
    """Give out a code. It is shown on this answer only: whoever reads the address later does not find it."""
    try:
        made = enrolment.invite(desk.node, form.text("store"), dice=desk.service.world.dice, by=desk.actor.id)
    except NodeError as error:
        return _draw(desk, asked=form.text("store"), error=error)
    return _draw(desk, made=made)


@router.post("/console/joining/withdraw")
def withdraw(form: FormBody, desk: ChiefForm) -> Response:
    """Take back a code that nobody has used."""
    with desk.node.database.write() as connection:
        credentials.withdraw_invitation(connection, form.text("key"), desk.node.now())
    return RedirectResponse("/console/joining?taken_back=1", status_code=303)


@router.post("/console/joining/revoke")
def shut_out(form: FormBody, desk: ChiefForm) -> Response:
    """Shut a node out, with a reason; the administrators and auditors of headquarters are told."""
    try:
        revoke(desk.node, desk.actor, form.text("node"), form.text("reason"))
    except NodeError as error:
        return _draw(desk, error=error)
    return RedirectResponse("/console/joining?shut_out=1", status_code=303)


def _draw(
    desk: Desk, *, made: Invitation | None = None, said: str = "", asked: str = "", error: NodeError | None = None
) -> Response:
    with desk.node.database.read() as connection:
        admissions = credentials.admissions(connection)
        out = credentials.invitations(connection, SHOWN_MAX + 1)
    places = places_of(desk)
    return page(
        desk,
        "console/joining.html",
        status=error.status if error else 200,
        title=desk.words.joining,
        made=made,
        until=shown_moment(desk, made.expires_at.isoformat()) if made else None,
        named=places.name(made.store) if made else "",
        nodes=[_node(desk, each, places) for each in admissions],
        codes=[_code(desk, each, places) for each in out[:SHOWN_MAX]],
        older=len(out) > SHOWN_MAX,
        stores=[(each.code, places.name(each.code)) for each in places.all()],
        may_act=directs(desk.actor),
        said=said,
        asked=asked,
        problems=error.problems if error else (),
    )


def _node(desk: Desk, each: Admission, places: Places) -> dict[str, Any]:
    return {
        "node": each.node,
        "store": places.name(each.store),
        "code": each.store,
        "since": shown_moment(desk, each.since.isoformat()),
        "ended": shown_moment(desk, each.revoked_at.isoformat()) if each.revoked_at else None,
    }


def _code(desk: Desk, each: Outstanding, places: Places) -> Code:
    w, over = desk.words, each.expires_at <= desk.node.now()
    state = w.of("used_by", each.used_by) if each.used_by else w.expired if over else w.still_out
    by = w.system if each.created_by == "system" else name_of(desk, "core.staff", each.created_by) or ""
    at, until = (shown_moment(desk, moment.isoformat()) for moment in (each.created_at, each.expires_at))
    return Code(each.code_hash, places.name(each.store), by, at, until, state, not (each.used_by or over))
