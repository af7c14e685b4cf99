"""Calls of sync that were refused, for who keeps the node: whose, why, how often. A branch that is refused all day
neither fills the memory nor the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
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
    """What has been refused since the node was started. Safe for many threads.

    ``pass_on`` tells it to the process that has the pages, where several serve one headquarters.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.pass_on: Callable[[str], None] | None = None
        self._now = now
        self._lock = Lock()
        self._kept: dict[tuple[str | None, str], Refused] = {}

    def note(self, node: str | None, call: str, problem: Problem) -> Refused | None:
        """Note a refusal; return it when the log is to tell of it: the 1st, 2nd, 4th, 8th … of its kind."""
        found = self._add(node, call, problem.code, problem.what, 1)
        return found if found.times & (found.times - 1) == 0 else None

    def tell(self, refused: Refused) -> None:
        """Pass on what ``note`` has returned, with how many there were since the last time it returned one."""
        if self.pass_on is not None:
            told = {**asdict(refused), "times": refused.times - refused.times // 2}
            del told["at"]
            self.pass_on(json.dumps(told))

    def hear(self, text: str) -> None:
        """Note what another process has told."""
        told = json.loads(text)
        self._add(told["node"], told["call"], told["code"], Text(**told["what"]), told["times"])

    def _add(self, node: str | None, call: str, code: str, what: Text, more: int) -> Refused:
        with self._lock:
            before = self._kept.pop((node, code), None)
            times = before.times + more if before else more
            self._kept[node, code] = found = Refused(node, call, code, what, self._now(), times)
            if len(self._kept) > KEPT_MAX:
                del self._kept[next(iter(self._kept))]
        return found

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
