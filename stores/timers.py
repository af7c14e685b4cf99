"""Timers: armed when a record is written, fired in due order, caught up after the PC was off.

A timer belongs to the record's home. It fires strictly after its due moment, because the last instant of
a deadline is still in time (C-3), and its action then runs with ``now`` = the due moment.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from core.language.calendar import BusinessCalendar
from core.language.definition import RecordType, Remind, Timer
from core.language.expressions import EmptyValue, Row
from core.model.clock import from_iso, iso
from core.model.duration import Duration
from core.model.errors import NodeError
from stores import effects, periods, rows
from stores.actor import SYSTEM_ACTOR
from stores.calls import Call, Receipt
from stores.commit import Deed, Edit, commit
from stores.node import Node
from stores.system import TIMER
from stores.world import NodeWorld

JUST_AFTER = timedelta(milliseconds=1)  # the shortest step of our moments
FIRINGS_MAX = 10_000  # in one call; the loop calls again


@dataclass(frozen=True, slots=True)
class Armed:
    """One row of the timer table."""

    type: str
    pk: str
    name: str
    due: datetime
    next_at: datetime
    stage: int


def rearm(connection: Connection, node: Node, touched: Iterable[tuple[str, str]]) -> None:
    """Arm, move or disarm the timers of the records that were just written or received."""
    for type_, id in dict.fromkeys(touched):
        record = node.catalog.records.get(type_)
        if record is not None and record.timers:
            _rearm_record(connection, node, record, id)


def fire_due(node: Node, upto: datetime | None = None) -> list[Receipt]:
    """Fire everything due up to ``upto`` (default: now), oldest first, each in a transaction of its own.

    What a firing arms is fired in its turn, so a node that was off goes through the night in order.
    """
    limit = upto or node.now()
    receipts: list[Receipt] = []
    for _ in range(FIRINGS_MAX):
        with node.database.read() as connection:
            armed = _first(connection, limit)
        if armed is None:
            break
        receipts += _fire(node, armed, limit)
    return receipts


def next_due(node: Node) -> datetime | None:
    """Return the moment the next timer wants to be looked at, or None."""
    with node.database.read() as connection:
        cell = connection.execute(select(func.min(TIMER.c.next_at))).scalar()
    return from_iso(cell) if cell else None


def faults(connection: Connection) -> Sequence[tuple[str, str, str, str]]:
    """Return the timers whose action was refused: type, record, timer, why (JSON)."""
    found = connection.execute(
        select(TIMER.c.type, TIMER.c.pk, TIMER.c.name, TIMER.c.fault).where(TIMER.c.fault.is_not(None)).limit(100)
    )
    return [(type_, pk, name, fault) for type_, pk, name, fault in found]


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
        connection.execute(delete(TIMER).where(*_is(record.key, id, name)))
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
    moments = _moments(calendar, timer, due)
    now = node.now()
    stage = sum(1 for moment in moments[:-1] if moment <= now)
    values = {"due": iso(due), "next_at": iso(moments[stage]), "stage": stage, "fault": None}
    if moved:
        connection.execute(update(TIMER).where(*_is(record.key, id, timer.name)).values(values))
    else:
        connection.execute(insert(TIMER).values(type=record.key, pk=id, name=timer.name, **values))


def _moments(calendar: BusinessCalendar, timer: Timer, due: datetime) -> list[datetime]:
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


def _first(connection: Connection, limit: datetime) -> Armed | None:
    found = connection.execute(
        select(TIMER.c.type, TIMER.c.pk, TIMER.c.name, TIMER.c.due, TIMER.c.next_at, TIMER.c.stage)
        .where(TIMER.c.next_at <= iso(limit))
        .order_by(TIMER.c.next_at, TIMER.c.type, TIMER.c.pk, TIMER.c.name)
        .limit(1)
    ).first()
    if found is None:
        return None
    return Armed(found.type, found.pk, found.name, from_iso(found.due), from_iso(found.next_at), found.stage)


def _fire(node: Node, armed: Armed, limit: datetime) -> list[Receipt]:
    if armed.type.startswith(periods.PREFIX):
        return periods.open_period(node, armed.type, armed.pk, armed.due)
    record = node.catalog.records.get(armed.type)
    timer = record.timers.get(armed.name) if record else None
    if record is None or timer is None:
        with node.database.write() as connection:  # the plugin is gone, or no longer has this timer
            connection.execute(delete(TIMER).where(*_is(armed.type, armed.pk, armed.name)))
        return []
    if armed.next_at <= armed.due:
        _remind(node, record, timer, armed, limit)
        return []
    return _run(node, record, timer, armed)


def _remind(node: Node, record: RecordType, timer: Timer, armed: Armed, limit: datetime) -> None:
    """Send a reminder and look forward to the next moment; after a power cut, not once the deadline is past."""
    ordered = sorted(timer.remind, key=lambda r: before(node.calendar(record.plugin), armed.due, r.before))
    moments = _moments(node.calendar(record.plugin), timer, armed.due)
    with node.database.write() as connection:
        if limit <= armed.due:
            _send(connection, node, record, armed, ordered[armed.stage])
        connection.execute(
            update(TIMER)
            .where(*_is(armed.type, armed.pk, armed.name))
            .values(stage=armed.stage + 1, next_at=iso(moments[armed.stage + 1]))
        )
    node.committed()


def _send(connection: Connection, node: Node, record: RecordType, armed: Armed, remind: Remind) -> None:
    row = rows.load(connection, node, record, armed.pk)
    if row is None:
        return
    world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
    env = world.env(row, armed.next_at, SYSTEM_ACTOR)
    notice = node.catalog.plugin(record.plugin).notices[remind.notice]
    sent = effects.notice_row(world, notice, row, env, node.new_id())
    kind = node.catalog.records["core.notice"]
    deed = Deed(node.new_id(), "core.notice.send", SYSTEM_ACTOR.id, armed.next_at, {"timer": armed.name})
    commit(connection, node, deed, [Edit(kind, sent.id, world.store, "create", rows.to_cells(kind, sent.values))])


def _run(node: Node, record: RecordType, timer: Timer, armed: Armed) -> list[Receipt]:
    """Run the timer's action as the system; one that is refused is put aside with its reason, not tried for ever."""
    from stores.act import perform  # an action arms timers, and a timer acts

    call = Call(record, timer.then, SYSTEM_ACTOR, id=armed.pk, at=armed.due)
    try:
        with node.database.write() as connection:
            connection.execute(update(TIMER).where(*_is(armed.type, armed.pk, armed.name)).values(next_at=None))
            receipt, after = perform(connection, node, call)
    except NodeError as error:
        _put_aside(node, armed, error)
        return []
    node.committed()
    for later in after:
        later()
    return [receipt]


def _put_aside(node: Node, armed: Armed, error: NodeError) -> None:
    why = json.dumps({"en": str(error), "zh": "\n".join(p.render("zh") for p in error.problems)}, ensure_ascii=False)
    with node.database.write() as connection:
        connection.execute(update(TIMER).where(*_is(armed.type, armed.pk, armed.name)).values(next_at=None, fault=why))


def _is(type_: str, pk: str, name: str) -> tuple[ColumnElement[bool], ...]:
    return (TIMER.c.type == type_, TIMER.c.pk == pk, TIMER.c.name == name)
