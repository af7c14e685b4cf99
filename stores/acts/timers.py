"""Timers: armed, moved and disarmed as records are written. ``firing`` runs them.

A timer belongs to the record's home. It fires strictly after its due moment, because the last instant of
a deadline is still in time (C-3), and its action then runs with ``now`` = the due moment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import cast

from sqlalchemy import ColumnElement, Connection, select

from core.language.calendar import BusinessCalendar
from core.language.definition import RecordType, Timer
from core.language.expressions import EmptyValue, Env, Row, holds
from core.model.clock import iso
from core.model.duration import Duration
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts.figures import inactive
from stores.acts.following import followers, periods
from stores.node import SETTING, Node
from stores.storage import bulk
from stores.storage.system import TIMER
from stores.world import NodeWorld

JUST_AFTER = timedelta(milliseconds=1)  # the shortest step of our moments
_ARMED = ("type", "pk", "name", "due", "next_at", "stage", "fault")
EVERY = "every:"  # what the timer that opens a period goes by, before the record type
REPORT = "report:"  # what the timer of a report goes by, before plugin and report


def rearm(
    connection: Connection,
    node: Node,
    touched: Iterable[tuple[str, str]],
    now: datetime | None = None,
    fired_until: datetime | None = None,
    made: Mapping[str, Mapping[str, Row]] = MappingProxyType({}),
) -> None:
    """Arm, move or disarm the timers of the records that were just written or received, and of those that look at them.

    ``now`` is when it happened for the rules, by default this moment: a night that is caught up after a power cut
    must come to the same deadlines as one that was lived through. ``fired_until``: what fell due up to then and is not
    known here has fired at this node's predecessor, and must not a second time. ``made`` are records, by type and id,
    that were made just now: they need not be read, and nothing is armed for them.
    """
    moment = now or node.now()
    groups: dict[str, dict[str, None]] = defaultdict(dict)  # ids by type, each once and in order
    for type_, id in touched:
        groups[type_][id] = None
    _follow_settings(connection, node, groups)
    for type_, ids in followers(connection, node, groups).items():
        groups[type_].update(ids)
    for type_, ids in groups.items():
        record = node.catalog.records.get(type_)
        if record is not None and record.timers:
            new = made.get(type_, {})
            kept = _kept_here(connection, node, record, [id for id in ids if id not in new])
            if kept:
                _rearm_records(connection, node, record, kept, moment, fired_until)
            _change(connection, node, record, new, {}, moment, None)
    _open_for_newcomers(connection, node, set(groups))


def _kept_here(connection: Connection, node: Node, record: RecordType, ids: list[str]) -> list[str]:
    """Return the records whose timers run here. Headquarters receives thousands whose timers run in the stores."""
    if len(ids) <= 1:
        return ids
    if not _any_here(connection, node, record):
        return []
    stores = bulk.select(connection, node.table(record), ("id", "_store"), "id", ids)
    here = {id for id, store in stores if node.is_home(record, store)}
    armed = {pk for (pk,) in bulk.select(connection, TIMER, ("pk",), "pk", ids, " AND type = ?", record.key)}
    return [id for id in ids if id in here or id in armed]


def _any_here(connection: Connection, node: Node, record: RecordType) -> bool:
    """Say whether timers of a type may run here at all: one is armed, or this node decides about some record of it."""
    if node.is_home(record, "") or bulk.run(connection, "SELECT 1 FROM timer WHERE type = ? LIMIT 1", record.key):
        return True  # "" is no store: who decides there, decides everywhere
    sql = f"SELECT 1 FROM {bulk.quoted(record.table)} WHERE _store = ? LIMIT 1"  # noqa: S608 - names of our own
    return node.is_home(record, node.store) and bool(bulk.run(connection, sql, node.store))


def _follow_settings(connection: Connection, node: Node, groups: dict[str, dict[str, None]]) -> None:
    """Add the records whose armed timers may be due at another moment, now that a setting has changed."""
    record, changed = node.catalog.records.get(SETTING), list(groups.get(SETTING, ()))
    if record is None or not changed:
        return
    node.touched((SETTING, id) for id in changed)
    now = iso(node.now())
    for (plugin,) in bulk.select(connection, node.table(record), ("plugin",), "id", changed):
        name = f"{REPORT}{plugin}."  # a report may be due at another moment as well: it is looked at again
        bulk.run_only(connection, "UPDATE timer SET next_at = ? WHERE type > ? AND type < ?", now, name, name + "~")
        found = connection.execute(
            select(TIMER.c.type, TIMER.c.pk).where(TIMER.c.type.startswith(f"{plugin}."), TIMER.c.next_at.is_not(None))
        )
        for type_, pk in found:
            groups[type_][pk] = None


def _rearm_records(
    connection: Connection, node: Node, record: RecordType, ids: list[str], now: datetime, fired_until: datetime | None
) -> None:
    found, known = rows.load_all(connection, node, record, ids), _known(connection, record, ids)
    here = {id: found.get(id) for id in ids}
    _change(connection, node, record, here, known, now, fired_until)


def _change(
    connection: Connection,
    node: Node,
    record: RecordType,
    found: Mapping[str, Row | None],
    known: Mapping[str, Mapping[str, tuple[str, bool]]],
    now: datetime,
    fired_until: datetime | None,
) -> None:
    """Work out the timers of records of one type and write what has changed: two statements, however many they are."""
    surroundings: dict[str, Env] = {}
    gone: list[tuple[str, str, str]] = []
    armed: list[bulk.Values] = []
    for id, row in found.items():
        before, wanted = known.get(id, {}), dict[str, datetime]()
        if row is not None and rows.alive(row) and node.is_home(record, store := str(row.values["store"])):
            if store not in surroundings:
                world = NodeWorld(connection, node, record.plugin, store)
                surroundings[store] = world.env(None, now, SYSTEM_ACTOR)
            wanted = _dues(record, surroundings[store].having(self=row, old=row))
        gone += [(record.key, id, name) for name in before.keys() - wanted.keys()]
        for name, due in wanted.items():
            if name not in before or before[name] != (iso(due), False):  # new, moved, or put aside: then try again
                fired = fired_until is not None and name not in before and due <= fired_until
                armed.append(_armed(node, record, id, record.timers[name], due, now, fired=fired))
    if gone:
        bulk.delete_all(connection, TIMER, ("type", "pk", "name"), gone)
    if armed:
        bulk.upsert(connection, TIMER, _ARMED, armed)


def _known(connection: Connection, record: RecordType, ids: list[str]) -> dict[str, dict[str, tuple[str, bool]]]:
    """Return what is armed for each record: when each timer is due, and whether it was put aside."""
    columns = ("pk", "name", "due", "fault")
    if len(ids) == 1:
        found = bulk.by_key(connection, TIMER.name, columns, ("type", "pk"), record.key, ids[0])
    else:
        found = bulk.select(connection, TIMER, columns, "pk", ids, " AND type = ?", record.key)
    known: dict[str, dict[str, tuple[str, bool]]] = {id: {} for id in ids}
    for pk, name, due, fault in found:
        known[pk][name] = (due, fault is not None)
    return known


def _dues(record: RecordType, env: Env) -> dict[str, datetime]:
    """Return when each timer is due that runs for the record of ``env``."""
    return {timer.name: due for timer in record.timers.values() if (due := _due(timer, env)) is not None}


def _due(timer: Timer, env: Env) -> datetime | None:
    """Return when a timer is due, or None while it does not run.

    An empty value does not arm it, nor does a figure that nobody has configured (C-11). Raises RuleError for a day
    beyond the calendar: the action that would arm it is refused.
    """
    try:
        if not runs(timer, env) or inactive(timer.due, env):
            return None
        return cast("datetime | None", timer.due(env))
    except EmptyValue:
        return None


def runs(timer: Timer, env: Env) -> bool:
    """Say whether a timer runs for the record of ``env``: its ``while`` is true and needs no blank figure."""
    return not inactive(timer.running, env) and holds(timer.running, env)


def _open_for_newcomers(connection: Connection, node: Node, types: Collection[str]) -> None:
    """Look at the running period again when its subjects have changed: who is hired today gets today's plan today."""
    periodic = node.of_catalog(periods)
    plans: dict[str, list[str]] = defaultdict(list)  # by plugin: its days all begin at one time
    for type_ in types & periodic.keys():
        for record in periodic[type_]:
            plans[record.plugin].append(EVERY + record.key)
    for plugin, names in plans.items():
        calendar = node.calendar(plugin)
        start = iso(calendar.start_of(calendar.business_date(node.now())))
        marks = ", ".join("?" * len(names))
        sql = f"UPDATE timer SET due = ?, next_at = ? WHERE type IN ({marks}) AND due > ?"  # noqa: S608 - only marks
        bulk.run_only(connection, sql, start, start, *names, start)


def _armed(
    node: Node, record: RecordType, id: str, timer: Timer, due: datetime, now: datetime, *, fired: bool
) -> bulk.Values:
    """Return the row of a timer that is armed, or that has fired. Reminders whose moment is behind us are not sent: who
    armed it knows."""
    moments = moments_of(node.calendar(record.plugin), timer, due)
    stage = sum([moment <= now for moment in moments[:-1]])
    return (record.key, id, timer.name, iso(due), None if fired else iso(moments[stage]), stage, None)


def moments_of(calendar: BusinessCalendar, timer: Timer, due: datetime) -> list[datetime]:
    """Return when to look at a timer: each reminder in order, then just after it is due."""
    return [*sorted([before(calendar, due, remind.before) for remind in timer.remind]), due + JUST_AFTER]


def before(calendar: BusinessCalendar, due: datetime, span: Duration) -> datetime:
    """Return when to remind. Hours and minutes count back exactly; days give that day, nine hours in.

    That is 09:00 where the business day begins at midnight, and 21:00 in a club whose day begins at noon.
    """
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
