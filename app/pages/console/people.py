"""The people of the chain and their posts; which posts there are, who gives them, who holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from app.pages.console.overseer import OverseerDesk
from app.pages.frame.desk import Desk, list_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing.places import places_of
from core.language.definition import Role
from core.model.scope import HEADQUARTERS
from stores.reads import records
from stores.reads.stores import posts_held

router = APIRouter(include_in_schema=False)
ROWS = 100
STAFF = "core.staff"


@router.get("/console/people")
def people(request: Request, desk: OverseerDesk) -> Response:
    """Show people by store with their posts; ``store`` and ``role`` pick some of them."""
    asked = request.query_params
    kept = {name: asked.get(name, "") for name in ("store", "role", "q")}
    kind, places, roles = desk.catalog.records[STAFF], places_of(desk), _roles(desk)
    where: list[tuple[str, str, object]] = [("store", "eq", kept["store"])] if kept["store"] else []
    where += [("roles", "contains", kept["role"])] if kept["role"] else []
    found = records.query(
        desk.node, desk.actor, kind, where=where, search=kept["q"] or None, sort=["store", "name"],
        limit=ROWS, cursor=asked.get("cursor"), total=True,
    )  # fmt: skip
    with desk.node.database.read() as connection:
        held = posts_held(connection, desk.node, kept["store"])
    return page(
        desk,
        "console/people.html",
        title=desk.words.people_and_roles,
        rows=[
            {
                "name": row["name"],
                "url": record_url(kind, str(row["id"])),
                "badge": row.get("badge") or "",
                "store": places.name(str(row["store"])),
                "roles": [roles.get(name, name) for name in row.get("roles") or ()],
                "active": row.get("active") is not False,
            }
            for row in found.rows
        ],
        total=found.total,
        stores=[(HEADQUARTERS, places.name(HEADQUARTERS)), *((s.code, places.name(s.code)) for s in places.all())],
        roles=sorted(roles.items(), key=lambda each: each[1]),
        posts=_posts(desk, held, kept["store"]),
        kept=kept,
        dated=list_url(desk.catalog.records["core.assignment"]),
        next_url="/console/people" + with_query({**kept, "cursor": found.next}) if found.next else None,
        types=STAFF,
    )


def _roles(desk: Desk) -> dict[str, str]:
    """Return what every post is called."""
    return {
        name: desk.say(role.label) for plugin in desk.catalog.plugins.values() for name, role in plugin.roles.items()
    }


def _posts(desk: Desk, held: Mapping[str, int], store: str) -> list[dict[str, Any]]:
    """Return every post by business: who stands in, who gives it, how many people hold it."""
    names = _roles(desk)

    def told(role: Role) -> dict[str, Any]:
        return {
            "label": desk.say(role.label),
            "url": "/console/people" + with_query({"store": store, "role": role.name}),
            "deputy": names.get(role.deputy or "", ""),
            "locked": role.lock == HEADQUARTERS,
            "held": held.get(role.name, 0),
        }

    return [
        {"label": desk.say(plugin.label), "roles": [told(role) for role in plugin.roles.values()]}
        for plugin in desk.catalog.plugins.values()
        if plugin.roles
    ]
