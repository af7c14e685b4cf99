"""For developers: the API of every business that runs here, with its documents, all from this node."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Response

from app.chain.overseeing import develops
from app.pages.frame.desk import CurrentDesk, Desk
from app.pages.frame.drawing import page
from core.language.definition import SYSTEM, Plugin
from core.model.errors import Forbidden

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Api:
    """The API of one business: how much there is of it, and where its documents are."""

    name: str
    label: str
    version: str
    records: int
    actions: int
    page: str
    document: str


@router.get("/developers")
def developers(desk: CurrentDesk) -> Response:
    """Show the documents of every plugin's API, and how a program signs in, reads and acts."""
    if not develops(desk.actor):
        raise Forbidden.of("role", "this is for administrators", "仅管理员可以查看")
    apis = [_api(desk, plugin) for plugin in desk.catalog.plugins.values()]
    first = next((each for each in apis if each.name != "core"), apis[0])
    return page(desk, "developers.html", title=desk.words.developers, apis=apis, example=first.name)


def _api(desk: Desk, plugin: Plugin) -> Api:
    records = [each for each in desk.catalog.records.values() if each.plugin == plugin.name]
    acts = sum(1 for each in records for action in each.actions.values() if set(action.by) != {SYSTEM})
    return Api(
        plugin.name,
        desk.say(plugin.label),
        plugin.version,
        len(records),
        acts,
        f"/docs/{plugin.name}?lang={desk.language}",
        f"/api/{plugin.name}/openapi.json",
    )
