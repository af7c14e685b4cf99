"""Ids of records: UUIDv7, so that they sort by the time they were made. Pure: time and dice come in."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

_SEQUENCE_BITS = 12
_RANDOM_BYTES, _AHEAD = 8, 64  # of one id; ids whose random bytes are drawn at once, for asking costs more than they do


def uuid7(ms: int, random: bytes, sequence: int = 0) -> str:
    """Return a UUIDv7 (RFC 9562) from milliseconds since 1970, at least 8 random bytes and a 12-bit sequence."""
    tail = int.from_bytes(random[:8], "big") & ((1 << 62) - 1)
    head = (ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | (sequence & 0xFFF) << 64
    digits = f"{head | 0b10 << 62 | tail:032x}"  # as UUID would write it, in a third of the time
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


class IdMaker:
    """Makes ids that rise, also within one millisecond and also when the clock goes back.

    Records made in one action then list in the order in which the action made them.
    """

    def __init__(self, now_ms: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._now_ms = now_ms
        self._random = random
        self._lock = Lock()
        self._ms = 0
        self._sequence = 0
        self._drawn = b""

    def __call__(self) -> str:
        """Return the next id."""
        with self._lock:
            ms = self._now_ms()
            if ms > self._ms:
                self._ms, self._sequence = ms, 0
            else:
                self._sequence += 1
                if self._sequence >> _SEQUENCE_BITS:
                    self._ms, self._sequence = self._ms + 1, 0
            if not self._drawn:
                self._drawn = self._random(_RANDOM_BYTES * _AHEAD)
            mine, self._drawn = self._drawn[:_RANDOM_BYTES], self._drawn[_RANDOM_BYTES:]
            return uuid7(self._ms, mine, self._sequence)
