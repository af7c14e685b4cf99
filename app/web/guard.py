"""What every request passes before a route sees it: security headers, same-origin check, a line in the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.errors import route_of
from core.model.errors import Forbidden, Text

log = logging.getLogger("branchline.web")

CUSTOM_HEADER = "x-branchline"  # any value; another site's page cannot send it without our leave, which we never give
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware: adds the security headers and logs method, route, status and time; never address or query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        status = 500

        async def complete(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                _add(headers, SECURITY_HEADERS.items())
                if scope["path"].startswith(("/api/", "/sync/")):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, complete)
        finally:
            spent = round((time.monotonic() - began) * 1000, 1)
            told = {"method": scope["method"], "route": route_of(scope), "status": status, "ms": spent}
            log.info("request", extra=told)


def _add(headers: MutableHeaders, pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        headers.setdefault(name, value)


def check_same_origin(request: Request) -> None:
    """Refuse an unsafe request that another site's page may have sent with this person's cookie.

    A page of ours sends ``Origin`` equal to the host it calls; a program sends the custom header. A browser lets a
    foreign page do neither.
    """
    if request.method in SAFE_METHODS or is_same_origin(request.headers):
        return
    raise Forbidden.of(
        "cross-site",
        "this request does not come from a page of this node",
        "此请求并非来自本节点的页面",
        fix=Text(
            "send the header X-Branchline: 1, or use a bearer token", "请加上请求头 X-Branchline: 1，或使用 Bearer 令牌"
        ),
    )


def is_same_origin(headers: Headers) -> bool:
    """Return whether the headers prove that no foreign page sent the request."""
    if CUSTOM_HEADER in headers:
        return True
    origin = headers.get("origin")
    return bool(origin) and urlsplit(origin or "").netloc == headers.get("host")
