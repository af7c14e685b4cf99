"""Messages as trees of plain values, and back, strictly: a part that is missing, unknown or wrong is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sync.protocol import Message, Refusal
from sync.wire.reading import Part, bad, integer, mapping, name, text
from sync.wire.trees import carriage, comparison, exchange, joining
from sync.wire.trees.parts import SENTENCE_CHARS_MAX, plain

M = TypeVar("M", bound=Message)


def to_tree(message: Message) -> dict[str, object]:
    """Return the message as a tree, its name under ``is``."""
    kind = type(message)
    return {"is": NAMES[kind], **_WRITERS.get(kind, plain)(message)}


def from_tree(tree: object, kind: type[M]) -> M:
    """Return the message of ``kind`` that ``tree`` says; raises FrameError when it says another, or badly."""
    values = dict(mapping(tree, "message"))
    if values.pop("is", None) != NAMES[kind]:
        raise bad("message", f"'{NAMES[kind]}' is expected here", f"此处应为 '{NAMES[kind]}'")
    return cast(M, _READERS[kind](values))


def _read_refusal(tree: dict[str, object]) -> Refusal:
    part = Part(tree, "refusal", tuple(Refusal.__dataclass_fields__))
    return Refusal(
        code=part.get("code", name),
        en=part.get("en", text, SENTENCE_CHARS_MAX),
        zh=part.get("zh", text, SENTENCE_CHARS_MAX),
        retry_after_s=part.get("retry_after_s", _read_seconds),
    )


def _read_seconds(value: object, where: str) -> int | None:
    return None if value is None else integer(value, where, 0, 86_400)


_TOPICS = (exchange, joining, comparison, carriage)
NAMES: dict[type[Any], str] = {
    Refusal: "refusal",
    **{kind: name for topic in _TOPICS for kind, name in topic.NAMES.items()},
}
_WRITERS: dict[type[Any], Callable[[Any], dict[str, object]]] = {
    kind: write for topic in _TOPICS for kind, write in topic.WRITERS.items()
}
_READERS: dict[type[Any], Callable[[dict[str, object]], Message]] = {
    Refusal: _read_refusal,
    **{kind: read for topic in _TOPICS for kind, read in topic.READERS.items()},
}
