"""Fire what is due: in order, one transaction each, caught up after the PC was off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from core.language.definition import RecordType, Remind, Timer
from core.model.clock import from_iso, iso
from core.model.errors import NodeError
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts import deadlines, effects, periods
from stores.acts.act import perform
from stores.acts.calls import Call, Receipt
from stores.acts.timers import EVERY, REPORT, at_timer, before, moments_of, runs
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import bulk
from stores.storage.database import Busy, StorageFault
from stores.storage.system import TIMER
from stores.world import NodeWorld

FIRINGS_MAX = 10_000  # in one call; the loop calls again

_FIRST = (
    "SELECT type, pk, name, due, next_at, stage FROM timer WHERE next_at IS NOT NULL "
    "ORDER BY next_at, type, pk, name LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Armed:
    """One row of the timer table."""

    type: str
    pk: str
    name: str
    due: datetime
    next_at: datetime
    stage: int


def fire_due(node: Node, upto: datetime | None = None, most: int = FIRINGS_MAX) -> list[Receipt]:
    """Fire everything due up to ``upto`` (default: now), oldest first and ``most`` of them, each in a transaction.

    What a firing arms is fired in its turn, so a node that was off goes through the night in order.
    """
    limit = upto or node.now()
    receipts: list[Receipt] = []
    for _ in range(most):
        armed = first(node)
        if armed is None or armed.next_at > limit:
            break
        receipts += fire(node, armed, limit)
    return receipts


def first(node: Node) -> Armed | None:
    """Return the timer that wants to be looked at next, or None."""
    with node.database.read() as connection:
        found = bulk.run(connection, _FIRST)
    for type_, pk, name, due, next_at, stage in found:
        return Armed(type_, pk, name, from_iso(due), from_iso(next_at), stage)
    return None


def next_due(node: Node) -> datetime | None:
    """Return the moment the next timer wants to be looked at, or None."""
    armed = first(node)
    return armed.next_at if armed else None


def faults(connection: Connection) -> Sequence[tuple[str, str, str, str]]:
    """Return the timers whose action was refused: type, record, timer, why (JSON)."""
    found = connection.execute(
        select(TIMER.c.type, TIMER.c.pk, TIMER.c.name, TIMER.c.fault).where(TIMER.c.fault.is_not(None)).limit(100)
    )
    return [(type_, pk, name, fault) for type_, pk, name, fault in found]


def fire(node: Node, armed: Armed, limit: datetime) -> list[Receipt]:
    """Fire one timer that is due by ``limit``, in a transaction; return what its action did, if it came to that."""
    if armed.type.startswith(EVERY):
        _open_period(node, armed)
        return []
    if armed.type.startswith(REPORT):
        _report_due(node, armed)
        return []
    record = node.catalog.records.get(armed.type)
    timer = record.timers.get(armed.name) if record else None
    if record is None or timer is None:
        with node.database.write() as connection:  # the plugin is gone, or no longer has this timer
            connection.execute(delete(TIMER).where(*at_timer(armed.type, armed.pk, armed.name)))
        return []
    if armed.next_at <= armed.due:
        _remind(node, record, timer, armed, limit)
        return []
    return _run(node, record, timer, armed)


def _open_period(node: Node, armed: Armed) -> None:
    """Open a period. A rule that fails keeps nobody else waiting: it is noted, and tried again tomorrow."""
    try:
        periods.open_period(node, armed.type, armed.pk, armed.due)
    except (Busy, StorageFault):
        raise
    except NodeError as error:
        periods.look_again_tomorrow(node, armed.type, armed.pk, armed.due, _why(error))


def _report_due(node: Node, armed: Armed) -> None:
    """Tell that a report is due; a rule that fails keeps nobody else waiting either."""
    try:
        deadlines.fall_due(node, armed.type, armed.pk, armed.name, armed.next_at)
    except (Busy, StorageFault):
        raise
    except NodeError as error:
        deadlines.look_again_tomorrow(node, armed.type, armed.pk, armed.next_at, _why(error))


def _remind(node: Node, record: RecordType, timer: Timer, armed: Armed, limit: datetime) -> None:
    """Send a reminder and look forward to the next moment; after a power cut, not once the deadline is past.

    A reminder that cannot be written is noted and passed over: the deadline behind it holds all the same.
    """
    calendar = node.calendar(record.plugin)
    ordered = sorted(timer.remind, key=lambda remind: before(calendar, armed.due, remind.before))
    moments = moments_of(calendar, timer, armed.due)
    left = armed.stage < len(ordered)  # a plugin that was changed may have fewer than were armed
    following = iso(moments[armed.stage + 1] if left else moments[-1])
    step = {"stage": armed.stage + 1, "next_at": following}
    try:
        with node.database.write() as connection:
            if not _still(connection, armed) or not _wanted(connection, node, record, timer, armed):
                return
            if left and limit <= armed.due:
                _send(connection, node, record, armed, ordered[armed.stage])
            _move(connection, armed, step)
    except (Busy, StorageFault):
        raise
    except NodeError as error:
        with node.database.write() as connection:
            _move(connection, armed, step | {"fault": _why(error)})
    node.committed()


def _send(connection: Connection, node: Node, record: RecordType, armed: Armed, remind: Remind) -> None:
    row = rows.get(connection, node, record, armed.pk)
    world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
    env = world.env(row, armed.next_at, SYSTEM_ACTOR)
    notice = node.catalog.plugin(record.plugin).notices[remind.notice]
    sent = effects.notice_row(world, notice, row, env, node.new_id())
    kind = node.catalog.records["core.notice"]
    deed = Deed(node.new_id(), "core.notice.send", SYSTEM_ACTOR.id, armed.next_at, {"timer": armed.name})
    commit(connection, node, deed, [Edit(kind, sent.id, world.store, "create", rows.to_cells(kind, sent.values))])


def _run(node: Node, record: RecordType, timer: Timer, armed: Armed) -> list[Receipt]:
    """Run the timer's action as the system; one that is refused is put aside with its reason, not tried for ever.

    What the timer looks at is asked once more inside the transaction: somebody may have been quicker, or another
    record that ``while`` looks at has changed since.
    """
    call = Call(record, timer.then, SYSTEM_ACTOR, id=armed.pk, at=armed.due)
    try:
        with node.database.write() as connection:
            if not _still(connection, armed) or not _wanted(connection, node, record, timer, armed):
                return []
            _move(connection, armed, {"next_at": None, "fault": None})
            receipt, after = perform(connection, node, call)
    except (Busy, StorageFault):
        raise  # it stays armed; the loop comes again
    except NodeError as error:
        with node.database.write() as connection:
            _move(connection, armed, {"next_at": None, "fault": _why(error)})
        return []
    node.committed()
    for later in after:
        later()
    return [receipt]


def _still(connection: Connection, armed: Armed) -> bool:
    """Say whether the timer stands as it was read, before this transaction had its turn."""
    found = connection.execute(
        select(TIMER.c.due, TIMER.c.next_at, TIMER.c.stage).where(*at_timer(armed.type, armed.pk, armed.name))
    ).first()
    return found is not None and tuple(found) == (iso(armed.due), iso(armed.next_at), armed.stage)


def _wanted(connection: Connection, node: Node, record: RecordType, timer: Timer, armed: Armed) -> bool:
    """Say whether the timer still runs; one that does not is disarmed."""
    row = rows.load(connection, node, record, armed.pk)
    if row is not None and rows.alive(row):
        world = NodeWorld(connection, node, record.plugin, str(row.values["store"]))
        if runs(timer, world.env(row, min(armed.next_at, armed.due), SYSTEM_ACTOR)):
            return True
    connection.execute(delete(TIMER).where(*at_timer(armed.type, armed.pk, armed.name)))
    return False


def _move(connection: Connection, armed: Armed, values: Mapping[str, object]) -> None:
    connection.execute(update(TIMER).where(*at_timer(armed.type, armed.pk, armed.name)).values(values))


def _why(error: NodeError) -> str:
    """Return the reasons in both languages, as the timer table keeps them."""
    told = {"en": str(error), "zh": "\n".join(problem.render("zh") for problem in error.problems)}
    return json.dumps(told, ensure_ascii=False)
