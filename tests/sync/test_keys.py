"""What a node keeps to prove who it is survives a restart and does not show itself."""

from __future__ import annotations

from stores.node import Node
from sync import keys, receipts
from sync.keys import Upstream
from tests.sync.nodes import World


def test_a_hub_is_founded_once_and_stays_itself(hub: Node, world: World) -> None:
    with hub.database.write() as connection:
        before, after = keys.hub(connection), keys.found_hub(connection, world.dice.randbytes)

    assert before.epoch == after.epoch
    assert receipts.public_of(before.key) == receipts.public_of(after.key)


def test_an_upstream_is_known_once_enrolment_is_through(bund: Node) -> None:
    with bund.database.write() as connection:
        keys.offer_token(connection, "offered")
        assert keys.upstream(connection) is None

        kept = Upstream("https://hq.example.com", "offered", "ab" * 32)
        keys.keep_upstream(connection, kept)

        assert keys.upstream(connection) == kept
        assert keys.offered_token(connection) is None


def test_secrets_do_not_show_where_things_are_printed(hub: Node) -> None:
    with hub.database.read() as connection:
        found = keys.hub(connection)

    assert "key" not in repr(found)
    assert "secret" not in repr(Upstream("https://hq.example.com", "secret", "ab" * 32))


def test_a_hash_says_nothing_of_what_it_was_made_from_and_is_always_the_same() -> None:
    assert keys.hashed("token") == keys.hashed("token") != keys.hashed("tokem")
    assert "token" not in keys.hashed("token")
