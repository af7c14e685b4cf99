"""Runs timers when they are due: sleeps until the next one; a commit, which may have armed an earlier one, wakes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Event, Thread

from core.model.errors import NodeError

log = logging.getLogger("branchline.timers")
LONGEST_NAP_S = 30.0  # the PC's clock may be set while we sleep
SHORTEST_NAP_S = 0.05  # a timer that cannot be run now is tried again, but not without pause
GATHER_S = 0.02  # after a commit: its answer goes out first, and the next commits share the look


class TimerLoop:
    """One background thread per node.

    ``fire`` runs what is due and returns how many timers fired; ``next_due`` says when to look again.
    """

    def __init__(
        self, fire: Callable[[], int], next_due: Callable[[], datetime | None], now: Callable[[], datetime]
    ) -> None:
        self._fire = fire
        self._next_due = next_due
        self._now = now
        self._wake = Event()
        self._stopping = Event()
        self._thread: Thread | None = None

    def start(self, name: str = "timers") -> None:
        """Start the thread; timers that fell due while the PC was off fire at once, in due order."""
        assert self._thread is None, "started twice"
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look again now: a commit may have armed a timer that is due earlier than the nap ends."""
        self._wake.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop after the timer that is running, if any."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def step(self) -> float:
        """Fire what is due and return the seconds to sleep."""
        try:
            fired = self._fire()
            if fired:
                log.info("timers fired", extra={"count": fired})
            return self._nap()
        except NodeError as error:
            log.warning("a timer was refused", extra={"codes": [problem.code for problem in error.problems]})
        except Exception:  # one failing timer must not end all later ones
            log.exception("timers failed")
        return LONGEST_NAP_S / 10

    def _nap(self) -> float:
        due = self._next_due()
        if due is None:
            return LONGEST_NAP_S
        seconds = (due - self._now()).total_seconds()
        return min(max(seconds, SHORTEST_NAP_S), LONGEST_NAP_S)

    def _run(self) -> None:
        while True:
            self._wake.clear()
            if self._stopping.is_set():
                return
            if self._wake.wait(self.step()):
                self._stopping.wait(GATHER_S)
