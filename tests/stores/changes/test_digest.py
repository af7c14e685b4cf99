"""Do two nodes hold the same? Count and sum say so, and say it the same on every database."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from stores.changes.digest import Digest, digests, row_hash
from tests.stores.chain import BOOKING, MEMBER, TARIFF, TYPES, Chain, FakeHost, Stand


def sums(stand: Stand, store: str) -> list[Digest]:
    with stand.database.read() as connection:
        return [each for each in digests(connection, stand.node, store) if each.type != "core.staff"]


def an_evening(shops: Chain) -> str:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "phone": "13800001111", "deposit": 50_000})
    shops.east.create(BOOKING, {"guest": "Wu", "phone": "13800002222"})
    member = shops.west.create(MEMBER, {"name": "Lin", "points": 3, "tags": '["vip"]'})
    shops.hub.create(TARIFF, {"name": "room", "price": 100})
    shops.settle()
    shops.east.update(MEMBER, member, points=8, name="Lin Er")
    shops.west.update(MEMBER, member, points=4, name="Lin San")
    shops.east.change_life(BOOKING, booking, "delete")
    shops.settle()
    return member


def test_nodes_that_have_settled_agree(shops: Chain) -> None:
    an_evening(shops)

    for branch in (shops.east, shops.west):
        assert sums(branch, branch.store) == sums(shops.hub, branch.store)
    assert [d.type for d in sums(shops.hub, "east")] == ["club.booking", "club.member", "club.tariff"]
    assert [d.type for d in sums(shops.hub, "west")] == ["club.member", "club.tariff", "core.conflict"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE club_member SET name = 'Wu'",
        "UPDATE club_member SET points = NULL",
        "UPDATE club_member SET _life = 3",
        "UPDATE club_member SET _hs = _hs + 1",
        "DELETE FROM club_member",
    ],
)
def test_one_row_changed_behind_the_nodes_back_shows(shops: Chain, tampering: str) -> None:
    an_evening(shops)
    with shops.west.database.write() as connection:
        connection.execute(text(tampering))

    differ = set(sums(shops.west, "west")) ^ set(sums(shops.hub, "west"))

    assert {d.type for d in differ} == {"club.member"}


def test_a_deleted_record_is_not_counted(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.settle()
    assert [d.count for d in sums(shops.hub, "east")] == [1]

    shops.east.change_life(BOOKING, booking, "delete")
    shops.settle()

    assert sums(shops.hub, "east") == sums(shops.east, "east") == []


def test_a_hidden_field_is_not_counted(shops: Chain) -> None:
    an_evening(shops)
    before = sums(shops.east, "east")
    with shops.east.database.write() as connection:
        connection.execute(text("UPDATE club_booking SET phone = NULL"))

    assert sums(shops.east, "east") == before


def test_a_field_only_the_stores_know_is_counted_alike(database_url: str) -> None:
    old = replace(MEMBER, fields={name: f for name, f in MEMBER.fields.items() if name != "tier"})
    shops = Chain(database_url, hub=FakeHost(*(old if t is MEMBER else t for t in TYPES)))
    shops.east.create(MEMBER, {"name": "Chen", "tier": "gold"})
    shops.east.create(MEMBER, {"name": "Lin"})
    shops.settle()

    assert sums(shops.west, "west") == sums(shops.east, "west") == sums(shops.hub, "west")
    shops.close()


def test_a_row_can_be_taken_out_of_a_sum_and_put_in_again() -> None:
    first, second = (row_hash(id_, "east", 1, 1, {"name": "Chen"}) for id_ in ("a", "b"))
    empty = Digest("club.member", "east")

    both = empty.plus(first).plus(second)

    assert both == empty.plus(second).plus(first)
    assert both.minus(first) == empty.plus(second)
    assert both.minus(first).minus(second) == empty
    assert len(both.hex) == 32


def test_an_empty_field_is_as_good_as_none_at_all() -> None:
    assert row_hash("a", "east", 1, 1, {"name": "Chen", "tier": None}) == row_hash("a", "east", 1, 1, {"name": "Chen"})
    assert row_hash("a", "east", 1, 1, {"name": "1"}) != row_hash("a", "east", 1, 1, {"name": 1})
