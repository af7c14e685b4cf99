"""Who signs in at this node, for who looks after it; and one's own password and places, for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.pages.frame.desk import CurrentDesk, Desk, FormDesk, with_query
from app.pages.frame.drawing import page
from app.pages.frame.forms import Form, FormBody
from app.pages.frame.posts import posts_of
from app.pages.showing.values import shown_moment
from app.signin import accounts
from core.model.errors import NodeError, NotFound
from stores.reads import records
from stores.storage import people

router = APIRouter(include_in_schema=False)
ROWS = 100
STAFF = "core.staff"


@router.get("/accounts")
def sign_ins(request: Request, desk: CurrentDesk) -> Response:
    """Show the people of this node's store and how each signs in; ``q`` holds words to find."""
    accounts.check_keeper(desk.node, desk.actor)
    asked = request.query_params
    words, posts = asked.get("q", ""), posts_of(desk)
    where: list[tuple[str, str, object]] = [("store", "eq", desk.node.store), ("active", "eq", True)]
    found = records.query(
        desk.node, desk.actor, desk.catalog.records[STAFF], where=where, search=words or None, sort=["name"],
        limit=ROWS, cursor=asked.get("cursor"), total=True,
    )  # fmt: skip
    with desk.node.database.read() as connection:
        known = people.accounts_of(connection, [str(row["id"]) for row in found.rows])
    return page(
        desk,
        "accounts.html",
        title=desk.words.accounts,
        rows=[
            {
                "name": row["name"],
                "url": f"/accounts/{row['id']}",
                "badge": row.get("badge") or "",
                "posts": posts.listed(row.get("roles") or (), desk.node.store),
                **_standing(desk, known.get(str(row["id"]))),
            }
            for row in found.rows
        ],
        total=found.total,
        q=words,
        next_url="/accounts" + with_query({"q": words, "cursor": found.next}) if found.next else None,
    )


@router.get("/accounts/{staff_id}")
def one(staff_id: str, request: Request, desk: CurrentDesk) -> Response:
    """Show how one person signs in, with what can be done about it."""
    accounts.check_keeper(desk.node, desk.actor)
    said = next((desk.words[word] for word in ("given", "shut", "signed_out") if word in request.query_params), "")
    return _one(desk, staff_id, Form(), said=said)


@router.post("/accounts/{staff_id}")
def give(staff_id: str, form: FormBody, desk: FormDesk) -> Response:
    """Let a person sign in, or set login and password anew."""
    try:
        passwords = desk.service.passwords
        accounts.give(desk.node, passwords, desk.actor, staff_id, form.text("login"), form.get("password") or "")
    except NodeError as error:
        return _one(desk, staff_id, form, error=error)
    return RedirectResponse(f"/accounts/{staff_id}?given=1", status_code=303)


@router.post("/accounts/{staff_id}/shut")
def shut(staff_id: str, desk: FormDesk) -> Response:
    """Keep a person from signing in, at once."""
    accounts.shut(desk.node, desk.actor, staff_id)
    return RedirectResponse(f"/accounts/{staff_id}?shut=1", status_code=303)


@router.post("/accounts/{staff_id}/sign-out")
def sign_out(staff_id: str, desk: FormDesk) -> Response:
    """Sign a person out everywhere."""
    accounts.sign_out(desk.node, desk.actor, staff_id)
    return RedirectResponse(f"/accounts/{staff_id}?signed_out=1", status_code=303)


@router.get("/account")
def mine(desk: CurrentDesk) -> Response:
    """Show where one is signed in, with the form for another password."""
    return _mine(desk)


@router.post("/account")
def change(form: FormBody, desk: FormDesk) -> Response:
    """Set one's own password; who knew the old one is out everywhere, and this desk is asked for the new one."""
    service = desk.service
    try:
        old, new = form.get("old") or "", form.get("password") or ""
        accounts.change_own(desk.node, service.passwords, service.sessions.throttle, desk.actor, desk.address, old, new)
    except NodeError as error:
        return _mine(desk, error)
    return RedirectResponse("/sign-in", status_code=303)


@router.post("/account/sign-out")
def leave(desk: FormDesk) -> Response:
    """Sign oneself out everywhere, here too."""
    accounts.sign_out(desk.node, desk.actor, desk.actor.id)
    return RedirectResponse("/sign-in", status_code=303)


def _one(desk: Desk, staff_id: str, form: Form, *, said: str = "", error: NodeError | None = None) -> Response:
    where: list[tuple[str, str, object]] = [("id", "eq", staff_id), ("store", "eq", desk.node.store)]
    rows = records.query(desk.node, desk.actor, desk.catalog.records[STAFF], where=where, limit=1).rows
    if not rows:
        raise NotFound.of("no-such-person", "nobody of this store has this id", "本店没有此人员")
    row = rows[0]
    with desk.node.database.read() as connection:
        account = people.account_of(connection, staff_id)
    return page(
        desk,
        "account_of.html",
        status=error.status if error else 200,
        title=row["name"],
        url=f"/accounts/{staff_id}",
        login=form.text("login") or (account.login if account else str(row.get("badge") or "")),
        here=row.get("active") is not False,
        account=_standing(desk, account),
        sessions=_sessions(desk, staff_id),
        rules=_rules(desk),
        said=said,
        problems=error.problems if error else (),
    )


def _mine(desk: Desk, error: NodeError | None = None) -> Response:
    return page(
        desk,
        "account.html",
        status=error.status if error else 200,
        title=desk.words.my_account,
        sessions=_sessions(desk, desk.actor.id),
        rules=_rules(desk),
        problems=error.problems if error else (),
    )


def _standing(desk: Desk, account: people.Account | None) -> Mapping[str, Any]:
    """Return the login and, in words, whether it lets in."""
    w = desk.words
    if account is None:
        return {"login": "", "state": w.no_account, "tone": "plain", "open": False}
    if not account.active:
        return {"login": account.login, "state": w.account_shut, "tone": "bad", "open": False}
    if account.locked_until is not None and account.locked_until > desk.node.now():
        until = shown_moment(desk, account.locked_until.isoformat()).text
        return {"login": account.login, "state": w.of("account_rests", until), "tone": "warn", "open": True}
    return {"login": account.login, "state": w.account_open, "tone": "good", "open": True}


def _sessions(desk: Desk, staff_id: str) -> list[tuple[Any, Any]]:
    """Return (since when, last seen) of where a person is signed in, newest first."""
    with desk.node.database.read() as connection:
        found = people.sessions_of(connection, staff_id, desk.node.now())
    return [
        (shown_moment(desk, each.created_at.isoformat()), shown_moment(desk, each.seen_at.isoformat()))
        for each in found
    ]


def _rules(desk: Desk) -> str:
    rules = desk.service.passwords.rules
    told = desk.words.of("password_rule", rules.shortest)
    return told + (desk.words.of("pin_rule", rules.pin) if rules.pin is not None else "")
