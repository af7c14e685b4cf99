"""The first page: what needs me now, in order of due time, and why."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.pages.desk import CurrentDesk
from app.pages.drawing import page

router = APIRouter(include_in_schema=False)


@router.get("/")
def today(desk: CurrentDesk) -> Response:
    """Show the day of the person at the desk."""
    return page(desk, "today.html")
