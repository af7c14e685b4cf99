"""Records that are made once per subject and period (``every:``): plans, scorecards.

The opening of a period is a timer of its own kind, so it happens in order with all others and is
caught up day by day after the PC was off. Ids are derived from subject and period: doing it twice,
or on two nodes, makes the same record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, delete, insert, select

from core.language.definition import Every, RecordType
from core.language.expressions import holds
from core.model.clock import iso
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts import effects, timers
from stores.acts.messages import value_or_none
from stores.acts.timers import EVERY
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import bulk
from stores.storage.system import TIMER
from stores.world import NodeWorld


def arm(connection: Connection, node: Node) -> None:
    """Arm the opening of periods for every record type that wants it and is decided here. Done at start and reload."""
    wanted = {EVERY + record.key: record for record in node.catalog.records.values() if _here(node, record)}
    known = set(connection.execute(select(TIMER.c.type).where(TIMER.c.type.startswith(EVERY))).scalars())
    for gone in known - wanted.keys():
        connection.execute(delete(TIMER).where(TIMER.c.type == gone))
    for type_ in wanted.keys() - known:
        start = iso(_day_start(node, wanted[type_], node.now()))
        connection.execute(
            insert(TIMER).values(type=type_, pk=node.store, name="open", due=start, next_at=start, stage=0)
        )


def open_period(node: Node, type_: str, store: str, due: datetime) -> None:
    """Make the records of the period that the business day starting at ``due`` is in, and look again tomorrow."""
    record = node.catalog.records.get(type_.removeprefix(EVERY))
    with node.database.write() as connection:
        if record is None or record.every is None:
            connection.execute(delete(TIMER).where(TIMER.c.type == type_))
            return
        _make(connection, node, record, record.every, store, due)
        _look_again(connection, node, record, store, due, None)
    node.committed()


def look_again_tomorrow(node: Node, type_: str, store: str, due: datetime, fault: str) -> None:
    """Note why a period could not be opened, and go on to the next day."""
    record = node.catalog.records[type_.removeprefix(EVERY)]
    with node.database.write() as connection:
        _look_again(connection, node, record, store, due, fault)


def period_id(record: RecordType, subject: str, start: str) -> str:
    """Return the id of the record of ``subject`` for the period that starts on ``start`` (ISO date)."""
    return str(uuid5(NAMESPACE_URL, f"{record.key}:{subject}:{start}"))


def _here(node: Node, record: RecordType) -> bool:
    return record.every is not None and node.is_home(record, node.store)


def _day_start(node: Node, record: RecordType, moment: datetime, days: int = 0) -> datetime:
    calendar = node.calendar(record.plugin)
    return calendar.start_of(calendar.business_date(moment) + timedelta(days=days))


def _look_again(
    connection: Connection, node: Node, record: RecordType, store: str, due: datetime, fault: str | None
) -> None:
    tomorrow = iso(_day_start(node, record, due, days=1))
    sql = "UPDATE timer SET due = ?, next_at = ?, fault = ? WHERE type = ? AND pk = ?"
    bulk.run_only(connection, sql, tomorrow, tomorrow, fault, EVERY + record.key, store)


def _make(connection: Connection, node: Node, record: RecordType, every: Every, store: str, due: datetime) -> None:
    """Make what is missing. Where headquarters decides, for the people of every store; each record is its store's.

    Asked every day, because somebody may have come since; on most days nobody has.
    """
    home = NodeWorld(connection, node, record.plugin, store)
    calendar = home.calendar()
    period = calendar.period(every.period, calendar.business_date(due))
    own = every.subject.rpartition(".")[2]
    start = period.start.isoformat()
    subjects = {period_id(record, subject, start): subject for subject in _subjects(home, record, every)}
    there = {id for (id,) in bulk.select(connection, node.table(record), ("id",), "id", subjects)}
    made = []
    for id, key in subjects.items():
        if id in there:
            continue
        subject = rows.get(connection, node, node.catalog.records[every.subject], key)
        world = NodeWorld(connection, node, record.plugin, str(subject.values["store"]))
        env = world.env(None, due, SYSTEM_ACTOR, period=period, **{own: subject})
        if holds(every.where, env):
            given = {name: value_or_none(formula, env) for name, formula in every.values.items()}
            made.append(effects.new_row(world, record, given, env, id))
    if not made:
        return
    deed = Deed(node.new_id(), f"{record.key}.open", SYSTEM_ACTOR.id, due, {"period": start})
    edits = [Edit(record, r.id, str(r.values["store"]), "create", rows.to_cells(record, r.values)) for r in made]
    commit(connection, node, deed, edits)
    timers.rearm(connection, node, [(r.type, r.id) for r in made], due)


def _subjects(world: NodeWorld, record: RecordType, every: Every) -> list[str]:
    """Return the ids a record may be made for: live, still working here, and of this store unless all are ours."""
    subject = world.node.catalog.records[every.subject]
    tests, values = ["(_life & 1) = 1"], []
    if record.sync.home == "store":
        tests.append("_store = ?")
        values.append(world.store)
    if "active" in subject.fields:
        tests.append("active = 1")
    sql = f"SELECT id FROM {bulk.quoted(subject.table)} WHERE {' AND '.join(tests)} ORDER BY id"  # noqa: S608 - names of our own
    return [id for (id,) in bulk.run(world.connection, sql, *values)]
