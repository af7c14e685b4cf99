"""How the branches of the chain stand, for those who look after it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter

from app.chain.branches import Branch, Station, branches_of
from app.chain.overseeing import check_overseer
from app.web.body import JsonMap
from app.web.caller import Caller, CurrentCaller

router = APIRouter(prefix="/api")


@router.get("/chain")
def chain(caller: CurrentCaller) -> JsonMap:
    """Return every branch: on the line or silent since when, what waits there, conflicts, quarantine, versions.

    ``state`` is ``online``, ``silent``, ``long`` (for more than a day), ``never`` (joined, not yet heard), ``none``
    (no node has joined), ``shut`` (its last node was shut out) or ``closed`` (given up, and no node calls). For
    administrators and auditors of headquarters.
    """
    check_overseer(caller.actor)
    return {"branches": [_branch(caller, each) for each in branches_of(caller.service, caller.catalog)]}


def _branch(caller: Caller, branch: Branch) -> JsonMap:
    return {
        "store": branch.placard.code,
        "name": branch.placard.name.say(caller.language),
        "region": branch.placard.region or None,
        "state": branch.state,
        "heard_at": _at(caller, branch.heard_at),
        "waiting": branch.missing,
        "oldest": _at(caller, branch.oldest),
        "conflicts": branch.conflicts,
        "quarantined": branch.quarantined,
        "plugins": list(branch.business),
        "nodes": [_station(caller, each) for each in branch.stations],
    }


def _station(caller: Caller, station: Station) -> JsonMap:
    return {
        "node": station.node,
        "state": station.state,
        "since": _at(caller, station.since),
        "heard_at": _at(caller, station.heard_at),
        "waiting": station.missing,
        "behind": station.behind,
        "clock_ahead_ms": station.ahead_ms,
        "quarantined_there": station.stuck,
        "plugin_faults": station.faults,
        "versions": {
            version.plugin or "branchline": {"there": version.there, "here": version.here}
            for version in station.versions
        },
    }


def _at(caller: Caller, moment: datetime | None) -> str | None:
    return moment.astimezone(caller.node.zone).isoformat(timespec="seconds") if moment else None
