"""Guidance: what the house rules ask of people, told to those whose work it is, where it is done."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import APIRouter, Request

from app.web.body import JsonMap
from app.web.caller import Caller, CurrentCaller
from core.host.catalog import Catalog
from core.language.definition import EVERYONE, SYSTEM, Guidance, GuidancePlace, Plugin, RecordType
from core.model.errors import Language
from stores.acts.permission import acting_roles
from stores.world import NodeWorld

router = APIRouter(prefix="/api")


@router.get("/{plugin}/guidance")
def guidance(plugin: str, request: Request, caller: CurrentCaller) -> JsonMap:
    """Return the guidance for the caller's roles; ``at=booking.settle`` narrows it to one place."""
    found = caller.catalog.plugin(plugin)
    return {"guidance": guidance_for(caller, found, request.query_params.get("at"))}


def guidance_for(caller: Caller, plugin: Plugin, at: str | None = None) -> list[JsonMap]:
    """Return what one person is to mind, each with only those of its places that are his business."""
    if not plugin.guidance:
        return []
    node = caller.node
    with node.database.read() as connection:
        roles = acting_roles(NodeWorld(connection, node, plugin.name, caller.actor.store), caller.actor)
    told = []
    for each in plugin.guidance.values():
        places = [
            place for place in each.at if at in (None, place.text) and roles & _audience(caller.catalog, plugin, place)
        ]
        if places:
            told.append(said(caller.catalog, plugin, each, places, caller.language))
    return told


def said(
    catalog: Catalog, plugin: Plugin, guidance: Guidance, places: Iterable[GuidancePlace], language: Language
) -> JsonMap:
    """Return guidance as plain data, with the rules it carries out in words."""
    return {
        "name": guidance.name,
        "label": guidance.label.say(language),
        "at": [place.text for place in places],
        "text": guidance.text.say(language) if guidance.text else None,
        "items": [item.say(language) for item in guidance.items],
        "rules": catalog.rules_in_words(plugin.name, guidance.cite, language),
    }


def _audience(catalog: Catalog, plugin: Plugin, place: GuidancePlace) -> set[str]:
    """Return the roles that work at a place: who has, does, reads or acts on what it names."""
    if place.role is not None:
        return {place.role}
    of = plugin.views[place.view].get("of") if place.view is not None else place.record
    if of is None:
        return {*plugin.roles, EVERYONE}
    record = catalog.records[str(of)]
    if place.action is not None:
        return set(record.actions[place.action].by) - {SYSTEM}
    return _readers(plugin, record) | {role for action in record.actions.values() for role in action.by} - {SYSTEM}


def _readers(plugin: Plugin, record: RecordType) -> set[str]:
    return set(plugin.roles) if record.read is None else set(record.read)
