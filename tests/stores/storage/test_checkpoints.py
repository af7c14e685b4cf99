"""Positions: they move with what they cover, and back only when told to start again."""

from __future__ import annotations

from stores.storage import checkpoints
from tests.stores.chain import BOOKING, Stand


def test_an_acknowledgement_never_goes_back_and_never_beyond_what_was_written(shop: Stand) -> None:
    for guest in ("Chen", "Lin", "Wu"):
        shop.create(BOOKING, {"guest": guest})

    with shop.database.write() as connection:
        assert [checkpoints.ack(connection, "east-01.1", seq) for seq in (2, 1, 99)] == [2, 2, 3]


def test_a_place_in_the_feed_goes_back_only_when_told_to_start_again(shop: Stand) -> None:
    with shop.database.write() as connection:
        for upto in (5, 3):
            checkpoints.move_pulled(connection, upto, epoch="a")
        assert (checkpoints.pulled(connection), checkpoints.epoch(connection)) == (5, "a")
        checkpoints.restart_pull(connection, 0, "b")
        assert (checkpoints.pulled(connection), checkpoints.epoch(connection)) == (0, "b")
