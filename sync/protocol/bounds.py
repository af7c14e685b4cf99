"""How much is said at once, and how much a node reads at most."""

from __future__ import annotations

from collections.abc import Callable

PROTOCOL_VERSION = 1

FRAME_CHANGES_MAX = 5_000  # a frame is cut here, at the end of a transaction ...
FRAME_BYTES_MAX = 2 << 20  # ... or here; bytes before compression
HARD_CHANGES_MAX = 100_000  # a transaction larger than a frame goes whole up to here, then in pieces
HARD_BYTES_MAX = 16 << 20  # the largest frame a node unpacks, in bytes after decompression
PATHS_MAX = 100  # what one comparison asks for at once
PIECES_MAX = 4  # of a content in one message
OFFERED_MAX = 50  # contents in one offer
BODY_BYTES_MAX = 8 << 20  # the largest body a node reads from the network, in bytes as received

Dice = Callable[[int], bytes]  # n unpredictable bytes; app/bootstrap.py passes the real ones
