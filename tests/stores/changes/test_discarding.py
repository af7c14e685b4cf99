"""Nothing is given up without a reason, and nothing twice."""

from __future__ import annotations

import pytest

from core.model.errors import NodeError, NotFound
from stores.actor import SYSTEM_ACTOR
from stores.changes import digest, discarding
from tests.stores.chain import BOOKING, MEMBER, Chain, FakeHost, Stand, quarantined, upgrade


def test_a_reason_is_needed_and_something_to_give_up(shop: Stand) -> None:
    with shop.database.write() as connection:
        for reason, expected in ((" ", NodeError), ("typed wrongly", NotFound)):
            with pytest.raises(expected):
                discarding.discard(connection, shop.node, "north-01.1", "no-such-tx", SYSTEM_ACTOR, reason)


def test_what_was_given_up_of_a_type_unknown_here_stays_given_up_when_the_plugin_comes(database_url: str) -> None:
    shops = Chain(database_url, hub=FakeHost(MEMBER))
    gone = shops.east.create(BOOKING, {"guest": "Chen"})
    kept = shops.east.create(BOOKING, {"guest": "Lin"})
    shops.east.update(BOOKING, kept, guest="Wu")
    shops.push(shops.east)
    give_up(shops, 1)
    give_up(shops, 3)

    upgrade(shops.hub)
    shops.settle()

    for place in (shops.hub, shops.east):
        assert place.row(BOOKING, gone)["_life"] % 2 == 0
        assert (place.row(BOOKING, kept)["guest"], place.row(BOOKING, kept)["_life"]) == ("Lin", 1)
    assert quarantined(shops.hub) == []
    with shops.hub.database.read() as one, shops.east.database.read() as other:
        assert digest.digests(one, shops.hub.node, "east") == digest.digests(other, shops.east.node, "east")
    shops.close()


def give_up(shops: Chain, seq: int) -> None:
    tx = next(each.tx for each in shops.east.log() if each.seq == seq)
    with shops.hub.database.write() as connection:
        discarding.discard(connection, shops.hub.node, "east-01.1", tx, SYSTEM_ACTOR, "a mistake")
