"""The conflict inbox: one record for every two writes that could not both stand, written by headquarters.

It blocks nothing. It travels to the store concerned like any record, and resolving it is an ordinary action.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection

from core.host.catalog import Catalog
from core.language.definition import SYSTEM
from core.model.clock import iso, stamp_ms
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

CONFLICT = "core.conflict"
OPEN = f"{CONFLICT}.open"

_ORIGIN, _SEQ, _HLC, _AT, _ACTOR, _PK, _BODY = (
    log.COLUMNS.index(name) for name in ("origin", "seq", "hlc", "at", "actor", "pk", "body")
)


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
    told = _told(connection, dissents)
    edits = []
    for dissent in dissents:
        store = sender if dissent.store == HEADQUARTERS else dissent.store
        cells = _cells(dissent, told.get(dissent.type, {}), node.catalog)
        edits.append(Edit(type_, node.new_id(), store, "create", cells))
    make_on(connection, node, standing, Deed(node.new_id(), OPEN, SYSTEM, node.now()), type_, edits)
    return [{"id": edit.id, "store": edit.store, **edit.values} for edit in edits]


def text_of(cell: Cell) -> str | None:
    """Return a cell as the conflict record shows it; ``cell_of`` takes it back."""
    return None if cell is None else str(cell)


def cell_of(text: str | None, *, integer: bool) -> Cell:
    """Return the cell that ``text_of`` showed, for a column of whole numbers or of text."""
    return None if text is None else int(text) if integer else text


def _cells(dissent: Dissent, told: Mapping[str, Sequence[bulk.Values]], catalog: Catalog) -> dict[str, Cell]:
    entry = dissent.entry
    mine = _author(dissent, told, catalog)
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


def _author(dissent: Dissent, told: Mapping[str, Sequence[bulk.Values]], catalog: Catalog) -> dict[str, Cell]:
    """Return who wrote what stood here, when and where: the stamp names the origin, the log knows the rest."""
    if dissent.rival is not None:
        return {"mine_by": dissent.rival.by, "mine_at": dissent.rival.at or None}
    stamp = dissent.mine_stamp
    if stamp is None or not stamp.hlc:
        return {}
    rows = [row for row in told.get(dissent.id, ()) if row[_ORIGIN] == stamp.origin]
    exact = _wrote(dissent, [row for row in rows if row[_HLC] == stamp.hlc], catalog)
    if not exact:
        mine = (dissent.entry.origin, dissent.entry.seq)
        exact = [row for row in _wrote(dissent, rows, catalog) if (row[_ORIGIN], row[_SEQ]) != mine]
    if exact:
        return {"mine_by": exact[-1][_ACTOR], "mine_at": exact[-1][_AT], "mine_origin": stamp.origin}
    at = iso(datetime.fromtimestamp(stamp_ms(stamp.hlc) / 1000, UTC))
    return {"mine_at": at, "mine_origin": stamp.origin or None}


def _wrote(dissent: Dissent, rows: Sequence[bulk.Values], catalog: Catalog) -> Sequence[bulk.Values]:
    """Return the lines among ``rows`` that wrote the field in dispute, by the name it has now.

    Where no version of the plugin called it otherwise, the text tells: inside a value every quote has a backslash.
    """
    if dissent.field is None:
        return rows
    plugin = catalog.plugins.get(dissent.type.partition(".")[0])
    if plugin is not None and not plugin.migrations:
        written = f"{canonical_json(dissent.field)}:["
        return [row for row in rows if written in row[_BODY]]
    return [row for row in rows if dissent.field in lift(catalog, log.from_row(row)).body]


def _told(connection: Connection, dissents: Sequence[Dissent]) -> dict[str, dict[str, list[bulk.Values]]]:
    """Return, by type and id, what the log says about the records in dispute: rows, of which few have to be read."""
    ids: dict[str, set[str]] = defaultdict(set)
    for dissent in dissents:
        if dissent.rival is None:
            ids[dissent.type].add(dissent.id)
    found: dict[str, dict[str, list[bulk.Values]]] = {}
    for type_, pks in ids.items():
        about = found[type_] = defaultdict(list)
        for row in log.rows_of_records(connection, type_, pks):
            about[row[_PK]].append(row)
    return found
