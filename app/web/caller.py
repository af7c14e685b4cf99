"""Who calls: the node's service, the catalog snapshot taken once, the language, the person behind cookie or token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.service import Service
from app.web.guard import check_same_origin
from app.web.language import language_of
from core.host.catalog import Catalog
from core.language.definition import RecordType
from core.model.errors import Language, SignInNeeded, Text
from stores.actor import Actor
from stores.node import Node


@dataclass(frozen=True, slots=True)
class Visitor:
    """A request, whoever sent it."""

    service: Service
    catalog: Catalog
    language: Language
    address: str
    token: str | None = None

    @property
    def node(self) -> Node:
        """The node that answers."""
        return self.service.node


@dataclass(frozen=True, slots=True)
class Caller(Visitor):
    """A signed-in person's request."""

    actor: Actor = None  # type: ignore[assignment]

    def record(self, plugin: str, name: str) -> RecordType:
        """Return the record type of the address; NotFound with a suggestion."""
        return self.catalog.record(plugin, name)


async def visitor(request: Request) -> Visitor:
    """Return the request's surroundings to a route. They are at hand, so no thread is asked for them."""
    return visitor_of(request)


def visitor_of(request: Request) -> Visitor:
    """Return the request's surroundings; whoever it is, signed in or not."""
    service: Service = request.app.state.service
    address = request.client.host if request.client else ""
    return Visitor(service, service.node.catalog, language_of(request), address, token_of(request, service))


def caller(request: Request, seen: Annotated[Visitor, Depends(visitor)]) -> Caller:
    """Return the signed-in person's request to a route. Runs in the thread pool: it reads the database."""
    return caller_of(request, seen)


def caller_of(request: Request, seen: Visitor) -> Caller:
    """Return the signed-in person's request, or raise SignInNeeded; reads the database."""
    if seen.token is None:
        raise SignInNeeded.of(
            "sign-in-needed", "sign in first", "请先登录", fix=Text("POST /api/session", "POST /api/session 登录")
        )
    if bearer_of(request) is None:
        check_same_origin(request)
    return Caller(
        seen.service, seen.catalog, seen.language, seen.address, seen.token, seen.service.sessions.actor(seen.token)
    )


CurrentVisitor = Annotated[Visitor, Depends(visitor)]
CurrentCaller = Annotated[Caller, Depends(caller)]


def cookie_name(service: Service) -> str:
    """Return the name of the session cookie. Browsers share cookies between ports: two nodes on one PC must differ."""
    return f"branchline_{service.node.identity.node}"


def token_of(request: Request, service: Service) -> str | None:
    """Return the session token: a program's bearer token, else a browser's cookie."""
    return bearer_of(request) or request.cookies.get(cookie_name(service))


def bearer_of(request: Request) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
