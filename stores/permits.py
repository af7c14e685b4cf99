"""What a store may send up, and what only the home of a record may say."""

from __future__ import annotations

from core.language.definition import RecordType
from core.model.change import Entry
from core.model.errors import Problem, Text
from core.model.scope import holds, is_home
from stores.held import LIFE, Held
from stores.merging import Unfit

REQUEST = "core.request"  # anybody may ask any home


def may_write(record: RecordType, current: Held | None, entry: Entry, sender: str) -> bool:
    """Return whether ``sender`` decides about the record; raise ``Unfit`` when it may not even edit it.

    A store writes its own records. Of those it holds a copy of, chain-wide ones and headquarters', it may edit
    fields; what only the home may say, state and number, becomes a conflict in the merge. Anybody may ask: a request
    is written for the home that is to decide.
    """
    if current is None:
        return _may_create(record, entry, sender)
    stranger = current.store != sender and record.key != REQUEST
    if stranger and (LIFE in entry.body or not holds(record.sync.scope, current.store, sender)):
        raise Unfit(_NOT_YOURS)
    return is_home(record.sync.home, current.store, sender)


def _may_create(record: RecordType, entry: Entry, sender: str) -> bool:
    if entry.kind != "create" or LIFE in entry.body:
        raise Unfit(_MISSING)
    home = is_home(record.sync.home, entry.store, sender)
    if record.key != REQUEST and not (home and entry.store == sender):
        raise Unfit(_NOT_YOURS)
    return home


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
