"""One clock for all nodes of the demo: it stands until the story moves it, and runs on by itself afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock


class StoryClock:
    """Gives aware UTC moments. ``real_s`` is a real clock in seconds, used once the story is over."""

    def __init__(self, start: datetime, real_s: Callable[[], float]) -> None:
        self._moment = start.astimezone(UTC)
        self._real_s = real_s
        self._running_since: float | None = None
        self._lock = Lock()

    def __call__(self) -> datetime:
        """Return the present moment of the story. Each look takes a millisecond, so that no two events coincide."""
        with self._lock:
            if self._running_since is not None:
                return self._moment + timedelta(seconds=self._real_s() - self._running_since)
            self._moment += timedelta(milliseconds=1)
            return self._moment

    def move_to(self, moment: datetime) -> None:
        """Move forward to ``moment``; a moment that has passed changes nothing."""
        with self._lock:
            assert self._running_since is None, "the story is over"
            self._moment = max(self._moment, moment.astimezone(UTC))

    def run(self) -> None:
        """From now on keep pace with the real clock: people are trying things out."""
        with self._lock:
            self._running_since = self._real_s()
