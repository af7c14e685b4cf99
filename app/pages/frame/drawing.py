"""Templates to pages. Everything a person wrote is escaped by the template engine; nothing marks it as safe."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.chain.overseeing import develops
from app.pages.frame import assets
from app.pages.frame.desk import Desk, action_url, list_url, record_url, theme_of
from app.pages.frame.line import line_of
from app.pages.frame.menu import menu_of, roles_of
from app.pages.frame.words import Words
from app.web.caller import Visitor

PACKED_FROM = 1_000  # bytes; less is not worth the work


@cache
def templates() -> Environment:
    """Return the environment of the templates. An unknown name is our mistake and raises."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(asset=assets.address, list_url=list_url, record_url=record_url, action_url=action_url)
    return environment


def read_all() -> None:
    """Read every template and style now: files that change under a running node then belong to its next start."""
    for name in templates().list_templates():
        templates().get_template(name)
    assets.assets()


def page(desk: Desk, template: str, *, status: int = 200, **names: Any) -> HTMLResponse:
    """Return a page for somebody who is signed in, with menu and the state of the line around it."""
    frame = {
        "desk": desk, "line": line_of(desk), "menu": menu_of(desk), "roles_here": roles_of(desk),
        "develops": develops(desk.actor),
    }  # fmt: skip
    return _answer(desk.request, template, status, {**_basics(desk.request, desk), **frame, **names})


def outside(request: Request, visitor: Visitor, template: str, *, status: int = 200, **names: Any) -> HTMLResponse:
    """Return a page for somebody who is not signed in."""
    return _answer(request, template, status, {**_basics(request, visitor), "desk": None, **names})


def _basics(request: Request, visitor: Visitor) -> dict[str, Any]:
    node = visitor.node
    now: datetime = node.now().astimezone(node.zone)
    return {
        "w": Words(visitor.language),
        "language": visitor.language,
        "theme": theme_of(request),
        "node_label": visitor.service.settings.label.get(visitor.language, node.store),
        "path": request.url.path,
        "now": now,
        "store": node.store,
    }


def _answer(request: Request, template: str, status: int, names: Mapping[str, Any]) -> HTMLResponse:
    html = templates().get_template(template).render(names).encode()
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding, Cookie"}
    if len(html) >= PACKED_FROM and assets.accepts_gzip(request):
        html, headers["Content-Encoding"] = gzip.compress(html, 5, mtime=0), "gzip"
    return HTMLResponse(html, status_code=status, headers=headers)
