"""Records read in bulk, changed in memory and written back in bulk."""

from __future__ import annotations

from core.model.merge import FieldStamp
from core.model.stamps import RowStamps
from stores.changes import held
from tests.stores.chain import BOOKING, Stand


def test_a_copy_is_changed_without_touching_the_record(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen"})
    with shop.database.read() as connection:
        record = held.load(connection, shop.node.tables[BOOKING.key], [id_], ["guest"])[id_]

    twin = record.copy()
    twin.cells["guest"], twin.life = "Lin", 2
    twin.unknown["new"] = 1
    twin.changed.add("guest")
    twin.stamps = twin.stamps.with_(("guest",), FieldStamp(9, 9, "west-01.1"))

    assert (record.cells, record.life, record.unknown, record.changed) == ({"guest": "Chen"}, 1, {}, set())
    assert record.stamps.of("guest").origin == "east-01.1"
    assert not twin.alive


def test_only_what_has_changed_is_written_and_fields_aside_are_kept(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "room": "V8"})
    table = shop.node.tables[BOOKING.key]
    with shop.database.write() as connection:
        record = held.load(connection, table, [id_], ["guest"])[id_]
        record.cells["guest"], record.hs = "Lin", 7
        record.unknown["brand_new"] = "x"
        record.changed |= {"guest", "_x"}
        held.write(connection, table, [record])

    row = shop.row(BOOKING, id_)
    assert (row["guest"], row["room"], row["_hs"], row["_x"]) == ("Lin", "V8", 7, '{"brand_new":"x"}')


def test_a_column_that_is_not_sent_stays_when_a_record_is_overwritten(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "room": "V8"})
    sent = held.Held(id_, "east", fresh=False)
    sent.hs, sent.at, sent.by, sent.packed = 3, "2026-03-07T12:00:00.000Z", "li", RowStamps().pack()
    sent.cells = {"guest": "Lin"}
    with shop.database.write() as connection:
        held.overwrite(connection, shop.node.tables[BOOKING.key], [sent])

    row = shop.row(BOOKING, id_)
    assert (row["guest"], row["room"], row["_hs"]) == ("Lin", "V8", 3)
