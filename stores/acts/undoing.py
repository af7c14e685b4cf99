"""What else a timer's step wrote, taken back with it: records it made go, records it changed are as before.

A notice stays, marked as withdrawn: what was said was said, and whoever has not been told yet is not told any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.change import Entry
from core.model.clock import iso
from core.model.errors import ActionRefused, Text
from stores.changes import log
from stores.changes.commit import Edit
from stores.changes.older import lift_all
from stores.node import Node

NOTICE = "core.notice"
KEPT = frozenset({"core.pick"})  # who was chosen was chosen


def of_others(connection: Connection, node: Node, entry: Entry) -> Iterator[Edit]:
    """Yield what takes back the other lines of the deed that ``entry`` belongs to; its own record is the caller's.

    Refuses when somebody has gone on from one of them: then the late fact no longer fits. What the step entered
    into a ledger for its own record is countered by the caller; a counter-entry that it made is countered here.
    """
    for line in lift_all(node.catalog, log.of_deed(connection, entry.origin, entry.seq)):
        record = node.catalog.records.get(line.type)
        if record is None or line.pk == entry.pk or line.type in KEPT:
            continue
        if line.type == NOTICE:
            yield Edit(record, line.pk, line.store, "update", {"withdrawn_at": iso(node.now())})
            continue
        if record.origin == "ledger" and line.kind == "create":
            if line.body.get("counter_of") is not None:
                yield _counter(node, record, line)
            continue
        _check_untouched(connection, record, line)
        if line.kind == "create":
            yield Edit(record, line.pk, line.store, "delete")
        elif record.origin != "ledger" or line.body.get("state", ("", ""))[1] != "countered":
            yield Edit(record, line.pk, line.store, "update", {name: old for name, (old, _) in line.body.items()})


def _counter(node: Node, record: RecordType, line: Entry) -> Edit:
    """Return the entry that takes a counter-entry back: both stay, and together they are nothing (C-10)."""
    cells = {name: new for name, (_, new) in line.body.items()}
    cells |= {"amount": -cast(int, cells["amount"]), "counter_of": line.pk, "at": iso(node.now())}
    return Edit(record, node.new_id(), line.store, "create", cells)


def _check_untouched(connection: Connection, record: RecordType, line: Entry) -> None:
    if not any(each.hlc > line.hlc for each in log.history(connection, line.type, line.pk)):
        return
    raise ActionRefused.of(
        "acted-since",
        f"somebody has gone on from it: {record.label.en}",
        f"已有人在此基础上处理：{record.label.zh}",
        fix=Text("look at its history and act from its present state", "请查看历史并按当前状态操作"),
    )
