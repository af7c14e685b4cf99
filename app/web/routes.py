"""Routes that are Starlette's own: what is asked all day, with nothing in it for FastAPI to inject."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

Endpoint: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


def add_plain(app: FastAPI, path: str, endpoint: Endpoint) -> None:
    """Serve POST at ``path``. FastAPI names only routes of its own to the line in the log, so this one names itself."""

    async def named(request: Request) -> Response:
        request.scope["route"] = route
        return await endpoint(request)

    route = Route(path, named, methods=["POST"])
    app.add_route(path, named, methods=["POST"], include_in_schema=False)
