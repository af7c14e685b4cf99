"""Timers: armed, moved and disarmed as records are written. ``firing`` runs them.

A timer belongs to the record's home. It fires strictly after its due moment, because the last instant of
a deadline is still in time (C-3), and its action then runs with ``now`` = the due moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from core.language.calendar import BusinessCalendar
from core.language.definition import RecordType, Timer
from core.language.expressions import EmptyValue, Row
from core.model.clock import iso
from core.model.duration import Duration
from stores import bulk, rows
from stores.actor import SYSTEM_ACTOR
from stores.node import Node
from stores.system import TIMER
from stores.world import NodeWorld

JUST_AFTER = timedelta(milliseconds=1)  # the shortest step of our moments


def rearm(connection: Connection, node: Node, touched: Iterable[tuple[str, str]]) -> None:
    """Arm, move or disarm the timers of the records that were just written or received."""
    groups: dict[str, list[str]] = defaultdict(list)
    for type_, id in dict.fromkeys(touched):
        groups[type_].append(id)
    for type_, ids in groups.items():
        record = node.catalog.records.get(type_)
        if record is not None and record.timers:
            for id in _kept_here(connection, node, record, ids):
                _rearm_record(connection, node, record, id)


def _kept_here(connection: Connection, node: Node, record: RecordType, ids: list[str]) -> list[str]:
    """Return the records whose timers run here. Headquarters receives thousands whose timers run in the stores."""
    if len(ids) == 1:
        return ids
    stores = bulk.select(connection, node.table(record), ("id", "_store"), "id", ids)
    here = {id for id, store in stores if node.is_home(record, store)}
    armed = {pk for (pk,) in bulk.select(connection, TIMER, ("pk",), "pk", ids, " AND type = ?", record.key)}
    return [id for id in ids if id in here or id in armed]


def _rearm_record(connection: Connection, node: Node, record: RecordType, id: str) -> None:
    row = rows.load(connection, node, record, id)
    known = {
        str(name): str(due)
        for name, due in connection.execute(
            select(TIMER.c.name, TIMER.c.due).where(TIMER.c.type == record.key, TIMER.c.pk == id)
        )
    }
    if row is None or cast(int, row.values["_life"]) % 2 == 0 or not node.is_home(record, str(row.values["store"])):
        wanted: dict[str, datetime] = {}
    else:
        world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
        wanted = {t.name: due for t in record.timers.values() if (due := due_of(world, row, t)) is not None}
    for name in known.keys() - wanted.keys():
        connection.execute(delete(TIMER).where(*at_timer(record.key, id, name)))
    for name, due in wanted.items():
        if known.get(name) != iso(due):
            _arm(connection, node, record, id, record.timers[name], due, moved=name in known)


def due_of(world: NodeWorld, row: Row, timer: Timer) -> datetime | None:
    """Return when a timer is due for a record, or None while it does not run. An empty value does not arm it."""
    env = world.env(row, world.node.now(), SYSTEM_ACTOR)
    try:
        return cast("datetime | None", timer.due(env)) if timer.running(env) else None
    except EmptyValue:
        return None


def _arm(
    connection: Connection, node: Node, record: RecordType, id: str, timer: Timer, due: datetime, *, moved: bool
) -> None:
    """Arm a timer. Reminders whose moment is already behind us are not sent: whoever armed it knows."""
    calendar = node.calendar(record.plugin)
    moments = moments_of(calendar, timer, due)
    now = node.now()
    stage = sum(1 for moment in moments[:-1] if moment <= now)
    values = {"due": iso(due), "next_at": iso(moments[stage]), "stage": stage, "fault": None}
    if moved:
        connection.execute(update(TIMER).where(*at_timer(record.key, id, timer.name)).values(values))
    else:
        connection.execute(insert(TIMER).values(type=record.key, pk=id, name=timer.name, **values))


def moments_of(calendar: BusinessCalendar, timer: Timer, due: datetime) -> list[datetime]:
    """Return when to look at a timer: each reminder in order, then just after it is due."""
    return [*sorted(before(calendar, due, remind.before) for remind in timer.remind), due + JUST_AFTER]


def before(calendar: BusinessCalendar, due: datetime, span: Duration) -> datetime:
    """Return when to remind. Hours and minutes count back exactly; days give the morning (09:00) of that day."""
    if span.exact and not span.days:
        return due - span.timedelta
    day = calendar.business_date(due - JUST_AFTER)
    left = span.workdays
    day -= timedelta(days=span.days + 31 * span.months)
    while left > 0:
        day -= timedelta(days=1)
        left -= calendar.is_workday(day)
    return calendar.start_of(day) + timedelta(hours=9)


def at_timer(type_: str, pk: str, name: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that names one row of the timer table."""
    return (TIMER.c.type == type_, TIMER.c.pk == pk, TIMER.c.name == name)
