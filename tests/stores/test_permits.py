"""Who may say what about a record: its store, the stores that hold a copy, its home."""

from __future__ import annotations

import pytest

from tests.stores.chain import (
    BOOKING,
    MEMBER,
    TARIFF,
    Chain,
    a_shared_member,
    quarantined,
)


def test_a_state_told_by_a_node_that_is_not_the_home_becomes_a_conflict(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen", "state": "held"})
    shops.settle()
    shops.west.update(MEMBER, member, state="seated", tier="gold")

    shops.settle()

    for stand in shops.places:
        row = stand.row(MEMBER, member)
        assert (row["state"], row["tier"]) == ("held", "gold")
    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["field"], conflict["theirs"]) == ("refused", "state", "seated")


def test_the_home_moves_the_state_though_headquarters_edited_meanwhile(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "state": "held"})
    shops.settle()
    shops.hub.update(BOOKING, booking, guest="Chen Yi")
    shops.east.update(BOOKING, booking, state="seated")

    shops.settle()

    row = shops.hub.row(BOOKING, booking)
    assert (row["state"], row["guest"]) == ("seated", "Chen Yi")
    assert shops.hub.conflicts() == []


def test_a_store_may_edit_fields_of_headquarters_records_that_it_holds(shops: Chain) -> None:
    tariff = shops.hub.create(TARIFF, {"name": "room", "state": "held"})
    shops.settle()
    shops.west.update(TARIFF, tariff, price=100)

    shops.settle()

    assert shops.hub.row(TARIFF, tariff)["price"] == 100


@pytest.mark.parametrize("store", ["west", "hq"])
def test_a_store_may_not_create_a_record_of_another(shops: Chain, store: str) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"}, store=store)

    shops.push(shops.east)

    assert shops.hub.row(BOOKING, booking) == {}
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]


def test_a_store_may_not_touch_a_record_that_it_does_not_hold(shops: Chain) -> None:
    booking = shops.west.create(BOOKING, {"guest": "Chen"})
    shops.push(shops.west)
    shops.east.create(BOOKING, {"guest": "mine"}, id_=booking)
    shops.east.update(BOOKING, booking, guest="stolen")

    shops.push(shops.east)

    assert shops.hub.row(BOOKING, booking)["guest"] == "Chen"
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours", "waits-behind"]


def test_anybody_may_ask_the_home_of_a_record_by_a_request(shops: Chain) -> None:
    records = shops.hub.node.catalog.records
    request = records["core.request"]
    wang = shops.west.create(records["core.staff"], {"name": "Wang"})
    values = {"record_type": "club.member", "action": "retier", "state": "waiting", "actor": wang}

    id_ = shops.west.create(request, values, store="east")
    shops.settle()

    assert shops.east.row(request, id_)["state"] == "waiting"


def test_only_the_owner_deletes(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.west.change_life(MEMBER, member, "delete")

    shops.push(shops.west)

    assert shops.hub.row(MEMBER, member)["_life"] == 1
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]
