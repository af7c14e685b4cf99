"""The hybrid logical clock: it ranks concurrent edits, and no wrong clock can make it lose or block one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

from core.model.errors import Text
from core.model.values import BadValue

Stamp = int  # milliseconds since 1970 (48 bits), then a counter (16 bits)
COUNTER_BITS = 16
_COUNTER_MAX = (1 << COUNTER_BITS) - 1
STAMP_MAX = 2**63 - 1  # what a database column holds: the year 6429


class HybridClock:
    """Gives every edit of one node a stamp above all stamps the node has given or seen.

    The caller stores ``last`` in the transaction of the edit, so that a restart goes on from there, and
    holds the node's write lock while it ticks: the clock itself has no lock.
    """

    def __init__(self, now_ms: Callable[[], int], last: Stamp = 0) -> None:
        self._now_ms = now_ms
        self._wall_ms = stamp_ms(last)
        self.last = last

    def tick(self) -> Stamp:
        """Return the next stamp. When the wall clock stands or goes back, the counter goes on.

        A full counter runs over into the milliseconds by itself: the stamp is one number.
        """
        self.last = max(self.last + 1, self._wall() << COUNTER_BITS)
        return self.last

    def observe(self, stamp: Stamp) -> None:
        """Take note of a stamp from elsewhere: what is written here from now on ranks above it.

        The first stamp a new clock is told is the one it gave last before a restart.
        """
        if not self.last:
            self._wall_ms = max(self._wall_ms, stamp_ms(stamp))
        self.last = max(self.last, stamp)

    def rank(self, stamp: Stamp, tolerance_ms: int) -> Stamp:
        """Return the stamp an incoming edit is ranked by: its own, or a little ahead of now if it claims more.

        "Now" is the latest this clock ever showed. So the ranks of one origin never go back, even while
        this node's own clock does, and an origin's later edit never looks older than its earlier one.
        """
        return clamp(stamp, self._wall(), tolerance_ms)

    def _wall(self) -> int:
        self._wall_ms = max(self._wall_ms, self._now_ms())
        return self._wall_ms


def clamp(stamp: Stamp, now_ms: int, tolerance_ms: int) -> Stamp:
    """Return ``stamp``, or the last stamp within ``tolerance_ms`` of now if it claims to be later still."""
    return min(stamp, (now_ms + tolerance_ms) << COUNTER_BITS | _COUNTER_MAX)


def stamp_ms(stamp: Stamp) -> int:
    """Return the milliseconds since 1970 in a stamp."""
    return stamp >> COUNTER_BITS


def iso(moment: datetime) -> str:
    """Return the cell of a moment: UTC, milliseconds, always 24 characters, so that text order is time order."""
    if moment.tzinfo is None:
        raise naive()
    return _iso(moment.astimezone(UTC))  # two moments of an hour that a clock goes through twice are equal before that


@lru_cache(maxsize=1024)  # an action writes its moment and its deadlines several times, an import a thousand times
def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")[:-6] + "Z"


def from_iso(cell: str) -> datetime:
    """Return the moment in a cell that ``iso`` wrote."""
    assert len(cell) == 24, f"not a moment: {cell!r}"
    return datetime.fromisoformat(cell)


def naive() -> BadValue:
    """Return the refusal of a moment that does not say where on earth it is."""
    return BadValue(
        Text("the date and time has no time zone", "日期时间缺少时区"),
        Text("add the offset, for example +08:00", "请加上时区，例如 +08:00"),
        code="naive-datetime",
    )
