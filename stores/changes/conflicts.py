"""The conflict inbox: one record for every two writes that could not both stand, written by headquarters.

It blocks nothing. It travels to the store concerned like any record, and resolving it is an ordinary action.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from core.host.catalog import Catalog
from core.language.definition import SYSTEM
from core.model.clock import iso, stamp_ms
from core.model.merge import FieldStamp
from core.model.scope import HEADQUARTERS
from core.model.values import Cell, canonical_json
from stores.changes import log
from stores.changes.commit import Deed, Edit
from stores.changes.making import make_on
from stores.changes.merging import Dissent
from stores.changes.older import lift
from stores.node import Node
from stores.storage import bulk
from stores.storage.counters import Counters
from stores.storage.system import LOG

CONFLICT = "core.conflict"
OPEN = f"{CONFLICT}.open"

_WROTE = ("pk", "origin", "hlc", "seq", "at", "actor", "body")

# Of the records of a type that are in dispute, by id and origin: who wrote what of it and when, oldest first.
Told = Mapping[tuple[str, str], Sequence["_Wrote"]]


class _Wrote(NamedTuple):
    hlc: int
    seq: int
    at: str
    actor: str
    body: str  # JSON, its fields as they are called now


def record(
    connection: Connection, node: Node, standing: Counters, dissents: Sequence[Dissent], sender: str
) -> list[dict[str, Cell]]:
    """Write a conflict record for each dissent, as one deed of the system; return their cells with their ids.

    A conflict about a record of headquarters belongs to the store that sent the change: there the person sits whose
    work did not come through. ``standing`` is counted on and saved by the caller.
    """
    if not dissents:
        return []
    type_ = node.catalog.records[CONFLICT]
    told = _told(connection, dissents, node.catalog)
    edits = []
    for dissent in dissents:
        store = sender if dissent.store == HEADQUARTERS else dissent.store
        cells = _cells(dissent, told.get(dissent.type, {}))
        edits.append(Edit(type_, node.new_id(), store, "create", cells))
    make_on(connection, node, standing, Deed(node.new_id(), OPEN, SYSTEM, node.now()), type_, edits)
    return [{"id": edit.id, "store": edit.store, **edit.values} for edit in edits]


def text_of(cell: Cell) -> str | None:
    """Return a cell as the conflict record shows it; ``cell_of`` takes it back."""
    return None if cell is None else str(cell)


def cell_of(text: str | None, *, integer: bool) -> Cell:
    """Return the cell that ``text_of`` showed, for a column of whole numbers or of text."""
    return None if text is None else int(text) if integer else text


def _cells(dissent: Dissent, told: Told) -> dict[str, Cell]:
    entry = dissent.entry
    mine = _author(dissent, told)
    cells: dict[str, Cell] = {
        "kind": dissent.kind,
        "record_type": dissent.type,
        "record_id": dissent.id,
        "field": dissent.field,
        "base": text_of(dissent.base),
        "mine": text_of(dissent.mine),
        **mine,
        "theirs": text_of(dissent.theirs),
        "theirs_by": entry.actor,
        "theirs_at": entry.at,
        "theirs_origin": entry.origin,
        "policy": dissent.policy,
        "outcome": dissent.outcome,
        "detail": dissent.detail,
        "state": "open",
    }
    return cells


def _author(dissent: Dissent, told: Told) -> dict[str, Cell]:
    """Return who wrote what stood here, when and where: the stamp names the origin, the log knows the rest."""
    if dissent.rival is not None:
        return {"mine_by": dissent.rival.by, "mine_at": dissent.rival.at or None}
    stamp = dissent.mine_stamp
    if stamp is None or not stamp.hlc:
        return {}
    wrote = _stamped(dissent, stamp, told)
    if not wrote:
        own = dissent.entry.seq if dissent.entry.origin == stamp.origin else None
        wrote = [line for line in _wrote(dissent, told.get((dissent.id, stamp.origin), ())) if line.seq != own]
    if wrote:
        return {"mine_by": wrote[-1].actor, "mine_at": wrote[-1].at, "mine_origin": stamp.origin}
    at = iso(datetime.fromtimestamp(stamp_ms(stamp.hlc) / 1000, UTC))
    return {"mine_at": at, "mine_origin": stamp.origin or None}


def _stamped(dissent: Dissent, stamp: FieldStamp, told: Told) -> Sequence[_Wrote]:
    """Return the lines that wrote the field in dispute and bear the very stamp of what stood."""
    return _wrote(dissent, [line for line in told.get((dissent.id, stamp.origin), ()) if line.hlc == stamp.hlc])


def _wrote(dissent: Dissent, lines: Sequence[_Wrote]) -> Sequence[_Wrote]:
    """Return the lines that wrote the field in dispute. The text tells: inside a value every quote has a backslash."""
    if dissent.field is None or not lines:
        return lines
    written = f"{canonical_json(dissent.field)}:["
    return [line for line in lines if written in line.body]


def _told(connection: Connection, dissents: Sequence[Dissent], catalog: Catalog) -> dict[str, Told]:
    """Return, by type, what the log says about the records in dispute."""
    disputed: dict[str, list[Dissent]] = defaultdict(list)
    for dissent in dissents:
        if dissent.rival is None:
            disputed[dissent.type].append(dissent)
    return {type_: _lines(connection, type_, group, catalog) for type_, group in disputed.items()}


def _lines(connection: Connection, type_: str, disputed: Sequence[Dissent], catalog: Catalog) -> Told:
    """Return the lines about some records of a type that their dissents speak of.

    Mostly those that bear the stamp of what stood are enough: a record may have many. Only where its plugin has other
    versions are they read as such.
    """
    plugin = catalog.plugins.get(type_.partition(".")[0])
    ids = {dissent.id for dissent in disputed}
    if plugin is None or plugin.migrations:
        return _lifted(connection, type_, ids, catalog)
    stamped = [(each, each.mine_stamp) for each in disputed if each.mine_stamp is not None and each.mine_stamp.hlc]
    found = _read(connection, type_, ids, sorted({stamp.hlc for _, stamp in stamped}))
    unsure = {dissent.id for dissent, stamp in stamped if not _stamped(dissent, stamp, found)}
    return found | _read(connection, type_, unsure)


def _read(
    connection: Connection, type_: str, pks: Collection[str], stamps: Sequence[int] | None = None
) -> dict[tuple[str, str], list[_Wrote]]:
    """Return the lines about some records, all or only those with one of some stamps."""
    rest, more = "", list[str]()
    if stamps is not None:
        test, asked = bulk.among(connection, LOG, "hlc", stamps)
        rest, more = f" AND {test}", [asked]
    found: dict[tuple[str, str], list[_Wrote]] = defaultdict(list)
    rest = f" AND type = ?{rest} ORDER BY origin, seq"
    for pk, origin, *wrote in bulk.select(connection, LOG, _WROTE, "pk", pks, rest, type_, *more):
        found[pk, origin].append(_Wrote(*wrote))
    return found


def _lifted(connection: Connection, type_: str, pks: Collection[str], catalog: Catalog) -> Told:
    """Return the lines about some records, their fields called as they are now."""
    found: dict[tuple[str, str], list[_Wrote]] = defaultdict(list)
    for entry in map(partial(lift, catalog), log.of_records(connection, type_, pks)):
        line = _Wrote(entry.hlc, entry.seq, entry.at, entry.actor, canonical_json(entry.body))
        found[entry.pk, entry.origin].append(line)
    return found
