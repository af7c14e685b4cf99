"""Is the journal beside a database file its own? Looked at before SQLite folds it in, for then it is too late.

SQLite does not know whose journal it finds. One of another node, left by somebody who copied files by hand, would be
written over this node's pages without a word.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from core.model.errors import Problem, Text

_IDENTITY = "SELECT value FROM node_state WHERE key = 'identity'"
_HEADS_THAT_DANGLE = (
    "SELECT count(*) FROM checkpoint AS c WHERE c.stream = 'head' AND c.position > 0 AND NOT EXISTS ("
    "SELECT 1 FROM log WHERE log.origin = c.peer AND log.seq = c.position AND log.hash = c.proof)"
)


def foreign(file: Path) -> Problem | None:
    """Return what is wrong with the journal beside ``file``; None when there is none, or it is the file's own.

    The file is read twice, without the journal and with it, and nothing is written: with a journal of its own it
    stays the same node, and its logs end where it says they end.
    """
    journal = file.with_name(file.name + "-wal")
    if not journal.exists() or not journal.stat().st_size or not file.exists() or not file.stat().st_size:
        return None
    owner = _owner(file, "immutable=1")
    if owner is None:
        return None  # a young database: all it holds is in the journal
    try:
        with closing(_open(file, "mode=ro")) as read:
            same = _who(read) == owner and read.execute(_HEADS_THAT_DANGLE).fetchone() == (0,)
    except sqlite3.DatabaseError:
        same = False
    return None if same else _problem(journal)


def _owner(file: Path, how: str) -> tuple[str, str] | None:
    try:
        with closing(_open(file, how)) as read:
            return _who(read)
    except sqlite3.DatabaseError:
        return None


def _who(read: sqlite3.Connection) -> tuple[str, str] | None:
    found = read.execute(_IDENTITY).fetchone()
    known = json.loads(found[0]) if found else None
    return (known["node"], known["store"]) if known else None


def _open(file: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True)


def _problem(journal: Path) -> Problem:
    return Problem(
        "storage-foreign-journal",
        Text(
            f"{journal.name} beside the database belongs to another database; nothing was written",
            f"数据库旁的 {journal.name} 属于另一个数据库；未写入任何内容",
        ),
        fix=Text(
            "move that file away; if this node's own was lost, put the last backup back",
            "请移走该文件；如本节点自己的日志文件已丢失，请恢复最近的备份",
        ),
    )
