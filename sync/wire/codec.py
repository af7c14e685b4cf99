"""Messages as bytes: packed columns for nodes, JSON for people and for tools, and a clear error for anything else."""

from __future__ import annotations

import base64
import json
from typing import Literal, TypeVar

from sync.protocol import BODY_BYTES_MAX, HARD_BYTES_MAX, FrameError, Message
from sync.wire import packing
from sync.wire.messages import from_tree, to_tree
from sync.wire.reading import bad
from sync.wire.squeezing import too_large

M = TypeVar("M", bound=Message)
Form = Literal["packed", "json"]

PACKED = "application/x-branchline"
JSON = "application/json"
JSON_BYTES_MAX = 4 << 20  # JSON unfolds to some forty times its size in memory
MEDIA_TYPES: dict[Form, str] = {"packed": PACKED, "json": JSON}


def encode(message: Message, form: Form = "packed") -> bytes:
    """Return the message as a body of the given form."""
    tree = to_tree(message)
    if form == "json":
        return json.dumps(tree, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_base64).encode()
    return packing.pack(tree)


def decode(body: bytes, kind: type[M], form: Form = "packed") -> M:
    """Return the message of ``kind`` in ``body``.

    Raises FrameTooLarge before memory is spent on a body that is too large, and FrameError for anything that
    is no such message: cut short, altered, of another kind, with values that no node writes.
    """
    return from_tree(_read_json(body) if form == "json" else _unpack(body), kind)


def form_of(media_type: str | None) -> Form | None:
    """Return the form a Content-Type names, or None when it is none of ours: a proxy's HTML page, say."""
    plain = (media_type or "").partition(";")[0].strip().lower()
    return next((form for form, name in MEDIA_TYPES.items() if name == plain), None)


def _unpack(body: bytes) -> object:
    if len(body) > BODY_BYTES_MAX:
        raise too_large(BODY_BYTES_MAX)
    return packing.unpack(body)


def _read_json(body: bytes) -> object:
    if len(body) > JSON_BYTES_MAX:
        raise too_large(JSON_BYTES_MAX)
    try:
        tree = json.loads(body.decode(), parse_constant=_refuse, object_pairs_hook=_unique)
        json.dumps(tree, ensure_ascii=False).encode()  # a lone surrogate hides in an escape and shows only here
    except FrameError:
        raise
    except (ValueError, RecursionError) as error:
        raise bad("message", "no JSON", "不是 JSON") from error
    return tree


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _refuse(word: str) -> object:
    raise ValueError(f"{word} is no number")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise bad("message", "a key twice", "键重复")
    return found


assert JSON_BYTES_MAX <= BODY_BYTES_MAX <= HARD_BYTES_MAX
