"""Records of different stores that may be the same one: found at headquarters, once, and told to both stores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.host.host import Host
from core.language.definition import Alike, RecordType, SyncRule
from core.model.errors import Text
from stores.changes import alike
from tests.stores.chain import Chain, FakeHost, a_field, a_record

MATCH = Host([], entry_points=False).catalog.records[alike.MATCH]
SAME = {"one_phone": Alike("one_phone", ("phone", "name"), Text("One phone", "同一电话"))}


def a_guest(**more: Any) -> RecordType:
    return a_record("visitor", a_field("name"), a_field("phone"), **more)


GUEST = a_guest(alike=SAME, sync=SyncRule(deletes="edit_wins"))
CHEN = {"name": "Chen", "phone": "13800001111"}


@pytest.fixture
def shops(database_url: str) -> Iterator[Chain]:
    host = FakeHost(GUEST, MATCH)
    chain = Chain(database_url, hub=host, east=host, west=host)
    yield chain
    chain.close()


def found(shops: Chain) -> list[tuple[Any, ...]]:
    while alike.is_behind(shops.hub.node):
        alike.look(shops.hub.node)
    return [(row["first"], row["second"], row["_store"], row["second_store"]) for row in shops.hub.rows(MATCH)]


def test_a_guest_known_in_two_stores_is_found_and_both_stores_hold_the_finding(shops: Chain) -> None:
    first = shops.east.create(GUEST, CHEN)
    second = shops.west.create(GUEST, CHEN)
    north = shops.open_another("north")
    north.create(GUEST, {**CHEN, "phone": "13800002222"})
    shops.settle()

    assert found(shops) == [(first, second, "east", "west")]
    shops.settle()
    for shop in (shops.east, shops.west):
        assert [row["state"] for row in shop.rows(MATCH)] == ["open"]
    assert north.rows(MATCH) == []
    assert len(shops.hub.rows(GUEST)) == 3, "nothing is merged"


def test_a_pair_is_found_once_however_often_its_records_change(shops: Chain) -> None:
    first = shops.east.create(GUEST, CHEN)
    shops.west.create(GUEST, CHEN)
    shops.settle()
    assert len(found(shops)) == 1

    shops.east.update(GUEST, first, name="Chen Er")
    shops.east.update(GUEST, first, name="Chen")
    shops.settle()

    assert len(found(shops)) == 1
    assert alike.look(shops.hub.node) == 0


def test_the_whole_key_counts_and_an_empty_part_of_it_is_like_nothing(shops: Chain) -> None:
    for shop, name in ((shops.east, "Chen"), (shops.west, "Lin"), (shops.west, None)):
        shop.create(GUEST, {**CHEN, "name": name})
    shops.east.create(GUEST, {"name": "Wu"})
    shops.west.create(GUEST, {"name": "Wu"})
    shops.settle()

    assert found(shops) == []


def test_two_records_of_one_store_are_the_store_s_own_business(shops: Chain) -> None:
    shops.east.create(GUEST, CHEN)
    shops.east.create(GUEST, CHEN)
    shops.settle()

    assert found(shops) == []


def test_what_headquarters_keeps_for_all_is_of_no_store(shops: Chain) -> None:
    shops.hub.create(GUEST, CHEN)
    shops.east.create(GUEST, CHEN)
    shops.settle()

    assert found(shops) == []


def test_three_stores_make_two_pairs_also_when_the_oldest_record_arrives_last(shops: Chain) -> None:
    first = shops.east.create(GUEST, CHEN)
    second = shops.west.create(GUEST, CHEN)
    north = shops.open_another("north")
    third = north.create(GUEST, CHEN)
    shops.push(shops.west)
    shops.push(north)
    assert found(shops) == [(second, third, "west", "north")]

    shops.push(shops.east)

    assert {pair[:2] for pair in found(shops)} == {(second, third), (first, second), (first, third)}


def test_a_deleted_record_is_like_nothing(shops: Chain) -> None:
    gone = shops.east.create(GUEST, CHEN)
    shops.east.change_life(GUEST, gone, "delete")
    shops.west.create(GUEST, CHEN)
    shops.settle()

    assert found(shops) == []


def test_what_was_there_before_the_rule_is_found_page_by_page(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "PAGE_ROWS", 2)
    shops = Chain(database_url, hub=(host := FakeHost(a_guest(), MATCH)), east=host, west=host)
    for number in range(5):
        for shop in (shops.east, shops.west):
            shop.create(GUEST, {"name": "Chen", "phone": f"1380000000{number}"})
    shops.settle()
    assert found(shops) == []

    host.catalog = FakeHost(GUEST, MATCH).catalog
    looks = [alike.look(shops.hub.node) for _ in range(8)]

    assert sum(looks) == 5
    assert max(looks) <= 2, "a page at a time"
    assert not alike.is_behind(shops.hub.node)


def test_a_branch_looks_at_nothing(shops: Chain) -> None:
    shops.east.create(GUEST, CHEN)

    assert not alike.is_behind(shops.east.node)
    assert alike.look(shops.east.node) == 0
