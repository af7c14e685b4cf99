"""How the node is: alive for everybody, the whole picture for those who are signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.chain.overseeing import keeps
from app.chain.standing import held_back, money_unsent, standing
from app.web.caller import Visitor, caller, visitor
from core.model.errors import SignInNeeded

router = APIRouter(prefix="/api")


@router.get("/status")
def status(request: Request, seen: Annotated[Visitor, Depends(visitor)]) -> dict[str, object]:
    """Return name, store and clock; for a signed-in person also what waits, what conflicts and what is wrong."""
    node = seen.node
    brief: dict[str, object] = {
        "node": node.identity.node,
        "store": node.store,
        "hub": node.is_hub,
        "now": node.now().astimezone(node.zone).isoformat(timespec="milliseconds"),
    }
    try:
        who = caller(request, seen).actor
    except SignInNeeded:
        return brief
    told = {**brief, **standing(seen.service, seen.language)}
    if keeps(who):
        told["held_back"] = held_back(seen.service, seen.language)
        if node.is_hub:
            told["refused"] = request.app.state.refusals.told(seen.language)
        else:
            told["money_waiting"] = f"{money_unsent(seen.service):.2f}"
    return told
