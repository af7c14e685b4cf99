"""Nothing is given up without a reason, and nothing twice."""

from __future__ import annotations

import pytest

from core.model.errors import NodeError, NotFound
from stores.actor import SYSTEM_ACTOR
from stores.changes import discarding
from tests.stores.chain import Stand


def test_a_reason_is_needed_and_something_to_give_up(shop: Stand) -> None:
    with shop.database.write() as connection:
        for reason, expected in ((" ", NodeError), ("typed wrongly", NotFound)):
            with pytest.raises(expected):
                discarding.discard(connection, shop.node, "north-01.1", "no-such-tx", SYSTEM_ACTOR, reason)
