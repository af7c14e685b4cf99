"""Whose turn it is: the ranked candidates of a dispatch policy, each with the reasons for its place."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.actions.candidates import said
from app.pages.frame.desk import CurrentDesk, record_url
from app.pages.frame.drawing import page
from app.web.reports import ranked

router = APIRouter(include_in_schema=False)


@router.get("/turns/{plugin}/{policy}")
def turns(plugin: str, policy: str, request: Request, desk: CurrentDesk) -> Response:
    """Show the order of a dispatch policy as it stands now, and why; ``for`` names the record to be assigned."""
    asked = request.query_params
    told: dict[str, Any] = ranked(desk, plugin, policy, asked.get("for"), asked.get("store"))
    of = desk.catalog.records[desk.catalog.plugin(plugin).dispatch[policy].of]
    rule = desk.catalog.plugin(plugin).dispatch[policy]
    rows = [{**each, "url": record_url(of, str(each["id"]))} for each in said(desk, rule, told["candidates"])]
    return page(
        desk,
        "turns.html",
        title=told["label"],
        keys=told["keys"],
        ranking=rows,
        rules=[(desk.say(key.label), key.value.text, ", ".join(key.cite)) for key in rule.prefer],
        types=" ".join(sorted(r.key for r in desk.catalog.records.values() if r.plugin in {plugin, "core"})),
    )
