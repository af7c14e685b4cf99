"""The calls of sync over HTTP: decode, authenticate, ask ``sync.server``, encode. No rule lives here.

The routes are Starlette's own: a branch asks them all day, and there is nothing in them for FastAPI to inject.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from core.model.errors import NodeError
from stores.node import Node
from stores.storage.credentials import Credential
from sync import audit, closing, codec, contents, packing, refill, server, shipping
from sync.gate import Gate, HubBusy
from sync.link import PREFIX
from sync.protocol import (
    BODY_BYTES_MAX,
    Answer,
    Close,
    Compare,
    Deliver,
    Enrol,
    Fetch,
    FrameError,
    Hello,
    Message,
    Offer,
    Pull,
    Push,
    Question,
    Refill,
    Refusal,
    Repair,
    Snapshot,
)

Q = TypeVar("Q", bound=Question)

ENROL_BYTES_MAX = 16 << 10  # read from anybody, before we know who it is
BEARER = "bearer "


# The calls of an enrolled node. What each is about stands at its handler.
CALLS: tuple[tuple[str, type[Any], Callable[[Node, Credential, Any], Answer]], ...] = (
    ("hello", Hello, server.hello),
    ("push", Push, server.push),
    ("pull", Pull, server.pull),
    ("compare", Compare, audit.compare),
    ("repair", Repair, audit.repair),
    ("offer", Offer, contents.offer),
    ("deliver", Deliver, contents.deliver),
    ("fetch", Fetch, contents.fetch),
    ("snapshot", Snapshot, shipping.snapshot),
    ("refill", Refill, refill.refill),
    ("close", Close, closing.close_day),
)


def add_sync(app: FastAPI, node: Node) -> None:
    """Add the routes under ``/sync/v1`` with which ``node`` serves the branches it has invited."""
    gate = Gate()

    async def enrol(request: Request) -> Response:
        """Redeem an invitation; the only call without a credential."""
        return await _serve(request, lambda body, form: server.enrol(node, codec.decode(body, Enrol, form)))

    app.add_route(f"{PREFIX}/enrol", enrol, methods=["POST"], include_in_schema=False)
    for name, kind, handle in CALLS:
        endpoint = _endpoint(node, gate, kind, handle)
        app.add_route(f"{PREFIX}/{name}", endpoint, methods=["POST"], include_in_schema=False)


def _endpoint(
    node: Node, gate: Gate, kind: type[Any], handle: Callable[[Node, Credential, Any], Answer]
) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def serve(request: Request) -> Response:
        return await _serve_node(node, gate, request, kind, handle)

    return serve


async def _serve_node(
    node: Node, gate: Gate, request: Request, kind: type[Q], handle: Callable[[Node, Credential, Q], Answer]
) -> Response:
    """Serve an enrolled node. Who it is comes first: of a stranger no more is read than of one who wants to enrol.

    A small question is read before, so that all there is to do about it is done in one go off the event loop.
    """
    token = _token(request)
    small = _stated(request) <= ENROL_BYTES_MAX
    if not small:
        try:
            caller = await run_in_threadpool(server.authenticate, node, token)
        except NodeError as error:
            return _refused(error, codec.form_of(request.headers.get("content-type")) or "json")

    def answer(body: bytes, form: codec.Form) -> Answer:
        who = server.authenticate(node, token) if small else caller
        with gate.entered(who.node):
            return handle(node, who, codec.decode(body, kind, form))

    return await _serve(request, answer, ENROL_BYTES_MAX if small else BODY_BYTES_MAX)


async def _serve(
    request: Request, answer: Callable[[bytes, codec.Form], Answer], bytes_max: int = ENROL_BYTES_MAX
) -> Response:
    """Read a bounded body, work off the event loop, answer in the form of the question."""
    form = codec.form_of(request.headers.get("content-type"))
    try:
        if form is None:
            raise _strange_form()
        body = await _read(request, bytes_max)
        return _response(await run_in_threadpool(_answered, answer, body, form), form)
    except NodeError as error:
        return _refused(error, form or "json")


def _answered(answer: Callable[[bytes, codec.Form], Answer], body: bytes, form: codec.Form) -> bytes:
    return codec.encode(answer(body, form), form)


def _stated(request: Request) -> int:
    """Return how many bytes the request says it has; more than any node reads when it does not say."""
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else BODY_BYTES_MAX + 1


async def _read(request: Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > bytes_max:
            raise packing.too_large(bytes_max)
    return bytes(body)


def _token(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else None


def _response(body: bytes, form: codec.Form, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type=codec.MEDIA_TYPES[form])


def _refused(error: NodeError, form: codec.Form) -> Response:
    problem = error.problems[0]
    wait_s = error.retry_after_s if isinstance(error, HubBusy) else None
    refusal: Message = Refusal(problem.code, problem.render("en"), problem.render("zh"), wait_s)
    response = _response(codec.encode(refusal, form), form, error.status)
    if wait_s is not None:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _strange_form() -> NodeError:
    named = f"{codec.PACKED} / {codec.JSON}"
    return FrameError.of("frame-form", f"the body must be of type {named}", f"请求体类型须为 {named}")
