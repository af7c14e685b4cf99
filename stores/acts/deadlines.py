"""A report that falls due: at that moment those who answer for it are told, once per period, where its figures are.

Its figures are worked out whenever somebody looks (decision 0016), so a report is never missing. What can be missing is
that anybody has looked at it and handed it on: that is what the notice is for. Like the opening of a period it is a
timer of its own kind. It names the period it is for, and what it is due at is worked out again when it is looked at:
a setting may have changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, delete, insert, select

from core.language.calendar import Period
from core.language.definition import Plugin
from core.language.report import Report
from core.model.clock import iso
from core.model.errors import Text
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts import effects
from stores.acts.figures import inactive
from stores.acts.messages import value_or_none
from stores.acts.timers import REPORT
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import bulk
from stores.storage.system import TIMER
from stores.world import NodeWorld, holders

NOTICE = "core.notice"


def arm(connection: Connection, node: Node, only: Iterable[str] | None = None) -> None:
    """Arm the deadline of every report that tells somebody (``only``: of these names). Done at start and at reload."""
    wanted = {
        f"{REPORT}{plugin.name}.{name}": (plugin, report)
        for plugin in node.catalog.plugins.values()
        for name, report in plugin.reports.items()
        if report.tell and (only is None or name in only)
    }
    known = set(connection.execute(select(TIMER.c.type).where(TIMER.c.type.startswith(REPORT))).scalars())
    for gone in known - wanted.keys():
        connection.execute(delete(TIMER).where(TIMER.c.type == gone))
    for type_ in wanted.keys() - known:
        plugin, report = wanted[type_]
        world = NodeWorld(connection, node, plugin.name, node.store)
        _wait(connection, world, type_, report, _first(world, report), node.now())


def fall_due(node: Node, type_: str, store: str, start: str, moment: datetime) -> None:
    """Tell that the report of the period starting on ``start`` (ISO date) is due at ``moment``, and wait for the next.

    After a power cut only the last of several that have fallen due is told: the others nobody would read.
    """
    with node.database.write() as connection:
        connection.execute(delete(TIMER).where(TIMER.c.type == type_, TIMER.c.pk == store))
        found = _named(node, type_)
        if found is None:
            return
        plugin, report = found
        world = NodeWorld(connection, node, plugin.name, store)
        period = _period(world, report, date.fromisoformat(start))
        due = _due(world, report, period)
        if due is None or due > moment:  # a setting has moved it, or nobody has configured it
            _wait(connection, world, type_, report, period, moment)
            return
        following = _period(world, report, period.end + timedelta(days=1))
        then = _due(world, report, following)
        if then is None or then > node.now():
            _tell(connection, world, report, period, due)
        _wait(connection, world, type_, report, following, moment)
    node.committed()


def look_again_tomorrow(node: Node, type_: str, store: str, moment: datetime, fault: str) -> None:
    """Note why nobody could be told, and look again a day later."""
    later = iso(moment + timedelta(days=1))
    sql = "UPDATE timer SET next_at = ?, fault = ? WHERE type = ? AND pk = ?"
    with node.database.write() as connection:
        bulk.run_only(connection, sql, later, fault, type_, store)


def _named(node: Node, type_: str) -> tuple[Plugin, Report] | None:
    name, _, report = type_.removeprefix(REPORT).partition(".")
    plugin = node.catalog.plugins.get(name)
    found = plugin.reports.get(report) if plugin else None
    return (plugin, found) if plugin and found and found.tell else None


def _first(world: NodeWorld, report: Report) -> Period:
    """Return the first period that is still to be told of: the last one while it is not due, or the running one."""
    now = world.node.now()
    running = _period(world, report, world.calendar().business_date(now))
    last = _period(world, report, running.start - timedelta(days=1))
    due = _due(world, report, last)
    return last if due is not None and due > now else running


def _wait(
    connection: Connection, world: NodeWorld, type_: str, report: Report, period: Period, moment: datetime
) -> None:
    """Arm the timer for a period: when it is due, or to look again tomorrow where nobody has configured that."""
    at = iso(_due(world, report, period) or moment + timedelta(days=1))
    values = {"type": type_, "pk": world.store, "name": period.start.isoformat(), "due": at, "next_at": at, "stage": 0}
    connection.execute(insert(TIMER).values(**values))


def _period(world: NodeWorld, report: Report, day: date) -> Period:
    return world.calendar().period(report.period, day)


def _due(world: NodeWorld, report: Report, period: Period) -> datetime | None:
    env = world.env(None, world.node.now(), SYSTEM_ACTOR, period=period)
    if report.due is None or inactive(report.due, env):
        return None
    found = value_or_none(report.due, env)
    return found if isinstance(found, datetime) else None


def _tell(connection: Connection, world: NodeWorld, report: Report, period: Period, due: datetime) -> None:
    """Write the notice, once, for the posts that somebody of this store holds."""
    posts = [role for role in report.tell if holders(world, role)]
    kind, name = world.node.catalog.records[NOTICE], f"{world.plugin}.reports.{report.name}"
    id = str(uuid5(NAMESPACE_URL, f"{name}:{world.store}:{period.start.isoformat()}"))
    if not posts or rows.load(connection, world.node, kind, id) is not None:
        return
    text = _text(report, period)
    env = world.env(None, due, SYSTEM_ACTOR)
    given = {"name": name, "to": [], "roles": posts, "en": text.en, "zh": text.zh, "sent_at": due}
    about = {"about_type": name, "about_id": period.start.isoformat()}
    row = effects.new_row(world, kind, given | about, env, id)
    deed = Deed(world.node.new_id(), f"{NOTICE}.send", SYSTEM_ACTOR.id, due, {"report": report.name})
    commit(connection, world.node, deed, [Edit(kind, row.id, world.store, "create", rows.to_cells(kind, row.values))])


def _text(report: Report, period: Period) -> Text:
    start, end = period.start.isoformat(), period.end.isoformat()
    en, zh = (start, start) if start == end else (f"{start} to {end}", f"{start} 至 {end}")
    return Text(
        f"{report.label.en}, {en}: due now; look it over and hand it on",
        f"{report.label.zh}（{zh}）已到报送时间，请核对后报送",
    )
