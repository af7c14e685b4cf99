"""The journal of sync: fixed words, codes and counts. What people entered, tokens and codes never get in."""

from __future__ import annotations

import logging
from traceback import extract_tb

journal = logging.getLogger("branchline.sync")
FRAMES_MAX = 12


def traced(error: BaseException) -> dict[str, object]:
    """Return what may be written of a fault: its sort and where it came from, not what it says, which quotes values."""
    frames = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)
    ]
    return {"error": type(error).__name__, "frames": frames[-FRAMES_MAX:]}
