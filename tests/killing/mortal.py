"""A process that kills itself at a chosen moment: before a statement, before a commit, or just after one."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import FrameType
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

# What a process is in the middle of, by the functions that stand on its stack.
WORK = {
    ("stores/acts/act.py", "act"): "act",
    ("sync/hub/server.py", "push"): "merge",
    ("sync/hub/server.py", "pull"): "serve",
    ("sync/branch/push.py", "push"): "push",
    ("sync/branch/pull.py", "pull"): "pull",
}


@dataclass
class Mortal:
    """Counts the moments of this process from ``arm`` on; at moment ``dies_at`` it is gone, with nothing flushed.

    ``passed`` says for every moment what the process was in the middle of.
    """

    record: Path  # a line for each death: what was under way, which moment, the statement
    dies_at: int | None = None
    passed: list[str] = field(default_factory=list)
    _armed: bool = False
    _lock: Lock = field(default_factory=Lock)

    def arm(self) -> None:
        """Begin to count every statement and every commit of every database of this process."""
        event.listen(Engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: self._moment(f"before {sql}"))
        real = DefaultDialect.do_commit

        def commit(dialect: DefaultDialect, connection: Any) -> None:
            self._moment("before COMMIT")
            real(dialect, connection)
            self._moment("after COMMIT")

        DefaultDialect.do_commit = commit  # type: ignore[method-assign]
        self._armed = True

    def _moment(self, what: str) -> None:
        if not self._armed:
            return
        with self._lock:
            self.passed.append(_under_way(sys._getframe(1)))
            if len(self.passed) != self.dies_at:
                return
            line = f"{self.passed[-1]}\t{what.splitlines()[0][:80]}\n"
            note = os.open(self.record, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(note, line.encode())
            os.kill(os.getpid(), signal.SIGKILL)


def _under_way(frame: FrameType | None) -> str:
    while frame is not None:
        code = frame.f_code
        for (file, function), work in WORK.items():
            if code.co_name == function and code.co_filename.replace(os.sep, "/").endswith(file):
                return work
        frame = frame.f_back
    return "other"
