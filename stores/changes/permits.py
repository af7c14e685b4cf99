"""What a store may send up, and what only the home of a record may say.

A branch's PC may be stolen, and its database edited: headquarters believes a store about its own records only, and a
person only where he works (docs/decisions/0012). What the core itself keeps (people, settings, requests, who looked at
what) is narrower still: nothing of it changes but what one of its actions changes, and nothing of it is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Protocol, TypeAlias

from core.language.definition import SYSTEM, RecordType
from core.model.change import Entry
from core.model.errors import Problem, Text
from core.model.scope import holds, is_home
from core.model.values import Cell
from stores.changes.held import LIFE, Held
from stores.changes.merging import Unfit
from stores.changes.quarantine import MISSING, NOT_HIS_NAME, NOT_HIS_POST

CORE = "core"
STAFF = "core.staff"
REQUEST = "core.request"  # anybody may ask any home
CONFLICT = "core.conflict"  # headquarters' to decide, and opened by whoever could not carry out what was asked of him
SIGNED = "signed"

StoreOf: TypeAlias = Callable[[str, str], "str | None"]  # record type and id -> the store it belongs to


class Known(Protocol):
    """What headquarters knows of people and records."""

    def store_of(self, type_: str, id_: str) -> str | None:
        """Return the store a record belongs to, None when it is not here."""

    def may_act_as(self, person: str, roles: Collection[str], plugin: str, at: str) -> bool:
        """Say whether a person held one of the roles, or stood in for one, at a moment (a cell)."""

    def has_asked(self, person: str, store: str) -> bool:
        """Say whether a person of another store has ever asked ``store`` for something."""


def may_write(record: RecordType, current: Held | None, entry: Entry, sender: str, known: Known) -> bool:
    """Return whether ``sender`` decides about the record; raise ``Unfit`` when it may not even edit it.

    A store writes its own records, in the name of its own people, of itself, or of whoever asked it. Of those it holds
    a copy of, chain-wide ones and headquarters', its people may edit what a field-only action of theirs asks for; what
    only the home may say, state and number, becomes a conflict in the merge. Anybody may ask: a request is
    written for the home that is to decide, in the name of a person of the store that sends it.
    """
    if record.key == REQUEST:
        _check_request(current, entry, sender, known.store_of)
    else:
        _check_name(entry, sender, known)
    if current is None:
        return _may_create(record, entry, sender, known.store_of)
    stranger = current.store != sender and record.key != REQUEST
    if stranger and (
        record.plugin == CORE or LIFE in entry.body or not holds(record.sync.scope, current.store, sender)
    ):
        raise Unfit(_NOT_YOURS)
    if stranger:
        _check_edit(record, entry, sender, known)
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


def _check_name(entry: Entry, sender: str, known: Known) -> None:
    """Refuse what is done in the name of somebody who works elsewhere and has not asked for it.

    Whom nobody knows is not refused: his record may itself be in quarantine, and a store that lies can invent people of
    its own as well. It cannot put its deeds on somebody else.
    """
    if entry.actor != SYSTEM and not speaks_for(entry.actor, sender, known):
        raise Unfit(_NOT_HIS_NAME)


def speaks_for(actor: str, sender: str, known: Known) -> bool:
    """Say whether a store may act in a person's name: one of its own, one nobody knows, or one who has asked it."""
    return known.store_of(STAFF, actor) in (None, sender) or known.has_asked(actor, sender)


def _check_edit(record: RecordType, entry: Entry, sender: str, known: Known) -> None:
    """Refuse an edit of another's record that no field-only action of one of the sender's people makes."""
    owner, _, name = entry.action.rpartition(".")
    action = record.actions.get(name) if owner == record.key else None
    if action is None or action.decisive or entry.kind != "update":
        raise Unfit(_NOT_YOURS)
    asked = {ask.field for ask in action.ask}
    beyond = entry.body.keys() & record.fields.keys() - asked
    if beyond:
        raise Unfit(_not_asked(record, sorted(beyond)))
    own = known.store_of(STAFF, entry.actor) == sender
    if not own or not known.may_act_as(entry.actor, action.by, record.plugin, entry.at):
        raise Unfit(_NOT_HIS_POST)


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
    if current is None and entry.kind != "create":
        raise Unfit(_MISSING)
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
    MISSING,
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


def _not_asked(record: RecordType, names: list[str]) -> Problem:
    labels = [record.fields[name].label if name in record.fields else Text(name, name) for name in names]
    en, zh = ", ".join(each.en for each in labels), "、".join(each.zh for each in labels)
    what = Text(f"{record.label.en}: the action does not ask for {en}", f"{record.label.zh}：该操作不涉及“{zh}”")
    return Problem("field-not-asked", what, fix=_FIXED.fix)


_NOT_HIS_POST = Problem(
    NOT_HIS_POST,
    Text(
        "nobody of this store whose post allows it has done this",
        "执行人并非该门店拥有相应岗位的员工",
    ),
    fix=Text(
        "give the post, or look at the log of the node that sent it; it is merged once the post is there",
        "请授予岗位，或检查发送节点的日志；岗位具备后将自动合并",
    ),
)
_NOT_HIS_NAME = Problem(
    NOT_HIS_NAME,
    Text("a store may only ask and sign for people who work in it", "门店只能以本店在职人员的名义申请或签字"),
    fix=Text("sign in at the node of the store where the person works", "请在该人员所属门店的节点登录操作"),
)
