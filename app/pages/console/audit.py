"""What was done in the chain, from the logs headquarters holds; and who looked at personal data."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from app.pages.console.activity import told
from app.pages.console.overseer import OverseerDesk
from app.pages.frame.desk import list_url, with_query
from app.pages.frame.drawing import page
from app.pages.showing.places import places_of
from stores.changes import log
from stores.storage import checkpoints

router = APIRouter(include_in_schema=False)
LINES = 150  # of the log, per page


@router.get("/console/audit")
def audit(request: Request, desk: OverseerDesk) -> Response:
    """Show what one node's log says was done, newest first, as far as the reader may see the records."""
    asked = request.query_params
    places = places_of(desk)
    with desk.node.database.read() as connection:
        heads = checkpoints.heads(connection)
        own = desk.node.identity.origin
        origin = asked.get("log", "") if asked.get("log") in heads else own
        before = asked.get("before", "")
        lines = log.latest(connection, origin, LINES, int(before) if before.isdecimal() else None)
    last = lines[-1].seq if lines else 0
    seq, digest = heads.get(origin, (0, ""))
    return page(
        desk,
        "console/audit.html",
        title=desk.words.audit,
        deeds=told(desk, lines, LINES),
        origins=[(each, f"{places.of_node(each.rpartition('.')[0])} · {each}") for each in sorted(heads)],
        origin=origin,
        head=desk.words.of("log_head", seq, digest[:12]),
        next_url="/console/audit" + with_query({"log": origin, "before": last}) if last > 1 else None,
        first_url="/console/audit" + with_query({"log": origin}) if before else None,
        access_url=list_url(desk.catalog.records["core.access"]),
    )
