"""Slows down guessing: failed sign-ins are counted by login and by address. In memory; a restart forgives."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import ClassVar

from core.model.errors import NodeError, Problem, Text


class TooManyAttempts(NodeError):
    """Too many failed sign-ins; ``seconds`` says how long to wait."""

    status: ClassVar[int] = 429
    seconds: int = 0

    @classmethod
    def after(cls, seconds: int) -> TooManyAttempts:
        """Return the error for somebody who has to wait ``seconds``."""
        what = Text(
            f"too many failed sign-ins; try again in {seconds} seconds", f"登录失败次数过多，请在 {seconds} 秒后重试"
        )
        fix = Text("wait, or ask the administrator to set a new password", "请稍候，或请管理员重设密码")
        error = cls((Problem("too-many-attempts", what, fix=fix),))
        error.seconds = seconds
        return error


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last: float = 0.0
    blocked_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Limits:
    """After ``free`` failures each further one doubles the wait, from ``first_wait_s`` to ``longest_wait_s``."""

    free: int
    first_wait_s: float
    longest_wait_s: float = 1800.0
    forget_after_s: float = 3600.0


# As long as an account rests in the database (see people.py), so that an unknown login answers like a known one.
LOGIN_LIMITS = Limits(free=5, first_wait_s=300.0)
ADDRESS_LIMITS = Limits(free=20, first_wait_s=5.0)  # a shop's counters often share one address
_KEYS_MAX = 10_000


class Throttle:
    """Counts attempts before they are judged, so that a hundred parallel guesses are a hundred guesses."""

    def __init__(self, mono: Callable[[], float]) -> None:
        self._mono = mono
        self._lock = Lock()
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()

    def enter(self, login: str, address: str) -> None:
        """Count an attempt as failed until ``succeeded`` is called; raise TooManyAttempts while one has to wait."""
        now = self._mono()
        keys = ((("login", login), LOGIN_LIMITS), (("address", address), ADDRESS_LIMITS))
        with self._lock:
            wait = max(self._wait(key, now) for key, _ in keys)
            if wait > 0:
                raise TooManyAttempts.after(max(1, round(wait)))
            for key, limits in keys:
                self._count(key, limits, now)

    def succeeded(self, login: str, address: str) -> None:
        """Forget the failures of ``login``, and take back this attempt from the address's count."""
        with self._lock:
            self._counts.pop(("login", login), None)
            count = self._counts.get(("address", address))
            if count is not None:
                count.failures = max(0, count.failures - 1)
                count.blocked_until = 0.0

    def _wait(self, key: tuple[str, str], now: float) -> float:
        count = self._counts.get(key)
        return count.blocked_until - now if count else 0.0

    def _count(self, key: tuple[str, str], limits: Limits, now: float) -> None:
        count = self._counts.setdefault(key, _Count(last=now))
        if now - count.last > limits.forget_after_s:
            count.failures = 0
        count.failures += 1
        count.last = now
        if count.failures >= limits.free:
            doubled: float = limits.first_wait_s * 2.0 ** min(count.failures - limits.free, 20)
            count.blocked_until = now + min(doubled, limits.longest_wait_s)
        self._counts.move_to_end(key)
        while len(self._counts) > _KEYS_MAX:
            self._counts.popitem(last=False)
