"""Version numbers and ranges: ``1.2.3`` against ``^1``, ``~1.2``, ``>=1.0``, ``1.2.x`` or ``*``."""

from __future__ import annotations

import re

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?")
_RANGE = re.compile(r"(\^|~|>=|)\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:\.[x*])*")

Version = tuple[int, int, int]


def parse_version(text: str) -> Version | None:
    """Return the three numbers of ``1.2.3``, or None when the text is not a version."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_range(text: str) -> bool:
    """Whether the text is a version range we understand."""
    return text == "*" or _RANGE.fullmatch(text) is not None


def in_range(version: str, wanted: str) -> bool:
    """Whether ``version`` lies in the range ``wanted``.

    ``^1.2`` allows what does not change the first number that is not zero; ``~1.2`` what does not change
    the second; ``>=1.2`` anything newer; a bare ``1`` or ``1.2`` anything that begins so.
    """
    number = parse_version(version)
    if number is None or not is_range(wanted):
        return False
    if wanted == "*":
        return True
    found = _RANGE.fullmatch(wanted)
    assert found is not None
    sign, parts = found[1], [int(part) for part in found.groups()[1:] if part is not None]
    padded = [*parts, 0, 0]
    lowest: Version = padded[0], padded[1], padded[2]
    return lowest <= number and (sign == ">=" or number < _beyond(sign, parts))


def _beyond(sign: str, parts: list[int]) -> Version:
    """Return the first version that is no longer in the range."""
    place = len(parts) - 1
    if sign == "^":
        place = next((i for i, part in enumerate(parts) if part), place)
    elif sign == "~":
        place = min(1, place)
    raised = [*parts[:place], parts[place] + 1, 0, 0, 0]
    return raised[0], raised[1], raised[2]
