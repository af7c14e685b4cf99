"""Back-pressure: how many calls headquarters works on at once, and what the others are told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from core.model.errors import NodeError, Problem, Text

CALLS_MAX = 16  # questions at once
MERGES_MAX = 64  # frames that are merged or stand in line for it: more than are done before a branch loses patience
MERGING_MAX = 2  # of those, at once: one is merged, the next is read meanwhile; more would only be in each other's way
RETRY_AFTER_S = 2


class HubBusy(NodeError):
    """The call was not looked at; come back after ``retry_after_s`` seconds."""

    status = 429
    retry_after_s = RETRY_AFTER_S


class Gate:
    """Lets in a bounded number of calls, one per node: a branch that sends twice at once delays only itself."""

    def __init__(self, calls_max: int = CALLS_MAX) -> None:
        self._calls_max = calls_max
        self._inside: set[str] = set()
        self._lock = Lock()

    def __len__(self) -> int:
        """Return how many are inside."""
        return len(self._inside)

    @contextmanager
    def entered(self, node: str) -> Iterator[None]:
        """Be inside for the block; raises HubBusy at once when there is no room: nobody waits holding a frame."""
        with self._lock:
            if node in self._inside or len(self._inside) >= self._calls_max:
                raise _busy()
            self._inside.add(node)
        try:
            yield
        finally:
            with self._lock:
                self._inside.remove(node)


def _busy() -> HubBusy:
    fix = Text("nothing to do: the node tries again", "无需处理：节点会自动重试")
    return HubBusy((Problem("hub-busy", Text("headquarters is busy", "总部繁忙"), fix=fix),))
