"""Ids of records: UUIDv7, so that they sort by the time they were made. Pure: time and dice come in."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

_SEQUENCE_BITS = 12
_RANDOM_BYTES, _AHEAD = 8, 64  # of one id; ids whose random bytes are drawn at once, for asking costs more than they do
_VARIANT = {f"{digit:x}": f"{digit & 0b11 | 0b1000:x}" for digit in range(16)}


def uuid7(ms: int, random: bytes, sequence: int = 0) -> str:
    """Return a UUIDv7 (RFC 9562) from milliseconds since 1970, at least 8 random bytes and a 12-bit sequence."""
    return f"{_head(ms)}-7{sequence & 0xFFF:03x}-{_tail(random.hex())}"


def _head(ms: int) -> str:
    digits = f"{ms & ((1 << 48) - 1):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def _tail(digits: str) -> str:
    """Return the random half of 16 digits; its first two bits say which kind of UUID it is."""
    return f"{_VARIANT[digits[0]]}{digits[1:4]}-{digits[4:16]}"


class IdMaker:
    """Makes ids that rise, also within one millisecond and also when the clock goes back.

    Records made in one action then list in the order in which the action made them.
    """

    def __init__(self, now_ms: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._now_ms = now_ms
        self._random = random
        self._lock = Lock()
        self._ms = 0
        self._written = ""  # the milliseconds as an id writes them
        self._sequence = 0
        self._drawn: list[str] = []

    def __call__(self) -> str:
        """Return the next id."""
        with self._lock:
            ms = self._now_ms()
            if ms > self._ms:
                self._begin(ms)
            else:
                self._sequence += 1
                if self._sequence >> _SEQUENCE_BITS:
                    self._begin(self._ms + 1)
            if not self._drawn:
                self._draw()
            return f"{self._written}-7{self._sequence:03x}-{self._drawn.pop()}"

    def _begin(self, ms: int) -> None:
        self._ms, self._written, self._sequence = ms, _head(ms), 0

    def _draw(self) -> None:
        digits = self._random(_RANDOM_BYTES * _AHEAD).hex()
        width = 2 * _RANDOM_BYTES
        self._drawn = [_tail(digits[at : at + width]) for at in range(0, len(digits), width)]
        self._drawn.reverse()  # in the order in which they were drawn
