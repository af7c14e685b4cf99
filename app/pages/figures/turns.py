"""Whose turn it is: the ranked candidates of a dispatch policy, each with the reasons for its place."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.actions.candidates import said
from app.pages.actions.choices import matching
from app.pages.frame.desk import CurrentDesk, Desk, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing.names import name_of
from app.web.reports import policy_of, ranked
from core.language.definition import RecordType
from stores.reads.subjects import picking

router = APIRouter(include_in_schema=False)
ITEMS_MAX = 40


@router.get("/turns/{plugin}/{policy}")
def turns(plugin: str, policy: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the order of a dispatch policy as it stands now, and why; ``for`` names the record to be assigned.

    Where the order depends on that record and none is named, the page asks for which.
    """
    asked = request.query_params
    rule, chosen = policy_of(desk, plugin, policy, asked.get("store")), asked.get("for")
    item = desk.catalog.records[rule.item] if rule.item else None
    shown: dict[str, Any] = {"item": desk.say(item.label) if item else "", "here": request.url.path}
    if item is None or chosen:
        told: dict[str, Any] = ranked(desk, plugin, policy, chosen, asked.get("store"))
        of = desk.catalog.records[rule.of]
        candidates = said(desk, rule, told["candidates"])
        shown |= {"keys": told["keys"], "candidate": desk.say(of.label)}
        shown["ranking"] = [{**each, "url": record_url(of, str(each["id"]))} for each in candidates]
    if item is not None and chosen:
        shown["chosen"] = (name_of(desk, item.key, chosen) or desk.say(item.label), record_url(item, chosen))
    elif item is not None:
        shown |= _waiting(desk, plugin, item, policy, request.url.path, asked.get("q", ""))
    return page(
        desk,
        "turns.html",
        title=desk.say(rule.label),
        rules=[(desk.say(key.label), key.value.text, ", ".join(key.cite)) for key in rule.prefer],
        types=" ".join(sorted(r.key for r in desk.catalog.records.values() if r.plugin in {plugin, "core"})),
        **{"ranking": None, "chosen": None, "waiting": None, "q": ""} | shown,
    )


def _waiting(desk: Desk, plugin: str, item: RecordType, policy: str, url: str, words: str) -> dict[str, Any]:
    """Return the records that somebody can be picked for now: those in a state from which an action picks."""
    sources = [action.sources for action in picking(desk.catalog.plugin(plugin), policy) if not action.new]
    states = {state for each in sources for state in each or item.states}
    also = [("state", "in", sorted(states))] if states else []
    found = matching(desk, item, words, ITEMS_MAX + 1, also)
    rows = [(url + with_query({"for": each.key}), each.label, each.note) for each in found[:ITEMS_MAX]]
    return {"waiting": rows, "more": len(found) > ITEMS_MAX, "q": words}
