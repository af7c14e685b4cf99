"""Errors as a caller sees them: one JSON shape, in the caller's language, every problem at once.

``{"error": {"code": "…", "problems": [{"code", "field", "what", "fix", "level", "rules"}]}}``
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from app.logs import trace
from app.signin.throttle import TooManyAttempts
from app.web.language import language_of
from core.model.errors import Clash, Forbidden, Language, NodeError, NotFound, Problem, SignInNeeded, Text
from stores.storage.database import Busy

log = logging.getLogger("branchline.web")

REASON_NEEDED = "reason-needed"
ErrorPage = Callable[[Request, NodeError], Response]
_FOR_PROGRAMS = ("/api/", "/sync/")


class BadRequest(NodeError):
    """The request itself cannot be read: not JSON, a wrong type, an unknown key."""

    status: ClassVar[int] = 400


class TooLarge(NodeError):
    """The body is larger than the node reads."""

    status: ClassVar[int] = 413


class WrongType(NodeError):
    """The body is not the kind of content the route reads."""

    status: ClassVar[int] = 415


_NAMES: dict[type[NodeError], str] = {
    SignInNeeded: "sign-in-needed",
    Forbidden: "forbidden",
    NotFound: "not-found",
    Clash: "clash",
}


def error_body(error: NodeError, language: Language) -> dict[str, object]:
    """Return the JSON body of an error."""
    return {
        "error": {
            "code": error_code(error),
            "problems": [problem_json(problem, language) for problem in error.problems],
        }
    }


def error_code(error: NodeError) -> str:
    """Return one word for the whole error: a program decides by it, a person reads the problems.

    When only warnings stand in the way the word is ``reason-needed``: the same call with a ``reason`` goes through.
    """
    problems = error.problems
    if problems and all(problem.level == "warn" for problem in problems):
        return REASON_NEEDED
    if len(problems) == 1:
        return problems[0].code
    return next((name for kind, name in _NAMES.items() if isinstance(error, kind)), "refused")


def problem_json(problem: Problem, language: Language) -> dict[str, object]:
    """Return one problem as JSON, said in ``language``."""
    return {
        "code": problem.code,
        "field": problem.field,
        "what": problem.what.say(language),
        "fix": problem.fix.say(language) if problem.fix else None,
        "level": problem.level,
        "rules": [rule.say(language) for rule in problem.rules],
    }


def add_error_handlers(app: FastAPI, page: ErrorPage | None = None) -> None:
    """Answer every error in the house's shape, the framework's own ones too; a browser gets ``page`` instead."""
    app.state.error_page = page
    app.add_exception_handler(NodeError, _node_error)
    app.add_exception_handler(RequestValidationError, _request_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _hung_up)
    app.add_exception_handler(Exception, _unexpected)


def answer(error: NodeError, language: Language) -> JSONResponse:
    """Return the response for an error."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.seconds)
    elif isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after_s)
    return JSONResponse(error_body(error, language), status_code=error.status, headers=headers)


async def respond(request: Request, error: NodeError) -> Response:
    """Return the answer to a failed request: a page for a browser that loads one, JSON for everybody else."""
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    loads_page = "text/html" in request.headers.get("accept", "")
    if page is not None and loads_page and not request.url.path.startswith(_FOR_PROGRAMS):
        return await run_in_threadpool(page, request, error)
    return answer(error, language_of(request))


async def _node_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, NodeError)
    return await respond(request, error)


async def _request_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = tuple(_parameter_problem(detail["loc"], detail["msg"]) for detail in error.errors())
    return await respond(request, NodeError(problems))


def _parameter_problem(where: Sequence[int | str], message: str) -> Problem:
    name = str(where[-1]) if where else "request"
    return Problem("bad-parameter", Text(f"`{name}` is wrong: {message}", f"参数 `{name}` 有误：{message}"), field=name)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        missing = NotFound.of("no-such-address", "there is nothing at this address", "没有这个地址", fix=_SEE_DOCS)
        return await respond(request, missing)
    if error.status_code == 405:
        en, zh = "this address does not take that method", "此地址不支持该方法"
        response = await respond(request, BadRequest.of("wrong-method", en, zh, fix=_SEE_DOCS))
    else:
        response = await respond(request, BadRequest.of("bad-request", str(error.detail), str(error.detail)))
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response


async def _hung_up(request: Request, _error: Exception) -> Response:
    """Let go of a caller who is no longer there: his line was cut while what he sent was on its way."""
    log.info("the caller hung up", extra={"route": route_of(request.scope)})
    return Response(status_code=400)


async def _unexpected(request: Request, error: Exception) -> Response:
    """Answer our own mistake: an incident number for the person, type and frames (no values) for the log."""
    incident = request.app.state.service.new_id()[-12:]
    log.error("unexpected error", extra={"incident": incident, "route": route_of(request.scope), **trace(error)})
    what = Text(f"something went wrong in the program; incident {incident}", f"程序内部出错，事件编号 {incident}")
    fix = Text("nothing was saved; tell support the incident number", "未保存任何内容，请将事件编号告知技术支持")
    broken = NodeError((Problem("internal-error", what, fix=fix),))
    response = await respond(request, broken)
    response.status_code = 500
    return response


def route_of(scope: Scope) -> str:
    """Return the route's template: what may be logged of an address (ids of records stay out)."""
    return getattr(scope.get("route"), "path", "(none)")


_SEE_DOCS = Text("see /docs for the addresses of this node", "本节点的接口说明见 /docs")
