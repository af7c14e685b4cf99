"""Every sort of message is known by a name."""

from __future__ import annotations

import pytest

from sync.protocol import FrameError, Pull
from sync.wire.messages import NAMES, from_tree, to_tree
from tests.sync.wire.test_codec import MESSAGES


def test_every_sort_of_message_is_among_the_samples_and_has_a_name_of_its_own() -> None:
    assert {type(message) for message in MESSAGES} == set(NAMES)
    assert len(set(NAMES.values())) == len(NAMES)


def test_a_message_is_not_taken_for_another() -> None:
    with pytest.raises(FrameError, match="'pull' is expected here"):
        from_tree(to_tree(MESSAGES[0]), Pull)
