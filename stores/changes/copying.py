"""Copies cases that are over, whole, under new ids: how the demo makes a large year of a middling one.

A copy goes through ``commit`` like everything written here, many records to a transaction, so it has its
line in the log and travels to headquarters; but no rule is asked again. Only what is over is copied, and nothing that
may exist once: what stands on the board today stays as the year left it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.language.definition import SYSTEM, RecordType
from core.language.expressions import Literal
from core.model.clock import iso
from core.model.scope import is_home
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage.system import LOG, TIMER

BATCH = 500
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Cells = Mapping[str, Any]


def copy_cases(node: Node, plugin: str, copies: int, since: datetime, before: datetime) -> int:
    """Copy the plugin's cases of a time that wait for nothing; return how many records that made."""
    cases = list(_over(node, plugin, since, before))
    for copy in range(1, copies + 1):
        renamed = {str(cells["id"]): node.new_id() for _, cells in cases}
        for start in range(0, len(cases), BATCH):
            edits = [_copied(record, cells, renamed, copy) for record, cells in cases[start : start + BATCH]]
            with node.database.write() as connection:
                deed = Deed(node.new_id(), "", SYSTEM, node.now(), {"copied": copy})
                commit(connection, node, deed, edits)
    return len(cases) * copies


def _over(node: Node, plugin: str, since: datetime, before: datetime) -> Iterator[tuple[RecordType, Cells]]:
    """Yield the records of cases that are over, oldest first."""
    born = (
        select(LOG.c.type, LOG.c.pk)
        .where(LOG.c.kind == "create", LOG.c.at >= iso(since), LOG.c.at < iso(before))
        .order_by(LOG.c.seq)
    )
    with node.database.read() as connection:
        waiting = {(type_, pk) for type_, pk in connection.execute(select(TIMER.c.type, TIMER.c.pk))}
        for type_, pk in connection.execute(born).all():
            record = node.catalog.records.get(type_)
            if record is None or record.plugin != plugin or (type_, pk) in waiting or not _may_repeat(node, record):
                continue
            table = node.table(record)
            found = connection.execute(select(table).where(table.c.id == pk, table.c._life % 2 == 1)).mappings().first()
            if found is not None:
                yield record, dict(found)


def _may_repeat(node: Node, record: RecordType) -> bool:
    """Say whether there may be several of a type: it is decided here, and nothing in it may stand only once."""
    once = any(isinstance(each.running, Literal) for each in record.exclusive.values())
    unique = any(field.unique for field in record.fields.values())
    return not once and not unique and record.every is None and is_home(record.sync.home, node.store, node.store)


def _copied(record: RecordType, cells: Cells, renamed: Mapping[str, str], copy: int) -> Edit:
    """Return the record under its new id, pointing to the copies of what it pointed to."""
    kept = {name: cells[name] for name, field in record.fields.items() if field.stored}
    kept |= {"state": cells["state"], "number": f"{cells['number']}-{copy}" if cells["number"] else None}
    told = {name: _renamed(value, renamed) for name, value in kept.items()}
    return Edit(record, renamed[str(cells["id"])], str(cells["_store"]), "create", told)


def _renamed(cell: Any, renamed: Mapping[str, str]) -> Any:
    if not isinstance(cell, str) or len(cell) < 36:
        return cell
    return _ID.sub(lambda found: renamed.get(found[0], found[0]), cell)
