"""What a database says in its own words, told so that a person can act on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

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
    retry_after_s: ClassVar[int] = 5


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
    """Return what is wrong with the disk in words: what the database says is English, and for who wrote it."""
    what, fix = next(
        (told for signs, told in _DISK.items() if any(sign in said.lower() for sign in signs)), _DISK_FAILS
    )
    return Problem("storage-fault", what, fix=fix)


_DISK_FAILS = (
    Text("the disk of this node does not read or write as it should", "本机磁盘读写出错"),
    Text("nothing was saved; have the disk looked at, and make a backup now", "未保存任何内容；请尽快备份并检查磁盘"),
)
_DISK = {
    ("is full", "no space"): (
        Text("the disk of this node is full; nothing was saved", "本机磁盘已满，本次未保存"),
        Text(
            "make room on the disk, then try again; all that was saved before is there",
            "请清理磁盘空间后重试；此前已保存的内容都在",
        ),
    ),
    ("readonly",): (
        Text("this node's data may only be read; nothing was saved", "本机数据文件为只读，本次未保存"),
        Text(
            "let the program write to the folder of its data, then try again",
            "请为程序开放数据文件夹的写权限后重试",
        ),
    ),
    ("malformed", "not a database"): (
        Text("this node's database is damaged", "本机数据库已损坏"),
        Text(
            "put the newest backup back (branchline restore), or have all of it sent again (branchline rebuild)",
            "请恢复最近的备份（branchline restore），或从总部重建（branchline rebuild）",
        ),
    ),
}
