"""A log of this node that headquarters holds differently, or that is no longer what was written here."""

from __future__ import annotations

from core.model.errors import NodeError, Problem, Text
from stores.changes import log
from stores.storage import checkpoints
from stores.storage.database import Connection
from sync.protocol import Head, Standing


class LogDisputed(NodeError):
    """Headquarters holds another version of this node's log: a restored backup, or a copy running elsewhere."""

    status = 409


class LogDamaged(LogDisputed):
    """The log here is not what was written: a disk failed, or somebody edited it. It cannot be sent as it is."""


def disputed(standing: Standing) -> LogDisputed:
    """Return the error for a log headquarters holds differently. Nothing is sent until a person has looked."""
    if standing is Standing.BEHIND:
        what = Text(
            "headquarters holds more of this node's log than the node itself: its database is an old copy",
            "总部保存的本节点日志多于本节点自身：数据库是旧副本",
        )
    else:
        what = Text(
            "headquarters holds another version of this node's log: a copy was used elsewhere, or an old backup",
            "总部保存的本节点日志与本节点不一致：曾使用过其他副本，或恢复过旧备份",
        )
    fix = Text(
        "keep this database, stop other copies of the node, and rebuild the node from headquarters",
        "请保留本数据库，停用该节点的其他副本，并从总部重建本节点",
    )
    return LogDisputed((Problem("log-disputed", what, fix=fix),))


def damaged(after: int) -> LogDamaged:
    """Return the error for a log that was altered somewhere behind a line."""
    what = Text(
        f"this node's log was altered behind its back, somewhere after line {after}; it cannot be sent from there on",
        f"本节点日志在第 {after} 行之后被改动，此后的内容无法发送",
    )
    fix = Text(
        "keep this database, run `branchline verify` and put the last good backup back; records still come down",
        "请保留本数据库，运行 `branchline verify` 并恢复最近的完好备份；下行数据不受影响",
    )
    return LogDamaged((Problem("log-damaged", what, fix=fix),))


def check_shared(connection: Connection, origin: str, held: Head) -> None:
    """Raise LogDisputed unless what headquarters holds is the beginning of the log here."""
    seq, _ = checkpoints.head(connection, origin)
    if held.seq > seq:
        raise disputed(Standing.BEHIND)
    if held.seq and log.hashes(connection, origin, held.seq, held.seq).get(held.seq) != held.hash:
        raise disputed(Standing.FORKED)
