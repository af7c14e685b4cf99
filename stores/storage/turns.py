"""A lock that serves in the order of arrival: whoever came first writes first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, get_ident


class TurnMissed(Exception):
    """The turn did not come within the time given."""


class Turns:
    """One holder at a time, first come, first served.

    A plain lock may hand itself to whichever thread wakes first, and a thread that writes in a loop can
    then starve the desk. Taking a second turn inside the first would wait for ever, so it is refused.
    """

    def __init__(self) -> None:
        self._guard = Lock()
        self._queue: deque[Event] = deque()
        self._holder: int | None = None

    @property
    def mine(self) -> bool:
        """Whether the calling thread holds the turn."""
        return self._holder == get_ident()

    @property
    def taken(self) -> bool:
        """Whether anybody holds the turn, as of this moment."""
        return self._holder is not None

    def is_of(self, thread: int) -> bool:
        """Whether a thread holds the turn."""
        return self._holder == thread

    def take_from(self, thread: int) -> bool:
        """Hand on the turn of a thread that is stuck in it; return whether it held one."""
        with self._guard:
            if self._holder != thread:
                return False
            self._call_next()
            return True

    @contextmanager
    def turn(self, wait_s_max: float) -> Iterator[None]:
        """Hold the turn for the block; raise ``TurnMissed`` after waiting ``wait_s_max`` seconds."""
        self.take(wait_s_max)
        try:
            yield
        finally:
            self.hand_on()

    def take(self, wait_s_max: float) -> None:
        """Take the turn, to be handed on; raise ``TurnMissed`` as ``turn`` does."""
        me = get_ident()
        assert self._holder != me, "this thread already holds the turn: pass the open connection on instead"
        with self._guard:
            if self._holder is None and not self._queue:
                self._holder = me
                return
            called = Event()
            self._queue.append(called)
        if called.wait(wait_s_max):
            self._holder = me
            return
        with self._guard:
            if called in self._queue:
                self._queue.remove(called)
                raise TurnMissed
        self._holder = me  # called at the very last moment

    def hand_on(self) -> None:
        """Let the next in line have the turn."""
        with self._guard:
            if self._holder == get_ident():  # else it was taken away meanwhile
                self._call_next()

    def _call_next(self) -> None:
        self._holder = None
        if self._queue:
            self._holder = -1  # taken, by the thread about to wake
            self._queue.popleft().set()
