"""What a database says in its own words, told so that a person can act on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DatabaseError, OperationalError, ProgrammingError

from core.model.errors import NodeError, Problem, Text
from stores.storage.turns import TurnMissed

READ_FAULTS = ("disk i/o", "malformed", "not a database")
# Statements come from the compiled plugins: a column that is not there was renamed since this one was built.
_COLUMN_GONE = ("no such column", "has no column named", "undefinedcolumn")
_LOCKED = ("locked", "lock timeout", "could not serialize", "deadlock")
_AWAY = (
    "connection failed",
    "connection refused",
    "connection is closed",
    "closed database",
    "terminating connection",
    "starting up",
)
WRITE_FAULTS = (*READ_FAULTS, "is full", "no space", "readonly")


class Busy(NodeError):
    """Another writer did not finish in time; nothing was saved, the same action may be tried again."""

    status = 503


class StorageFault(NodeError):
    """The disk is full, read-only or damaged; nothing was saved."""

    status = 507


@contextmanager
def told_plainly(faults: tuple[str, ...]) -> Iterator[None]:
    """Turn a full disk or a writer that never ends into an error that a person can act on."""
    try:
        yield
    except (TurnMissed, DatabaseError) as error:
        if (told := as_told(error, faults)) is error:
            raise
        raise told from error


def as_told(error: BaseException, faults: tuple[str, ...]) -> BaseException:
    """Return what an error means to a person; itself where it is a mistake of ours or says what it means."""
    if isinstance(error, TurnMissed):
        return Busy((_BUSY,))
    if not isinstance(error, DatabaseError):
        return error
    said = f"{type(error.orig).__name__} {error.orig}".lower()
    if error.connection_invalidated or any(sign in said for sign in _AWAY):
        return Busy((_SERVER_AWAY,))
    if type(error) not in {OperationalError, DatabaseError, ProgrammingError}:
        return error
    if any(sign in said for sign in _LOCKED):
        return Busy((_BUSY,))
    if any(sign in said for sign in _COLUMN_GONE):
        return Busy((_UPDATING,))
    if any(fault in said for fault in faults):
        return StorageFault((_storage_problem(str(error.orig)),))
    return error


_BUSY = Problem(
    "node-busy",
    Text("another change is still being written", "另一项更改仍在写入"),
    fix=Text("try again in a moment", "请稍后重试"),
)

_SERVER_AWAY = Problem(
    "database-away",
    Text("the database server of this node has gone away for a moment", "本节点的数据库服务器暂时不可用"),
    fix=Text("nothing was saved; try again in a moment", "未保存任何内容，请稍后重试"),
)

_UPDATING = Problem(
    "node-updating",
    Text("the plugins of this node are just being updated", "本节点的插件正在更新"),
    fix=Text("try again in a moment", "请稍后重试"),
)


def _storage_problem(said: str) -> Problem:
    return Problem(
        "storage-fault",
        Text(f"the database cannot be written: {said}", f"数据库无法写入：{said}"),
        fix=Text("free disk space or check the disk, then try again", "请清理磁盘空间或检查磁盘后重试"),
    )
