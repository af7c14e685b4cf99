"""What several messages are made of, as plain values and back."""

from __future__ import annotations

from typing import Any

from sync.protocol import Head
from sync.wire.reading import integer, listing, name, text

TOKEN_CHARS_MAX = 400
SENTENCE_CHARS_MAX = 4_000
HASH_CHARS_MAX = 128


def plain(message: Any) -> dict[str, object]:
    """Return a message of plain values as it is written: every field by its name."""
    return {key: getattr(message, key) for key in message.__dataclass_fields__}


def head_tree(head: Head) -> list[object]:
    """Return a head as a pair."""
    return [head.seq, head.hash]


def read_head(value: object, where: str) -> Head:
    """Return the head that a pair says, or raise FrameError."""
    seq, digest = listing(value, where, 2)
    return Head(integer(seq, where), text(digest, where, HASH_CHARS_MAX))


def read_place(value: object, where: str) -> tuple[int, str, str] | None:
    """Return where a piece ends, as a number, a record type and an id, or None; raise FrameError for anything else."""
    if value is None:
        return None
    number, type_, id_ = listing(value, where, 3)
    return integer(number, where), name(type_, where), text(id_, where, TOKEN_CHARS_MAX)
