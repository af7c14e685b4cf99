"""What headquarters does beside serving: it listens for silence, looks for records alike, tries again what could not be
merged, tells who holds up its database, and sweeps once a day."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from app.chain import acts
from app.settings import SyncSettings
from core.model.clock import iso
from stores.changes import alarms, alike
from stores.node import Node
from stores.storage import holdups, state
from sync import leases
from sync.hub import silence

log = logging.getLogger("branchline.node")
SWEEP_EVERY = timedelta(days=1)
LOOK_EVERY = timedelta(seconds=30)
PATIENCE_S = 300.0  # a branch that is there has called by then: it tries once a minute
PAGES_MAX = 100  # of what may be alike, in one go; each is a short transaction


def do(node: Node, settings: SyncSettings, up_s: float) -> int:
    """Do what is due; nobody's timer fires by it, so none is counted. A branch has nothing to do.

    ``up_s`` is for how many seconds the node has been up: one that was off itself lets its branches call first, and
    does not take its own silence for theirs.
    """
    if not node.is_hub:
        return 0
    _tell_of_holdups(node)
    if settings.silent and up_s >= min(settings.silent, PATIENCE_S):
        silence.watch(node, timedelta(seconds=settings.silent))
    acts.try_what_is_due(node)
    for _ in range(PAGES_MAX):
        if not alike.is_behind(node):
            break
        alike.look(node)
    if settings.keep_deleted and _is_time_to_sweep(node):
        leases.compact(node, timedelta(seconds=settings.lease), timedelta(seconds=settings.keep_deleted))
        with node.database.write() as connection:
            state.put(connection, leases.SWEPT, iso(node.now()))
    return 0


def _tell_of_holdups(node: Node) -> None:
    """Tell of sessions that hold up PostgreSQL: in the log at once, and the administrators once a day of each program.

    Where the session keeps everybody from writing, the notice has to wait as well; log and status need not.
    """
    with node.database.read() as connection:
        found = holdups.holdups(connection)
    for each in found:
        about = {"pid": each.pid, "application": each.application, "seconds": each.seconds, "waiting": each.waiting}
        log.warning("a session holds up the database", extra=about)
    if not found or node.database.is_writing:
        return
    with node.database.write() as connection:
        for each in found:
            alarms.sound(connection, node, "core.database_held_up", each.application, each.told)
    node.committed()


def next_due(node: Node) -> datetime | None:
    """Return when to look again."""
    return node.now() + LOOK_EVERY if node.is_hub else None


def _is_time_to_sweep(node: Node) -> bool:
    with node.database.read() as connection:
        due = leases.next_sweep(connection, SWEEP_EVERY)
    return due is None or due <= node.now()
