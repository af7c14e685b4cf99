"""What headquarters has heard of a node: the last word counts, and chatter is not written down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from stores.storage import peers
from stores.storage.peers import Peer
from tests.stores.chain import Stand

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
BUND = Peer(
    "bund-01", "bund", NOON, "bund-01.1", 7, 3, -40, {"software": "1", "plugins": {"tea": "1.0.0"}, "waiting": 2}
)


def test_the_last_word_of_a_node_is_kept(shop: Stand) -> None:
    with shop.database.write() as connection:
        peers.hear(connection, BUND)
        peers.hear(connection, replace(BUND, head=9, report={"waiting": 0}))

        assert peers.peer(connection, "bund-01") == replace(BUND, head=9, report={"waiting": 0})
        assert peers.peer(connection, "nobody") is None
        assert [each.node for each in peers.peers(connection)] == ["bund-01"]


def test_a_busy_shop_that_calls_after_every_booking_costs_no_write_each_time() -> None:
    soon = NOON + timedelta(seconds=5)

    assert peers.is_news(None, BUND)
    assert not peers.is_news(BUND, replace(BUND, heard_at=soon, head=8, report={**BUND.report, "waiting": 1}))
    assert peers.is_news(BUND, replace(BUND, heard_at=soon, report={**BUND.report, "plugins": {"tea": "1.1.0"}}))
    assert peers.is_news(BUND, replace(BUND, heard_at=soon, origin="bund-01.2"))
    assert peers.is_news(BUND, replace(BUND, heard_at=NOON + peers.REFRESHED_AFTER))
