"""Tell plugins what is durable, and hand notices to their channels: at least once, also after a power cut.

A parcel is written in the transaction of what it tells about. Delivering comes after, outside every transaction, and
is repeated until it has worked: whoever receives knows by the id what he has had already.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from core.host.contexts import ActionEvent, NoticeToSend
from core.language.definition import RecordType
from core.model.clock import from_iso, iso
from stores import rows
from stores.node import Node
from stores.storage import outbox
from stores.storage.database import Connection
from stores.storage.outbox import Parcel

BATCH = 100
RETRY_S, RETRY_S_MAX = 30, 3600  # the first pause after a failure, doubled each time up to the last
NOTICE_LASTS = timedelta(days=1)  # a message that nobody could be told for so long is set aside, not told late
KEPT = timedelta(days=30)  # receipts, and what was set aside
NOTICE = "core.notice"


def put_event(connection: Connection, node: Node, event: ActionEvent, record: RecordType) -> None:
    """Note that an action is to be told; in the action's own transaction."""
    told = {name: getattr(event, name) for name in ("store", "record_id", "action", "actor", "state")}
    told |= {"type": record.key, "at": iso(event.at), "cells": rows.to_cells(record, event.values)}
    outbox.put(connection, "event", event.id, node.now(), body=json.dumps(told, ensure_ascii=False))


def deliver_due(node: Node) -> int:
    """Try everything that is due; return how many parcels were delivered. One that fails holds up no other."""
    delivered = 0
    while True:
        with node.database.read() as connection:
            parcels = outbox.due(connection, node.now(), BATCH)
        if not parcels:
            return delivered
        for parcel in parcels:
            delivered += _deliver(node, parcel)
        with node.database.write() as connection:
            outbox.purge(connection, node.now() - KEPT)


def next_due(node: Node) -> datetime | None:
    """Return when to look again, None when nothing waits."""
    with node.database.read() as connection:
        return outbox.next_due(connection)


def _deliver(node: Node, parcel: Parcel) -> bool:
    """Try one parcel and write down how it went, each in a transaction of its own: a crash repeats this one only."""
    receipt, faults = _tell(node, parcel) if parcel.kind == "event" else _send(node, parcel)
    with node.database.write() as connection:
        if faults:
            outbox.failed(connection, parcel, ", ".join(faults), _again(node, parcel))
        else:
            outbox.done(connection, parcel, node.now(), receipt)
    return not faults


def _tell(node: Node, parcel: Parcel) -> tuple[None, list[str]]:
    told = json.loads(parcel.body or "{}")
    record = node.catalog.records.get(told["type"])
    if record is None:
        return None, ["its plugin is not loaded"]
    _, faults = node.host.attempt("action_committed", event=_event(parcel, told, record))
    return None, faults


def _event(parcel: Parcel, told: Mapping[str, object], record: RecordType) -> ActionEvent:
    cells = cast("Mapping[str, int | str | None]", told["cells"])
    values: dict[str, object] = {
        name: field.spec.value(cells[name]) for name, field in record.fields.items() if name in cells
    }
    values |= {"store": told["store"], "state": cells.get("state"), "number": cells.get("number")}
    return ActionEvent(
        id=parcel.about,
        tx=parcel.about,
        store=str(told["store"]),
        record_type=record.key,
        record_id=str(told["record_id"]),
        action=str(told["action"]),
        actor=str(told["actor"]),
        at=from_iso(str(told["at"])),
        state=cast("str | None", told["state"]),
        values=values,
    )


def _send(node: Node, parcel: Parcel) -> tuple[str | None, list[str]]:
    with node.database.read() as connection:
        row = rows.load(connection, node, node.catalog.records[NOTICE], parcel.about)
    if row is None or not rows.alive(row) or row.values["withdrawn_at"] is not None:
        return None, []
    values = row.values
    notice = NoticeToSend(
        id=parcel.about,
        name=str(values["name"]),
        store=str(values["store"]),
        to=tuple(cast("list[str]", values["to"] or [])),
        roles=tuple(cast("list[str]", values["roles"] or [])),
        en=str(values["en"] or ""),
        zh=str(values["zh"] or ""),
        about_type=str(values["about_type"] or ""),
        about_id=str(values["about_id"] or ""),
        sent_at=cast(datetime, values["sent_at"]),
    )
    receipt, faults = node.host.attempt("deliver", notice=notice, channel=parcel.channel)
    return (None, faults) if receipt is None else (str(receipt), [])


def _again(node: Node, parcel: Parcel) -> datetime | None:
    now = node.now()
    if parcel.kind == "notice" and now - parcel.created_at > NOTICE_LASTS:
        return None
    return now + timedelta(seconds=min(RETRY_S * 2 ** min(parcel.tries, 10), RETRY_S_MAX))
