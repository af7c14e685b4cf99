"""Every part of every message is asked for, by name, type and bound."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.protocol import FrameError, Message
from sync.wire.codec import encode
from sync.wire.messages import from_tree
from tests.sync.wire.test_codec import MESSAGES


def trees() -> list[tuple[Message, dict[str, Any]]]:
    return [(message, json.loads(encode(message, "json"))) for message in MESSAGES]


@pytest.mark.parametrize(("message", "tree"), trees(), ids=lambda each: type(each).__name__)
def test_a_message_with_a_part_missing_or_strange_is_refused(message: Message, tree: dict[str, Any]) -> None:
    for key in tree:
        for spoiled in ({k: v for k, v in tree.items() if k != key}, {**tree, key: {"strange": 1}}, {**tree, key: -1}):
            with pytest.raises(FrameError) as caught:
                from_tree(spoiled, type(message))
            assert caught.value.problems[0].code == "frame-malformed"
    with pytest.raises(FrameError):
        from_tree({**tree, "more": 1}, type(message))
    with pytest.raises(FrameError):
        from_tree([tree], type(message))


@pytest.mark.parametrize(
    ("number", "part", "value"),
    [
        (0, "node", ""), (0, "node", "n" * 201), (0, "schema", {"a": 1}), (0, "schema", {str(n): "d" for n in range(1_001)}),
        (0, "head", [1]), (0, "wall", True), (0, "wall", 2**63), (1, "standing", "fine"), (1, "limits", [0, 1, 1]),
        (1, "limits", [1, 1]), (4, "receipt", {"origin": "a"}), (6, "rows", 0), (6, "rows", 10**9), (7, "more", 1),
        (9, "code", "c" * 401), (10, "key", "AB" * 32), (10, "key", "a"), (11, "retry_after_s", 10**6), (11, "en", "e" * 4_001),
    ],
)  # fmt: skip
def test_a_part_beyond_its_bounds_is_refused(number: int, part: str, value: object) -> None:
    message, tree = trees()[number]

    with pytest.raises(FrameError):
        from_tree({**tree, part: value}, type(message))
