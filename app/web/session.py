"""Signing in and out over HTTP, and who one is."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.web.body import JsonBody, only
from app.web.caller import CurrentCaller, CurrentVisitor, bearer_of, cookie_name
from app.web.guard import check_same_origin
from core.model.errors import NodeError, Problem, Text
from stores.actor import Actor

router = APIRouter(prefix="/api")


@router.post("/session")
def sign_in(request: Request, response: Response, body: JsonBody, visitor: CurrentVisitor) -> dict[str, object]:
    """Sign in. ``token: true`` answers with a bearer token for a program; otherwise a cookie is set for the browser."""
    entered = only(body, {"login": str, "password": str, "token": bool})
    if not entered.get("token"):  # a cookie is only set for a page of our own
        check_same_origin(request)
    login, password = _both(entered)
    signed_in = visitor.service.sessions.sign_in(
        login, password, visitor.address, request.headers.get("user-agent", "")[:120]
    )
    answer = {**_person(signed_in.actor), "expires_at": signed_in.expires_at.isoformat(timespec="seconds")}
    if entered.get("token"):
        return {**answer, "token": signed_in.token}
    response.set_cookie(
        cookie_name(visitor.service),
        signed_in.token,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


@router.delete("/session")
def sign_out(request: Request, response: Response, visitor: CurrentVisitor) -> dict[str, object]:
    """End the session; without one it is a way of saying goodbye."""
    if visitor.token is not None:
        if bearer_of(request) is None:
            check_same_origin(request)
        visitor.service.sessions.sign_out(visitor.token)
    response.delete_cookie(cookie_name(visitor.service), path="/", httponly=True, samesite="strict")
    return {"signed_out": True}


@router.get("/me")
def me(caller: CurrentCaller) -> dict[str, object]:
    """Say who is signed in, with the roles held here."""
    return _person(caller.actor)


def _person(actor: Actor) -> dict[str, object]:
    return {"id": actor.id, "name": actor.name, "store": actor.store, "roles": sorted(actor.roles)}


def _both(entered: dict[str, object]) -> tuple[str, str]:
    labels = {
        "login": Text("the login is missing", "缺少登录名"),
        "password": Text("the password is missing", "缺少密码"),
    }
    missing = tuple(Problem("required", text, field=name) for name, text in labels.items() if not entered.get(name))
    if missing:
        raise NodeError(missing)
    return str(entered["login"]), str(entered["password"])
