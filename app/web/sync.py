"""The calls of sync over HTTP: decode, authenticate, ask ``sync.hub.server``, encode. No rule lives here.

The routes are Starlette's own: a branch asks them all day, and there is nothing in them for FastAPI to inject.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeAlias, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from app.refusals import Refusals
from app.web.routes import Endpoint, add_plain
from core.model.errors import NodeError
from stores.node import Node
from stores.storage.credentials import Credential
from stores.storage.database import Busy
from sync import closing, refill
from sync.hub import audit, contents, server, shipping
from sync.hub.gate import FRAMES_MAX, MERGES_MAX, MERGING_MAX, Gate, HubBusy, Turn
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
from sync.wire import codec
from sync.wire.link import PREFIX
from sync.wire.squeezing import too_large

Q = TypeVar("Q", bound=Question)
log = logging.getLogger("branchline.sync")

SMALL_BYTES_MAX = 16 << 10  # read from anybody, before we know who it is
BEARER = "bearer "
ANYBODY: AbstractContextManager[Turn] = nullcontext(lambda: None)


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
MERGES = frozenset({"push", "refill"})  # frames of log lines and rows, which take headquarters long
Handler: TypeAlias = Callable[[Node, Credential, Q], Answer]
Answering: TypeAlias = Callable[[bytes, codec.Form, Turn], Answer]  # of a body; merges wait for their turn


def add_sync(app: FastAPI, node: Node, refusals: Refusals | None = None) -> None:
    """Add the routes under ``/sync/v1`` with which ``node`` serves the branches it has invited.

    What is refused is noted in ``refusals``.
    """

    async def enrol(request: Request) -> Response:
        """Redeem an invitation; the only call without a credential."""
        return await _serve(request, lambda body, form, _: server.enrol(node, codec.decode(body, Enrol, form)))

    add_plain(app, f"{PREFIX}/enrol", enrol)
    app.state.refusals = refusals or Refusals(node.now)
    asking, line = Gate(), CapacityLimiter(MERGING_MAX)
    app.state.merging = merging = Gate(MERGES_MAX, FRAMES_MAX)
    for name, kind, handle in CALLS:
        if name in MERGES:
            endpoint = _merge(node, merging, line, kind, handle)
        else:
            endpoint = _question(node, asking, kind, handle)
        add_plain(app, f"{PREFIX}/{name}", endpoint)


def _question(node: Node, gate: Gate, kind: type[Q], handle: Handler[Q]) -> Endpoint:
    """Return what serves a question. All there is to do about it is done in one go off the event loop.

    So a small one, as nearly all are, is read before anybody is asked who sent it: of a stranger no more than of one
    who wants to enrol.
    """

    async def serve(request: Request) -> Response:
        token = _token(request)

        def answer(body: bytes, form: codec.Form, _: Turn) -> Answer:
            caller = server.authenticate(node, token)
            request.state.node = caller.node
            with gate.entered(caller.node):
                return handle(node, caller, codec.decode(body, kind, form))

        if _stated(request) <= SMALL_BYTES_MAX:
            return await _serve(request, answer)
        return await _refusal(node, request) or await _serve(request, answer, BODY_BYTES_MAX)

    return serve


def _merge(node: Node, gate: Gate, line: CapacityLimiter, kind: type[Q], handle: Handler[Q]) -> Endpoint:
    """Return what serves what is merged. Who it is comes first: a stranger's body is not even read.

    One writes at a time whatever we do. So the others stand in line as bytes, in the order they came, and no thread
    waits with them: pages and questions need those. Who finds no place in the line is told to come back. A branch may
    have two frames here; the second is read meanwhile, and merged behind the first.
    """

    async def serve(request: Request) -> Response:
        try:
            caller = await run_in_threadpool(server.authenticate, node, _token(request))
        except NodeError as error:
            return _refused(error, _form(request), request)
        request.state.node = caller.node

        def answer(body: bytes, form: codec.Form, turn: Turn) -> Answer:
            question = codec.decode(body, kind, form)
            turn()
            return handle(node, caller, question)

        return await _serve(request, answer, BODY_BYTES_MAX, line, gate.entered(caller.node))

    return serve


async def _refusal(node: Node, request: Request) -> Response | None:
    """Return the answer to a stranger, or None when the node is enrolled."""
    try:
        await run_in_threadpool(server.authenticate, node, _token(request))
    except NodeError as error:
        return _refused(error, _form(request), request)
    return None


async def _serve(
    request: Request,
    answer: Answering,
    bytes_max: int = SMALL_BYTES_MAX,
    line: CapacityLimiter | None = None,
    entered: AbstractContextManager[Turn] = ANYBODY,
) -> Response:
    """Read a bounded body, work off the event loop, in a ``line`` if there is one; answer in the form of the question.

    ``entered`` is held from when the body is there: one that is still on its way waits outside.
    """
    form = codec.form_of(request.headers.get("content-type"))
    try:
        if form is None:
            raise _strange_form()
        body = await _read(request, bytes_max)
        with entered as turn:
            return _response(await to_thread.run_sync(_answered, answer, body, form, turn, limiter=line), form)
    except NodeError as error:
        return _refused(error, form or "json", request)


def _answered(answer: Answering, body: bytes, form: codec.Form, turn: Turn) -> bytes:
    return codec.encode(answer(body, form, turn), form)


def _form(request: Request) -> codec.Form:
    """Return the form to refuse in: that of the question, if it is one of ours."""
    return codec.form_of(request.headers.get("content-type")) or "json"


def _stated(request: Request) -> int:
    """Return how many bytes the request says it has; more than any node reads when it does not say."""
    stated = request.headers.get("content-length", "")
    return int(stated) if stated.isascii() and stated.isdigit() else BODY_BYTES_MAX + 1


async def _read(request: Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > bytes_max:
            raise too_large(bytes_max)
    return bytes(body)


def _token(request: Request) -> str | None:
    header = request.headers.get("authorization", "")
    return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else None


def _response(body: bytes, form: codec.Form, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type=codec.MEDIA_TYPES[form])


def _refused(error: NodeError, form: codec.Form, request: Request) -> Response:
    """Return the refusal of a call; the log says whose it was and why. Who is asked to come back has done no wrong."""
    problem, refusals, told = error.problems[0], request.app.state.refusals, None
    if not isinstance(error, HubBusy):
        node, call = getattr(request.state, "node", None), request.url.path.rpartition("/")[2]
        told = refusals.note(node, call, problem)
        if told is not None:
            who = {"node": node, "call": call, "times": told.times}
            log.warning("a call of sync was refused", extra={**who, "code": problem.code, "status": error.status})
    wait_s = error.retry_after_s if isinstance(error, HubBusy | Busy) else None
    refusal: Message = Refusal(problem.code, problem.render("en"), problem.render("zh"), wait_s)
    response = _response(codec.encode(refusal, form), form, error.status)
    if told is not None:
        response.background = BackgroundTask(refusals.tell, told)  # off the event loop, when the answer has gone out
    if wait_s is not None:
        response.headers["Retry-After"] = str(wait_s)
    return response


def _strange_form() -> NodeError:
    named = f"{codec.PACKED} / {codec.JSON}"
    return FrameError.of("frame-form", f"the body must be of type {named}", f"请求体类型须为 {named}")
