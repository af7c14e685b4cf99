"""Rule drift: which branch has set what for itself, what holds in the chain, and which rules it touches."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from app.pages.console.overseer import OverseerDesk
from app.pages.frame.desk import Desk, with_query
from app.pages.frame.drawing import page
from app.pages.settings import set_by, value_shown
from app.pages.showing.places import places_of
from app.pages.showing.values import Shown
from stores.reads.settings import Deviation, deviations

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Drift:
    """One setting of one branch that is the branch's own."""

    business: str
    setting: str
    branch: str
    url: str
    value: Shown
    chain: Shown
    says: str
    tone: str
    why: str
    set_by: str
    rules: list[dict[str, str | None]]


@router.get("/console/drift")
def drift(request: Request, desk: OverseerDesk) -> Response:
    """Show what branches have set for themselves; ``store`` and ``plugin`` pick some of it."""
    asked = request.query_params
    kept = {name: asked.get(name, "") for name in ("store", "plugin")}
    with desk.node.database.read() as connection:
        found = list(deviations(connection, desk.node))
    places = places_of(desk)
    wanted = [each for each in found if kept["store"] in ("", each.store) and kept["plugin"] in ("", each.plugin.name)]
    return page(
        desk,
        "console/drift.html",
        title=desk.words.drift,
        rows=[_drift(desk, each, places.name(each.store)) for each in wanted],
        any=bool(found),
        stores=sorted({(each.store, places.name(each.store)) for each in found}),
        plugins=sorted({(each.plugin.name, desk.say(each.plugin.label)) for each in found}),
        kept=kept,
        types="core.setting",
    )


def _drift(desk: Desk, each: Deviation, branch: str) -> Drift:
    w, setting = desk.words, each.standing.setting
    passed = each.standing.passed.get(each.layer.id)
    differs = each.standing.value != each.chain.value
    says = w.does_not_count if passed else w.differs if differs else w.same_but_own
    rules = desk.catalog.rules_in_words(each.plugin.name, setting.cite, desk.language)
    return Drift(
        desk.say(each.plugin.label),
        desk.say(setting.label),
        branch,
        "/settings" + with_query({"store": each.store, "plugin": each.plugin.name}),
        value_shown(desk, setting, each.standing.value),
        value_shown(desk, setting, each.chain.value),
        says,
        "bad" if passed else "warn" if differs else "plain",
        desk.say(passed) if passed else "",
        set_by(desk, each.layer),
        rules,
    )
