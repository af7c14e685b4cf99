"""The calls of sync over HTTP: decode, authenticate, ask ``sync.server``, encode. No rule lives here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from core.model.errors import NodeError
from stores.node import Node
from stores.storage.credentials import Credential
from sync import audit, codec, contents, packing, refill, server, shipping
from sync.gate import Gate, HubBusy
from sync.link import PREFIX
from sync.protocol import (
    BODY_BYTES_MAX,
    Answer,
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


def sync_router(node: Node) -> APIRouter:
    """Return the routes under ``/sync/v1`` with which ``node`` serves the branches it has invited."""
    router = APIRouter(prefix=PREFIX, include_in_schema=False)
    gate = Gate()

    @router.post("/enrol")
    async def enrol(request: Request) -> Response:
        """Redeem an invitation; the only call without a credential."""
        return await _serve(request, lambda body, form: server.enrol(node, codec.decode(body, Enrol, form)))

    @router.post("/hello")
    async def hello(request: Request) -> Response:
        """Compare where both stand."""
        return await _serve_node(node, gate, request, Hello, server.hello)

    @router.post("/push")
    async def push(request: Request) -> Response:
        """Take a piece of the caller's log."""
        return await _serve_node(node, gate, request, Push, server.push)

    @router.post("/pull")
    async def pull(request: Request) -> Response:
        """Give the next page of the caller's records."""
        return await _serve_node(node, gate, request, Pull, server.pull)

    @router.post("/compare")
    async def compare(request: Request) -> Response:
        """Give sums of what the caller should hold."""
        return await _serve_node(node, gate, request, Compare, audit.compare)

    @router.post("/repair")
    async def repair(request: Request) -> Response:
        """Put records right that the caller holds otherwise."""
        return await _serve_node(node, gate, request, Repair, audit.repair)

    @router.post("/offer")
    async def offer(request: Request) -> Response:
        """Say which of the caller's contents are needed."""
        return await _serve_node(node, gate, request, Offer, contents.offer)

    @router.post("/deliver")
    async def deliver(request: Request) -> Response:
        """Take pieces of a content."""
        return await _serve_node(node, gate, request, Deliver, contents.deliver)

    @router.post("/fetch")
    async def fetch(request: Request) -> Response:
        """Give pieces of a content that a record of the caller's names."""
        return await _serve_node(node, gate, request, Fetch, contents.fetch)

    @router.post("/refill")
    async def take_back(request: Request) -> Response:
        """Take over what this headquarters had changed itself before it was restored."""
        return await _serve_node(node, gate, request, Refill, refill.refill)

    @router.post("/snapshot")
    async def snapshot(request: Request) -> Response:
        """Give a piece of a snapshot of what the caller holds."""
        return await _serve_node(node, gate, request, Snapshot, shipping.snapshot)

    return router


async def _serve_node(
    node: Node, gate: Gate, request: Request, kind: type[Q], handle: Callable[[Node, Credential, Q], Answer]
) -> Response:
    """Serve an enrolled node. Who it is comes first: a stranger's body is not even read."""
    form = codec.form_of(request.headers.get("content-type")) or "json"
    try:
        caller = await run_in_threadpool(server.authenticate, node, _token(request))
    except NodeError as error:
        return _refused(error, form)

    def answer(body: bytes, form: codec.Form) -> Answer:
        with gate.entered(caller.node):
            return handle(node, caller, codec.decode(body, kind, form))

    return await _serve(request, answer, BODY_BYTES_MAX)


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
