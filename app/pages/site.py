"""All pages together, and the page for what went wrong."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from app.excel import pages as excel
from app.pages import accounts, backups, developers, settings, today
from app.pages.actions import action as acting
from app.pages.actions import choices
from app.pages.console import audit, chain, closings, conflicts, drift, duplicates, joining, people, plugins, quarantine
from app.pages.figures import choosing, comparing, ledgers, reports, scores, turns
from app.pages.frame import assets, live, session
from app.pages.frame.desk import desk, local, page_visitor, with_query
from app.pages.frame.drawing import outside, page
from app.pages.records import printing, record
from app.pages.views import boards, lists, pairs, roster, saved
from app.pages.views import declared as views
from app.web.caller import visitor_of
from core.model.errors import NodeError, SignInNeeded

PARTS = (
    assets, session, today, excel, printing, lists, saved, boards, views, roster, pairs, turns, scores, ledgers,
    reports, choices, live, chain, closings, conflicts, quarantine, duplicates, drift, settings, choosing, comparing,
    joining, plugins, people, audit, backups, accounts, developers, acting, record,
)  # fmt: skip
HEADINGS = {403: "not_allowed", 404: "not_found"}  # status -> word
ROUTERS: tuple[APIRouter, ...] = tuple(part.router for part in PARTS)


def error_page(request: Request, error: NodeError) -> Response:
    """Return the page for a failed request. Whoever is not signed in is shown the door, and comes back here after."""
    seen = page_visitor(request, visitor_of(request))
    if isinstance(error, SignInNeeded):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        following = here if request.method == "GET" and here != "/" else ""
        return RedirectResponse(f"/sign-in{with_query({'next': following})}", status_code=303)
    back = local(request.headers.get("referer", "").partition("://")[2], "/")
    names = {"problems": error.problems, "back": back, "heading": HEADINGS.get(error.status, "something_wrong")}
    try:
        return page(desk(request, seen), "error.html", status=error.status, **names)
    except SignInNeeded:
        return outside(request, seen, "error.html", status=error.status, **names)
