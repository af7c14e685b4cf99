"""Records that are made once per subject and period (``every:``): plans, scorecards.

The opening of a period is a timer of its own kind, so it happens in order with all others and is
caught up day by day after the PC was off. Ids are derived from subject and period: doing it twice,
or on two nodes, makes the same record.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import Connection, delete, insert, select, update

from core.language.definition import Every, RecordType
from core.language.expressions import Env, Row, holds
from core.model.clock import iso
from core.model.scope import HEADQUARTERS
from stores import effects, rows, timers
from stores.actor import SYSTEM_ACTOR
from stores.calls import Receipt
from stores.commit import Deed, Edit, commit
from stores.node import Node
from stores.system import TIMER
from stores.world import NodeWorld

PREFIX = "every:"


def arm(connection: Connection, node: Node) -> None:
    """Arm the opening of periods for every record type that wants it and is decided here. Done at start and reload."""
    wanted = {PREFIX + record.key: record for record in node.catalog.records.values() if _here(node, record)}
    known = set(connection.execute(select(TIMER.c.type).where(TIMER.c.type.startswith(PREFIX))).scalars())
    for gone in known - wanted.keys():
        connection.execute(delete(TIMER).where(TIMER.c.type == gone))
    for type_ in wanted.keys() - known:
        record = wanted[type_]
        calendar = node.calendar(record.plugin)
        start = iso(calendar.start_of(calendar.business_date(node.now())))
        connection.execute(
            insert(TIMER).values(type=type_, pk=node.store, name="open", due=start, next_at=start, stage=0)
        )


def open_period(node: Node, type_: str, store: str, due: datetime) -> list[Receipt]:
    """Make the records of the period that the business day starting at ``due`` is in, and look again tomorrow."""
    record = node.catalog.records.get(type_.removeprefix(PREFIX))
    with node.database.write() as connection:
        if record is None or record.every is None:
            connection.execute(delete(TIMER).where(TIMER.c.type == type_))
            return []
        _make(connection, node, record, record.every, store, due)
        calendar = node.calendar(record.plugin)
        tomorrow = iso(calendar.start_of(calendar.business_date(due) + timedelta(days=1)))
        connection.execute(
            update(TIMER).where(TIMER.c.type == type_, TIMER.c.pk == store).values(due=tomorrow, next_at=tomorrow)
        )
    node.committed()
    return []


def period_id(record: RecordType, subject: str, start: str) -> str:
    """Return the id of the record of ``subject`` for the period that starts on ``start`` (ISO date)."""
    return str(uuid5(NAMESPACE_URL, f"{record.key}:{subject}:{start}"))


def _here(node: Node, record: RecordType) -> bool:
    home = record.sync.home
    return record.every is not None and (home == "hq") == (node.store == HEADQUARTERS)


def _make(connection: Connection, node: Node, record: RecordType, every: Every, store: str, due: datetime) -> None:
    world = NodeWorld(connection, node, record.plugin, store)
    env = world.env(None, due, SYSTEM_ACTOR)
    period = world.calendar().period(every.period, world.calendar().business_date(due))
    own = every.subject.rpartition(".")[2]
    made = []
    for subject in _subjects(world, every, env, own):
        id = period_id(record, subject.id, period.start.isoformat())
        inner = env.having(period=period, **{own: subject})
        if world.row(record.key, id) is None:
            given = {name: _plain(formula(inner)) for name, formula in every.values.items()}
            made.append(effects.new_row(world, record, given, inner, id))
    if not made:
        return
    deed = Deed(node.new_id(), f"{record.key}.open", SYSTEM_ACTOR.id, due, {"period": period.start.isoformat()})
    commit(connection, node, deed, [Edit(record, r.id, store, "create", rows.to_cells(record, r.values)) for r in made])
    timers.rearm(connection, node, [(r.type, r.id) for r in made])


def _subjects(world: NodeWorld, every: Every, env: Env, own: str) -> list[Row]:
    record = world.node.catalog.records[every.subject]
    table = world.node.table(record)
    query = select(table).where(table.c._store == world.store, table.c._life % 2 == 1)
    found = [rows.from_cells(record, dict(r)) for r in world.connection.execute(query).mappings()]
    return [row for row in found if holds(every.where, env.having(**{own: row}))]


def _plain(value: object) -> object:
    return value.id if isinstance(value, Row) else value
