"""`/metrics`: figures for a monitoring system, shown to its token or to who looks after the node."""

from __future__ import annotations

from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from app import metrics
from app.chain.overseeing import keeps, oversees
from app.web.caller import Visitor, bearer_of, caller, visitor
from core.model.errors import Forbidden

router = APIRouter(include_in_schema=False)


@router.get("/metrics")
def figures(request: Request, seen: Annotated[Visitor, Depends(visitor)]) -> Response:
    """Return every figure of the node as text for Prometheus. No name, no value of a record is among them."""
    _check(request, seen)
    return Response(metrics.text_of(seen.service, seen.service.refusals.counts()), media_type=metrics.MEDIA_TYPE)


def _check(request: Request, seen: Visitor) -> None:
    """Let in the monitoring system by its own token, and people who look after the node or the chain."""
    token, shown = request.app.state.metrics_secret, bearer_of(request)
    if token and shown and compare_digest(token.encode(), shown.encode()):
        return
    who = caller(request, seen).actor
    if not (keeps(who) or oversees(who)):
        raise Forbidden.of("role", "figures are for who looks after the node", "仅节点管理员可以查看运行指标")
