"""Headquarters is not what it was when this round began: the node says hello again."""

from __future__ import annotations

from core.model.errors import NodeError, Problem, Text


class FeedRestarted(NodeError):
    """Headquarters was put back while this node was talking to it; after another hello the node reads it anew."""

    status = 409


def restarted() -> FeedRestarted:
    """Return the error that ends what is left of a round's attempt."""
    what = Text("headquarters was restored; this node reads its records again", "总部已恢复备份；本节点将重新读取记录")
    fix = Text("nothing to do: the node does it by itself", "无需处理：节点会自动完成")
    return FeedRestarted((Problem("feed-restarted", what, fix=fix),))
