"""Money that waits to be sent: each record once, with its largest amount, and nothing once it has arrived."""

from __future__ import annotations

from stores.changes.unsent import UnsentMoney
from stores.storage import checkpoints
from tests.stores.chain import BOOKING, Stand


def test_a_record_counts_once_until_headquarters_has_it(shop: Stand) -> None:
    money = UnsentMoney()

    def fen() -> int:
        with shop.database.read() as connection:
            return money.fen(connection, shop.node)

    assert fen() == 0
    first = shop.create(BOOKING, {"guest": "Chen", "deposit": 30_000})
    assert fen() == 30_000
    shop.update(BOOKING, first, deposit=50_000)
    shop.update(BOOKING, first, guest="Chen Jun")
    shop.create(BOOKING, {"guest": "Lin", "deposit": 1_000})
    assert fen() == 51_000

    for sent, left in ((1, 51_000), (3, 1_000), (4, 0)):
        with shop.database.write() as connection:
            checkpoints.ack(connection, shop.node.identity.origin, sent)
        assert fen() == left
