"""Back-pressure: how many calls headquarters works on at once, and what the others are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock
from typing import TypeAlias

from core.model.errors import NodeError, Problem, Text

CALLS_MAX = 16  # questions at once
MERGES_MAX = 64  # frames that are merged or stand in line for it: more than are done before a branch loses patience
MERGING_MAX = 2  # of those, at once: one is merged, the next is read meanwhile; more would only be in each other's way
FRAMES_MAX = 2  # of one node: the second is on its way while the first is merged
RETRY_AFTER_S = 2
Turn: TypeAlias = Callable[[], object]  # returns when it has come


class HubBusy(NodeError):
    """The call was not looked at; come back after ``retry_after_s`` seconds."""

    status = 429
    retry_after_s = RETRY_AFTER_S


class Gate:
    """Lets in a bounded number of calls, few of a node: a branch that sends more at once delays only itself."""

    def __init__(self, calls_max: int = CALLS_MAX, of_a_node: int = 1) -> None:
        self._calls_max, self._of_a_node = calls_max, of_a_node
        self._inside: dict[str, list[Event]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many are inside."""
        return sum(map(len, self._inside.values()))

    @contextmanager
    def entered(self, node: str) -> Iterator[Turn]:
        """Be inside for the block; raises HubBusy at once when there is no room: nobody waits holding a frame.

        Yields what waits until all calls of the node that came in before have left: then it is this one's turn,
        however long each took to read. They must have been given a thread to work in before.
        """
        mine = Event()
        with self._lock:
            before = list(self._inside.get(node, ()))
            if len(before) >= self._of_a_node or len(self) >= self._calls_max:
                raise _busy()
            self._inside[node] = [*before, mine]
        try:
            yield lambda: [each.wait() for each in before]
        finally:
            mine.set()
            with self._lock:
                self._inside[node].remove(mine)
                if not self._inside[node]:
                    del self._inside[node]


def _busy() -> HubBusy:
    fix = Text("nothing to do: the node tries again", "无需处理：节点会自动重试")
    return HubBusy((Problem("hub-busy", Text("headquarters is busy", "总部繁忙"), fix=fix),))
