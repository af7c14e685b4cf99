"""How the node is: alive for everybody, the whole picture for those who are signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.chain.overseeing import keeps, oversees
from app.chain.standing import fault_words, held_back, held_up, money_unsent, standing
from app.web.caller import Visitor, caller, visitor
from core.model.errors import SignInNeeded

router = APIRouter(prefix="/api")
OF_THE_CHAIN = ("log", "closed", "nodes", "outbox")  # at headquarters they tell of every store


@router.get("/status")
def status(request: Request, seen: Annotated[Visitor, Depends(visitor)]) -> dict[str, object]:
    """Return name, store and clock; for a signed-in person also what waits, what conflicts and what is wrong.

    How the logs, the nodes and the days of every store stand, and where in a plugin's files a fault is, is for who
    looks after the node or the chain, as their pages are.
    """
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
    if not (keeps(who) or oversees(who)):
        told = {**told, "faults": fault_words(node, seen.language)}
        for name in OF_THE_CHAIN if node.is_hub else ():
            told.pop(name, None)
    if keeps(who):
        told["held_back"] = held_back(seen.service, seen.language)
        if node.is_hub:
            told["refused"] = seen.service.refusals.told(seen.language)
            told["held_up"] = held_up(seen.service, seen.language)
        else:
            told["money_waiting"] = f"{money_unsent(seen.service):.2f}"
    return told
