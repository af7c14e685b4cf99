"""What a store may send up, and what only the home of a record may say.

A branch's PC may be stolen, and its database edited: headquarters believes a store about its own records only, and a
person only where he works. What the core itself keeps (people, settings, requests, who looked at what) is narrower
still: nothing of it changes but what one of its actions changes, and nothing of it is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from core.language.definition import RecordType
from core.model.change import Entry
from core.model.errors import Problem, Text
from core.model.scope import holds, is_home
from core.model.values import Cell
from stores.changes.held import LIFE, Held
from stores.changes.merging import Unfit

CORE = "core"
STAFF = "core.staff"
REQUEST = "core.request"  # anybody may ask any home
CONFLICT = "core.conflict"  # headquarters' to decide, and opened by whoever could not carry out what was asked of him
SIGNED = "signed"

StoreOf: TypeAlias = Callable[[str, str], "str | None"]  # record type and id -> the store it belongs to


def may_write(record: RecordType, current: Held | None, entry: Entry, sender: str, store_of: StoreOf) -> bool:
    """Return whether ``sender`` decides about the record; raise ``Unfit`` when it may not even edit it.

    A store writes its own records. Of those it holds a copy of, chain-wide ones and headquarters', it may edit
    fields; what only the home may say, state and number, becomes a conflict in the merge. Anybody may ask: a request
    is written for the home that is to decide, in the name of a person of the store that sends
    it, whom ``store_of`` knows.
    """
    if record.key == REQUEST:
        _check_request(current, entry, sender, store_of)
    if current is None:
        return _may_create(record, entry, sender, store_of)
    stranger = current.store != sender and record.key != REQUEST
    if stranger and (
        record.plugin == CORE or LIFE in entry.body or not holds(record.sync.scope, current.store, sender)
    ):
        raise Unfit(_NOT_YOURS)
    if record.plugin == CORE:
        _check_core(record, entry)
    return is_home(record.sync.home, current.store, sender)


def _may_create(record: RecordType, entry: Entry, sender: str, store_of: StoreOf) -> bool:
    if entry.kind != "create" or LIFE in entry.body:
        raise Unfit(_MISSING)
    home = is_home(record.sync.home, entry.store, sender)
    if record.key == CONFLICT:
        home = _is_about_own(entry, sender, store_of)
    if record.key != REQUEST and not (home and entry.store == sender):
        raise Unfit(_NOT_YOURS)
    return home


def _is_about_own(entry: Entry, sender: str, store_of: StoreOf) -> bool:
    """Say whether a conflict can put nothing into a record of somebody else, whatever is decided about it."""
    told = {name: new for name, (_, new) in entry.body.items()}
    if told.get("field") is None:
        return True
    return store_of(str(told.get("record_type")), str(told.get("record_id"))) == sender


def _check_core(record: RecordType, entry: Entry) -> None:
    """Refuse a change of what no action changes: a log of accesses that can be edited proves nothing."""
    fixed = entry.body.keys() & record.fields.keys() - _changeable(record)
    if fixed or LIFE in entry.body or (not _changeable(record) and entry.kind != "create"):
        raise Unfit(_FIXED)


def _changeable(record: RecordType) -> frozenset[str]:
    """Return the fields that actions on existing records ask for or set."""
    later = [action for action in record.actions.values() if not action.new]
    asked = {ask.field for action in later for ask in action.ask if ask.field is not None}
    written = {name for action in later for outcome in action.outcomes for name in outcome.set}
    return frozenset(asked | written | ({SIGNED} if record.key == REQUEST else set()))


def _check_request(current: Held | None, entry: Entry, sender: str, store_of: StoreOf) -> None:
    """Refuse a request, or a signature, in the name of somebody who does not work where it comes from."""
    if current is None:
        _, actor = entry.body.get("actor", (None, None))
        _, asked_in = entry.body.get("asked_in", (None, None))
        if actor is None or store_of(STAFF, str(actor)) != sender or asked_in != sender:
            raise Unfit(_NOT_HIS_NAME)
    elif current.store != sender and entry.body.keys() - {SIGNED}:
        raise Unfit(_NOT_YOURS)
    if SIGNED in entry.body:
        known = _signatures(current.cells.get(SIGNED) if current else None)
        for signature in _signatures(entry.body[SIGNED][1]):
            if signature not in known and store_of(STAFF, str(signature.get("by"))) != sender:
                raise Unfit(_NOT_HIS_NAME)


def _signatures(cell: Cell) -> list[dict[str, object]]:
    found = json.loads(cell) if isinstance(cell, str) else []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unfit(_NOT_HIS_NAME)
    return found


_MISSING = Problem(
    "record-missing",
    Text("the record it changes has not arrived here", "所更改的记录尚未到达总部"),
    fix=Text("it is merged when the record is there; until then it waits", "记录到达后将自动合并，在此之前等待"),
)
_NOT_YOURS = Problem(
    "not-yours",
    Text("a store may not write this record of another store", "门店不得写入其他门店的这条记录"),
    fix=Text("do it as an action at the record's home", "请在记录所属节点操作"),
)
_FIXED = Problem(
    "record-fixed",
    Text("no action changes this part of the record", "没有任何操作可以更改此内容"),
    fix=Text(
        "look at the log of the node that sent it: somebody edited its database", "请检查发送节点：其数据库可能被改动"
    ),
)
_NOT_HIS_NAME = Problem(
    "not-in-this-name",
    Text("a store may only ask and sign for people who work in it", "门店只能以本店在职人员的名义申请或签字"),
    fix=Text("sign in at the node of the store where the person works", "请在该人员所属门店的节点登录操作"),
)
