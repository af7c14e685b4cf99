"""The door: signing in and out, changing the person at a shared desk, and choosing language and colours."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.pages.frame.desk import THEME_COOKIE, FormDesk, PageVisitor, local, with_query
from app.pages.frame.drawing import outside
from app.pages.frame.forms import FormBody, is_from_here
from app.web.caller import Visitor, cookie_name
from app.web.language import LANGUAGE_COOKIE
from core.model.errors import Forbidden, NodeError

router = APIRouter(include_in_schema=False)
A_YEAR_S = 365 * 86_400


@router.get("/sign-in")
def door(request: Request, visitor: PageVisitor) -> Response:
    """Show the door. Who was here when the desk locked itself is known to the browser, not to the address."""
    asked = request.query_params
    return _door(request, visitor, "", asked.get("next"), locked=asked.get("locked") == "1")


@router.post("/sign-in")
def sign_in(request: Request, form: FormBody, visitor: PageVisitor) -> Response:
    """Let somebody in; a refusal shows the door again and says why, never which of the two words was wrong."""
    if not is_from_here(request):  # nobody is to be signed in as somebody else by another site's page
        raise Forbidden.of("cross-site", "this form is not one of ours", "此表单并非来自本系统")
    login, following = form.text("login"), local(form.get("next"))
    try:
        agent = request.headers.get("user-agent", "")[:120]
        signed_in = visitor.service.sessions.sign_in(login, form.get("password") or "", visitor.address, agent)
    except NodeError as error:
        return _door(request, visitor, login, following, error=error)
    response = RedirectResponse(following, status_code=303)
    response.set_cookie(
        cookie_name(visitor.service), signed_in.token, httponly=True, samesite="strict", path="/",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    return response


@router.post("/sign-out")
def sign_out(form: FormBody, desk: FormDesk) -> Response:
    """End the session. With ``next`` the desk changes hands: who comes goes on with the same page."""
    desk.service.sessions.sign_out(desk.token or "")
    query = with_query({"next": local(form.get("next"), ""), "locked": form.get("locked")})
    response = RedirectResponse(f"/sign-in{query}", status_code=303)
    response.delete_cookie(cookie_name(desk.service), path="/", httponly=True, samesite="strict")
    return response


@router.get("/language/{language}")
def choose_language(language: str, request: Request) -> Response:
    """Speak Chinese or English on this browser from now on."""
    return _chosen(request, LANGUAGE_COOKIE, "en" if language == "en" else "zh")


@router.get("/theme/{theme}")
def choose_theme(theme: str, request: Request) -> Response:
    """Use light or dark colours on this browser, or those of its system."""
    return _chosen(request, THEME_COOKIE, theme if theme in ("light", "dark") else "auto")


def _chosen(request: Request, cookie: str, value: str) -> Response:
    response = RedirectResponse(local(request.query_params.get("next")), status_code=303)
    response.set_cookie(cookie, value, max_age=A_YEAR_S, samesite="lax", path="/", httponly=True)
    return response


def _door(
    request: Request,
    visitor: Visitor,
    login: str,
    following: str | None,
    *,
    locked: bool = False,
    error: NodeError | None = None,
) -> Response:
    problems = error.problems if error else ()
    status = error.status if error else 200
    names = {"login": login, "next": local(following), "locked": locked, "problems": problems}
    return outside(request, visitor, "sign_in.html", status=status, **names)
