"""Rules about one record that two edits broke together, though each of them kept the rule by what it knew.

Asked only where a merge has really put two sides together: what its author knew all of stands as he checked it, and a
store's own work needs no second look. Both values stay; a conflict says which rule no longer holds, and a person mends
the record by an ordinary action. Two sorts of rule are asked: the limits of fields that were added up or joined, or
that one line brings by itself beyond them (``limits``), and the checks of field-only actions that speak of the record
alone (``core.language.lasting``), of either side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from core.language.expressions import EmptyValue, Row, RuleError
from core.language.lasting import Lasting, lasting_checks
from core.model.merge import FieldStamp, MergePolicy, seen
from stores import rows
from stores.actor import SYSTEM_ACTOR
from stores.acts.figures import inactive, inactive_below
from stores.changes import log
from stores.changes.invariants import Meeting, Touched
from stores.changes.limits import is_asked, within
from stores.changes.merging import Dissent, Shape
from stores.node import Node
from stores.storage import bulk
from stores.world import NodeWorld

CONFLICT = "core.conflict"
LIMIT = "limit"  # policy of a conflict about a field beyond its limits
CHECK = "check"  # policy of one about a check; its detail names it
_JOINED = frozenset({MergePolicy.SUM, MergePolicy.UNION, MergePolicy.APPEND, MergePolicy.HOOK})
_ORIGIN, _HLC, _ACTION, _PK = (log.COLUMNS.index(name) for name in ("origin", "hlc", "action", "pk"))

_ANY = -1  # no stamp: whatever an origin wrote

Done = Mapping[tuple[str, str, int], Collection[str]]  # record, origin, stamp -> names of actions
Rivals = Mapping[str, FieldStamp]  # field -> who wrote the value that the author of a line did not know


class _Asked(NamedTuple):
    """A check to be asked of a record again, with the line that makes it necessary and whom its author met there."""

    lasting: Lasting
    meeting: Meeting
    rival: FieldStamp


def rules_broken(connection: Connection, node: Node, shape: Shape, touched: Sequence[Touched]) -> list[Dissent]:
    """Return the rules that the touched records of one type, already written, break since two edits met in them."""
    met = [each for each in touched if each.met and each.held.alive]
    if not met:
        return []
    found = [dissent for each in met for dissent in _beyond_limits(shape, each)]
    lasting = lasting_checks(shape.record)
    if lasting:
        found += _checks_broken(connection, node, shape, lasting, met)
    return _not_told_yet(connection, node, found)


def _beyond_limits(shape: Shape, touched: Touched) -> Iterator[Dissent]:
    last = {name: meeting for meeting in touched.met for name in meeting.entry.body}
    for name, meeting in last.items():
        if name not in shape.limited or within(shape.limited[name], touched.held.cells.get(name)):
            continue
        if shape.policies.get(name) in _JOINED or is_asked(shape, meeting.entry, name):
            yield _dissent(touched, meeting, name, meeting.before.stamps.of(name), LIMIT, None)


def _checks_broken(
    connection: Connection, node: Node, shape: Shape, lasting: Sequence[Lasting], met: Sequence[Touched]
) -> Iterator[Dissent]:
    done = _actions_of_rivals(connection, shape, lasting, met)
    asked = {each.held.id: list(_asked_of(lasting, each, done)) for each in met}
    ids = [id_ for id_, some in asked.items() if some]
    found = rows.load_all(connection, node, shape.record, ids)
    for each in met:
        told = set[str]()
        for one in asked[each.held.id]:
            rule = one.lasting.check.rule.text
            if rule not in told and not _holds(connection, node, shape, one.lasting, found[each.held.id]):
                told.add(rule)
                yield _dissent(each, one.meeting, None, one.rival, CHECK, one.lasting.name)


def _asked_of(lasting: Sequence[Lasting], touched: Touched, done: Done) -> Iterator[_Asked]:
    """Yield the checks that one side asked and whose answer the other side may have changed."""
    for meeting in touched.met:
        rivals = _rivals(lasting, meeting)
        _, _, own = meeting.entry.action.rpartition(".")
        for each in lasting:
            unknown = [rivals[name] for name in sorted(each.reads & rivals.keys())]
            if unknown and each.action.name == own:
                yield _Asked(each, meeting, unknown[0])
            if each.reads.isdisjoint(meeting.entry.body):
                continue
            for stamp in dict.fromkeys(rivals.values()):
                if each.action.name in _wrote(done, touched.held.id, stamp):
                    yield _Asked(each, meeting, stamp)


def _rivals(lasting: Iterable[Lasting], meeting: Meeting) -> Rivals:
    entry, stamps = meeting.entry, meeting.before.stamps
    names = frozenset[str]().union(*(each.reads for each in lasting)) | stamps.fields.keys()
    return {
        name: stamp
        for name in sorted(names)
        if not seen(stamp := stamps.of(name), entry.origin, entry.base_hs)
    }  # fmt: skip


def _actions_of_rivals(
    connection: Connection, shape: Shape, lasting: Sequence[Lasting], met: Sequence[Touched]
) -> Done:
    """Return, by record, origin and stamp, the actions that wrote what the authors of the lines did not know."""
    ids = [each.held.id for each in met if any(_rivals(lasting, meeting) for meeting in each.met)]
    found: dict[tuple[str, str, int], set[str]] = defaultdict(set)
    for row in log.rows_of_records(connection, shape.record.key, ids):
        _, _, name = row[_ACTION].rpartition(".")
        for origin, hlc in ((row[_ORIGIN], row[_HLC]), (row[_ORIGIN], _ANY), ("", row[_HLC])):
            found[row[_PK], origin, hlc].add(name)
    return found


def _wrote(done: Done, id_: str, stamp: FieldStamp) -> Collection[str]:
    """Return the actions that may have written a value.

    One that was put together here has nobody's stamp: its moment tells. A stamp that claimed to be of the future was
    ranked lower than its line says: then it is one of its origin's.
    """
    return done.get((id_, stamp.origin, stamp.hlc)) or done.get((id_, stamp.origin, _ANY), ())


def _holds(connection: Connection, node: Node, shape: Shape, lasting: Lasting, row: Row) -> bool:
    """Say whether a check holds for the record as it is; where that cannot be worked out nobody is troubled."""
    world = NodeWorld(connection, node, lasting.action.owner or shape.record.plugin, str(row.values["store"]))
    env, rule = world.env(row, node.now(), SYSTEM_ACTOR), lasting.check.rule
    try:
        return inactive(rule, env) or bool(rule(env))
    except EmptyValue:
        return inactive_below(world, rule)
    except RuleError:
        return True


def _dissent(
    touched: Touched, meeting: Meeting, name: str | None, rival: FieldStamp, policy: str, detail: str | None
) -> Dissent:
    entry, record = meeting.entry, touched.held
    base, theirs = entry.body[name] if name else (None, None)
    mine = meeting.before.cells.get(name) if name else None
    return Dissent(
        "broken", entry.type, record.id, record.store, name, base, mine, rival, theirs, entry,
        policy=policy, outcome="both", detail=detail,
    )  # fmt: skip


def _not_told_yet(connection: Connection, node: Node, found: Sequence[Dissent]) -> list[Dissent]:
    """Leave out what an open conflict says already: a record that stays broken is one matter."""
    ids = {dissent.id for dissent in found}
    rest = " AND state = 'open' AND kind = 'broken'"
    rows_ = bulk.select(connection, node.tables[CONFLICT], ("record_id", "field", "detail"), "record_id", ids, rest)
    told = set(rows_)
    return [dissent for dissent in found if (dissent.id, dissent.field, dissent.detail) not in told]
