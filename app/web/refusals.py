"""Calls of sync that were refused, for who keeps the node: whose, why, how often. A branch that is refused all day
neither fills the memory nor the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from core.model.errors import Language, Problem, Text

KEPT_MAX = 100  # pairs of a node and a code; the one that was longest ago goes


@dataclass(frozen=True, slots=True)
class Refused:
    """The last of the calls of one node that were refused for one reason, and how many there have been."""

    node: str | None  # None: nobody knows whose it was
    call: str
    code: str
    what: Text
    at: datetime
    times: int


class Refusals:
    """What has been refused since the node was started. Safe for many threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = Lock()
        self._kept: dict[tuple[str | None, str], Refused] = {}

    def note(self, node: str | None, call: str, problem: Problem) -> Refused | None:
        """Note a refusal; return it when the log is to tell of it: the 1st, 2nd, 4th, 8th … of its kind."""
        key = (node, problem.code)
        with self._lock:
            before = self._kept.pop(key, None)
            times = before.times + 1 if before else 1
            self._kept[key] = found = Refused(node, call, problem.code, problem.what, self._now(), times)
            if len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        return found if times & (times - 1) == 0 else None

    def counts(self) -> list[tuple[str, str, int]]:
        """Return (node, "" where nobody knows whose it was; code; how many), for a monitoring system."""
        with self._lock:
            return [(each.node or "", each.code, each.times) for each in self._kept.values()]

    def told(self, language: Language) -> list[dict[str, object]]:
        """Return them as plain data, the latest first."""
        with self._lock:
            kept = list(self._kept.values())[::-1]
        return [
            {"node": each.node, "call": each.call, "code": each.code, "what": each.what.say(language),
             "last": each.at.isoformat(timespec="seconds"), "times": each.times}
            for each in kept
        ]  # fmt: skip
