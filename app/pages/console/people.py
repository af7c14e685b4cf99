"""The people of the chain and their posts; which posts there are, who gives them, who holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from app.chain.overseeing import directs
from app.pages.console.overseer import OverseerDesk
from app.pages.frame.desk import Desk, action_url, list_url, record_url, with_query
from app.pages.frame.drawing import page
from app.pages.frame.posts import Post, Posts, posts_of, running_in
from app.pages.showing.names import names_of
from app.pages.showing.places import places_of
from core.model.scope import HEADQUARTERS
from stores.posts import given_to, holders_for_a_period
from stores.reads import records
from stores.reads.filters import VALUES_MAX
from stores.reads.stores import posts_held

router = APIRouter(include_in_schema=False)
ROWS = 100
STAFF = "core.staff"


@router.get("/console/people")
def people(request: Request, desk: OverseerDesk) -> Response:
    """Show people by store with their posts; ``store`` and ``role`` (``PLUGIN.POST``) pick some of them."""
    asked = request.query_params
    kept = {name: asked.get(name, "") for name in ("store", "role", "q")}
    kind, places = desk.catalog.records[STAFF], places_of(desk)
    posts, stores = posts_of(desk, running_in(desk)), [HEADQUARTERS, *places.codes]
    found = records.query(
        desk.node, desk.actor, kind, where=_where(kept, posts, stores), search=kept["q"] or None,
        sort=["store", "name"], limit=ROWS, cursor=asked.get("cursor"), total=True,
    )  # fmt: skip
    with desk.node.database.read() as connection:
        held = posts_held(connection, desk.node, kept["store"])
        dated = given_to(connection, desk.node, [str(row["id"]) for row in found.rows], desk.node.now())
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
                "roles": posts.listed(row.get("roles") or (), str(row["store"])),
                "dated": posts.listed(dated.get(str(row["id"]), ()), str(row["store"])),
                "active": row.get("active") is not False,
            }
            for row in found.rows
        ],
        total=found.total,
        stores=[(store, places.name(store)) for store in stores],
        roles=posts.by_business(),
        posts=[
            (business, [_post(posts, each, held, kept["store"]) for each in group])
            for business, group in posts.by_business(kept["store"])
        ],
        also=_also(desk, kept["role"].rpartition(".")[2]),
        kept=kept,
        hire=action_url(kind, "hire") if directs(desk.actor) else None,
        dated=list_url(desk.catalog.records["core.assignment"]),
        next_url="/console/people" + with_query({**kept, "cursor": found.next}) if found.next else None,
        types=STAFF,
    )


def _where(kept: Mapping[str, str], posts: Posts, stores: Iterable[str]) -> list[tuple[str, str, object]]:
    """Return the conditions on people. Where two businesses have a post of one name, it is held where its own runs."""
    plugin, _, role = kept["role"].rpartition(".")
    where: list[tuple[str, str, object]] = [("store", "eq", kept["store"])] if kept["store"] else []
    where += [("roles", "contains", role)] if role else []
    if plugin and not kept["store"] and posts.is_shared(role):
        where.append(("store", "in", [store for store in stores if posts.runs(plugin, store)][:VALUES_MAX]))
    return where


def _also(desk: Desk, role: str) -> list[tuple[str, str]]:
    """Return (name, address) of those who hold a post for a period: their own record does not say so."""
    if not role:
        return []
    with desk.node.database.read() as connection:
        found = holders_for_a_period(connection, desk.node, role, desk.node.now(), ROWS)
    kind = desk.catalog.records[STAFF]
    return [(name, record_url(kind, id_)) for id_, name in names_of(desk, STAFF, found).items()]


def _post(posts: Posts, post: Post, held: Mapping[tuple[str, str], int], store: str) -> dict[str, Any]:
    """Return one post: who stands in, who gives it, how many people hold it."""
    role = post.role
    return {
        "label": post.label,
        "url": "/console/people" + with_query({"store": store, "role": f"{post.plugin}.{post.name}"}),
        "deputy": posts.of_plugin(post.plugin, role.deputy or ""),
        "locked": role.lock == HEADQUARTERS,
        "held": sum(n for (place, name), n in held.items() if name == post.name and posts.runs(post.plugin, place)),
    }
