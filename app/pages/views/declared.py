"""The views a plugin declares: each kind is drawn by the module that draws such pages for every record type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.frame.desk import CurrentDesk
from app.pages.views.boards import draw_board, draw_month
from app.pages.views.dashboard import draw_dashboard
from app.pages.views.lists import draw_list, source_of_view
from app.pages.views.pairs import draw_pairs
from app.pages.views.timeline import draw_timeline
from core.model.errors import NotFound, Problem, Text, suggest

router = APIRouter(include_in_schema=False)


@router.get("/views/{plugin}/{view}")
def view(plugin: str, view: str, request: Request, desk: CurrentDesk) -> Response:
    """Show a view of a plugin."""
    views = desk.catalog.plugin(plugin).views
    if view not in views:
        what = Text(f"there is no view `{view}`", f"没有视图 `{view}`")
        raise NotFound((Problem("no-such-view", what, fix=suggest(view, views)),))
    found: Mapping[str, Any] = views[view]
    if found["kind"] == "dashboard":
        return draw_dashboard(desk, plugin, found)
    source = source_of_view(desk, plugin, view, found)
    match found["kind"]:
        case "board":
            by = next(iter(found.get("columns", ())), "state")
            return draw_board(desk, source, tuple(found.get("card", ())), by)
        case "calendar":
            month = request.query_params.get("month")
            return draw_month(desk, source, str(found["date"]), tuple(found.get("card", ())), month)
        case "timeline":
            return draw_timeline(desk, source, found, request)
        case "pairs":
            return draw_pairs(desk, source, found, request)
        case _:
            return draw_list(desk, source, request)
