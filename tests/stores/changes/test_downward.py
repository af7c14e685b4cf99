"""What headquarters holds, put down at a store, with what was done there since replayed over it."""

from __future__ import annotations

import json
from dataclasses import replace

from stores.changes import feed
from stores.changes.apply import apply_rows
from stores.storage import checkpoints
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    MEMO,
    TARIFF,
    TYPES,
    Chain,
    FakeHost,
    a_field,
    a_record,
    a_shared_member,
)


def test_a_page_applied_twice_changes_nothing(shops: Chain) -> None:
    member = a_shared_member(shops, points=5)
    page = shops.page(shops.west)
    with shops.hub.database.read() as connection:
        everything = feed.rows_after(connection, shops.hub.node, "west", 0, 100, origin="west-01.1")
    before = shops.west.row(MEMBER, member)

    for _ in range(2):
        with shops.west.database.write() as connection:
            apply_rows(connection, shops.west.node, everything.rows, applied=0, upto=everything.upto)

    assert page.rows == []
    assert shops.west.row(MEMBER, member) == before


def test_what_was_done_here_since_is_replayed_over_what_comes_down(shops: Chain) -> None:
    member = a_shared_member(shops, points=10, tier="basic", tags='["vip"]')
    shops.east.update(MEMBER, member, points=20, tags='["old","vip"]', name="Chen Yi")
    shops.push(shops.east)
    shops.west.update(MEMBER, member, points=13, tier="gold", tags='["vip","wine"]')

    report = shops.pull(shops.west)

    row = shops.west.row(MEMBER, member)
    assert report.replayed == 1
    assert (row["points"], row["tier"], row["tags"], row["name"]) == (23, "gold", '["old","vip","wine"]', "Chen Yi")
    assert row["_hs"] == shops.hub.row(MEMBER, member)["_hs"]


def test_a_sum_is_not_counted_twice_though_the_acknowledgement_was_lost(shops: Chain) -> None:
    member = a_shared_member(shops, points=10)
    shops.west.update(MEMBER, member, points=13)
    shops.push(shops.west, lose_answer=True)

    shops.pull(shops.west)

    assert shops.west.row(MEMBER, member)["points"] == 13
    with shops.west.database.read() as connection:
        assert checkpoints.acked(connection, "west-01.1") == 1  # the page told


def test_a_page_read_before_a_push_does_not_take_back_what_was_pushed(shops: Chain) -> None:
    member = a_shared_member(shops, points=10, tier="basic")
    shops.east.update(MEMBER, member, name="Chen Yi")
    shops.push(shops.east)
    page = shops.page(shops.west)  # read at headquarters ...
    shops.west.update(MEMBER, member, points=13, tier="gold")
    shops.push(shops.west)  # ... and overtaken by a push that is acknowledged

    with shops.west.database.write() as connection:
        apply_rows(connection, shops.west.node, page.rows, applied=page.applied, upto=page.upto)

    row = shops.west.row(MEMBER, member)
    assert (row["points"], row["tier"], row["name"]) == (13, "gold", "Chen Yi")


def test_an_older_page_that_arrives_late_is_passed_over(shops: Chain) -> None:
    member = a_shared_member(shops)
    old = shops.page(shops.west)
    with shops.hub.database.read() as connection:
        old = feed.rows_after(connection, shops.hub.node, "west", 0, 100)
    shops.east.update(MEMBER, member, name="Chen Yi")
    shops.settle()

    with shops.west.database.write() as connection:
        report = apply_rows(connection, shops.west.node, old.rows, upto=old.upto)

    assert report.stale == len(old.rows) == 1
    assert shops.west.row(MEMBER, member)["name"] == "Chen Yi"


def test_a_hidden_field_survives_what_comes_down(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "phone": "13800001111"})
    shops.settle()
    shops.hub.update(BOOKING, booking, guest="Chen Yi")

    shops.settle()

    row = shops.east.row(BOOKING, booking)
    assert (row["guest"], row["phone"]) == ("Chen Yi", "13800001111")
    assert shops.hub.row(BOOKING, booking)["phone"] is None


def test_a_field_that_a_plugin_keeps_back_survives_what_comes_down(database_url: str) -> None:
    host = FakeHost(*TYPES, entry_outgoing=lambda entry, peer: ["room"] if entry.type == "club.booking" else [])
    shops = Chain(database_url, east=host)
    booking = shops.east.create(BOOKING, {"guest": "Chen", "room": "V8"})
    shops.settle()

    row = shops.east.row(BOOKING, booking)

    assert (row["room"], row["_hs"]) == ("V8", 1)
    assert shops.hub.row(BOOKING, booking)["room"] is None
    shops.close()


def test_the_checkpoint_moves_with_the_rows_and_an_edit_made_later_ranks_above_them(shops: Chain) -> None:
    shops.hub.clock.pass_(30)
    shops.hub.create(TARIFF, {"name": "room"})

    shops.pull(shops.west)
    shops.west.create(MEMBER, {"name": "Lin"})

    with shops.west.database.read() as connection:
        assert checkpoints.pulled(connection) == 1
    assert shops.west.log()[0].hlc > shops.hub.log()[0].hlc


def test_a_record_at_headquarters_only_does_not_come_down(shops: Chain) -> None:
    memo = shops.east.create(MEMO, {"text": "private"})

    shops.settle()

    assert shops.hub.row(MEMO, memo)["text"] == "private"
    assert shops.west.row(MEMO, memo) == {}


def test_after_headquarters_was_restored_what_it_says_now_counts(shops: Chain) -> None:
    member = a_shared_member(shops, tier="gold")
    page = shops.page(shops.west)
    with shops.hub.database.read() as connection:
        page = feed.rows_after(connection, shops.hub.node, "west", 0, 100)
    yesterday = [replace(row, hs=1, cells={**row.cells, "tier": "basic"}) for row in page.rows if row.id == member]
    shops.east.update(MEMBER, member, name="Chen Yi")
    shops.settle()

    with shops.west.database.write() as connection:
        checkpoints.restart_pull(connection, 0, "another epoch")
        apply_rows(connection, shops.west.node, yesterday, upto=1)

    assert (shops.west.row(MEMBER, member)["tier"], shops.west.row(MEMBER, member)["_hs"]) == ("basic", 1)


def test_a_field_that_only_newer_plugins_have_is_kept_at_a_store_that_does_not_know_it(database_url: str) -> None:
    old = a_record("member", a_field("name"), sync=MEMBER.sync)
    new = a_record("member", a_field("name"), a_field("allergy"), sync=MEMBER.sync)
    shops = Chain(database_url, hub=FakeHost(new), east=FakeHost(new), west=FakeHost(old))
    member = shops.east.create(new, {"name": "Chen", "allergy": "nuts"})

    shops.settle()

    row = shops.west.row(old, member)
    assert (row["name"], json.loads(row["_x"])) == ("Chen", {"allergy": "nuts"})
    shops.close()
