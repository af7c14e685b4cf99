"""The state on its way down: what a store holds, in the hub's order, cut between two places of it."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from stores.changes import feed
from stores.changes.commit import Edit
from stores.changes.feed import Feed
from tests.stores.chain import BOOKING, GUEST, MEMBER, MEMO, TARIFF, Chain, Stand


def page(hub: Stand, store: str, after: int = 0, limit: int = 100) -> Feed:
    with hub.database.read() as connection:
        return feed.rows_after(connection, hub.node, store, after, limit)


def names(rows: list[feed.StateRow]) -> list[str]:
    return [row.id for row in rows]


def test_a_store_gets_its_own_records_chain_wide_ones_and_headquarters(hub: Stand) -> None:
    for record, store in ((BOOKING, "east"), (BOOKING, "west"), (MEMBER, "west"), (TARIFF, "hq"), (MEMO, "west")):
        hub.do(Edit(record, f"{record.name} of {store}", store, "create", {}))

    assert names(page(hub, "east").rows) == ["booking of east", "member of west", "tariff of hq"]
    assert names(page(hub, "west").rows) == ["booking of west", "member of west", "tariff of hq", "memo of west"]


def test_rows_come_in_the_hubs_order_across_types_each_record_once(hub: Stand) -> None:
    hub.do(Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}))
    hub.do(Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}))
    hub.do(Edit(GUEST, "g1", "east", "create", {"name": "Lin"}))
    hub.do(Edit(MEMBER, "m1", "east", "update", {"name": "Chen Yi"}))

    got = page(hub, "east")

    assert [(row.id, row.hs) for row in got.rows] == [("b1", 2), ("g1", 3), ("m1", 4)]
    assert got.rows[-1].cells["name"] == "Chen Yi"
    assert (got.upto, got.more) == (4, False)


def test_a_page_never_ends_inside_a_transaction(hub: Stand) -> None:
    hub.do(Edit(MEMBER, "m1", "east", "create"))
    hub.do(*(Edit(record, f"{record.name}2", "east", "create") for record in (MEMBER, BOOKING, GUEST)))
    hub.do(Edit(MEMBER, "m3", "east", "create"))

    pages, after = [], 0
    while (got := page(hub, "east", after, limit=2)).rows:
        pages.append(sorted({row.hs for row in got.rows}))
        assert got.more is (got.upto < 3)
        after = got.upto

    assert pages == [[1], [2], [3]]


def test_a_page_is_as_full_as_it_may_be(hub: Stand) -> None:
    for n in range(5):
        hub.do(Edit(MEMBER, f"m{n}", "east", "create"))

    assert [page(hub, "east", after, limit=2).upto for after in (0, 2, 4)] == [2, 4, 5]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 100])
def test_all_pages_together_are_everything_once(hub: Stand, limit: int) -> None:
    for count in (1, 3, 2, 1, 1, 4):
        hub.do(*(Edit(MEMBER, f"m{count}-{n}-{hub.clock.at}", "east", "create") for n in range(count)))

    got, after = [], 0
    for _ in range(20):
        answer = page(hub, "east", after, limit)
        got += names(answer.rows)
        after = answer.upto
        if not answer.more:
            break

    assert after == 6
    assert len(got) == len(set(got)) == 12


def test_the_place_moves_on_over_what_is_not_for_the_store(hub: Stand) -> None:
    hub.do(Edit(BOOKING, "b1", "west", "create"))

    got = page(hub, "east")

    assert (got.rows, got.upto, got.more) == ([], 1, False)


def test_when_nothing_has_changed_two_small_questions_are_all(hub: Stand) -> None:
    hub.do(Edit(MEMBER, "m1", "east", "create"))
    said: list[str] = []
    event.listen(hub.database._reader, "before_cursor_execute", lambda _c, _k, sql, *_: said.append(sql))

    page(hub, "east", after=1)

    assert len(said) <= 3


def test_a_deleted_record_is_sent_as_a_tombstone_with_its_last_values(hub: Stand) -> None:
    hub.do(Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}))
    hub.do(Edit(MEMBER, "m1", "east", "delete"))

    (row,) = page(hub, "west").rows

    assert (row.life, row.cells["name"]) == (2, "Chen")


def test_fields_that_never_leave_are_not_in_it(hub: Stand) -> None:
    hub.do(Edit(BOOKING, "b1", "east", "create", {"guest": "Chen", "phone": "13800001111"}))

    (row,) = page(hub, "east").rows

    assert "phone" not in row.cells
    assert row.cells["guest"] == "Chen"


def test_it_says_how_much_of_the_askers_log_is_in_it(database_url: str) -> None:
    shops = Chain(database_url)
    shops.east.create(MEMBER, {"name": "Chen"})
    shops.push(shops.east, lose_answer=True)
    shops.east.create(MEMBER, {"name": "Lin"})

    got = shops.page(shops.east)

    assert got.applied == 1
    assert got.hlc >= shops.east.log()[0].hlc
    shops.close()


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)  # PostgreSQL scans small tables on purpose
def test_the_order_is_walked_by_index(hub: Stand) -> None:
    with hub.database.read() as connection:
        plans = [
            row[3]
            for record, store in ((BOOKING, "east"), (BOOKING, "hq"))
            for test, values in feed.held_by(record, store)
            for row in connection.exec_driver_sql(
                f'EXPLAIN QUERY PLAN SELECT "_hs" FROM {record.table} WHERE {test}"_hs" > ? ORDER BY "_hs" LIMIT 9',
                (*values, 0),
            ).fetchall()
        ]

    assert all("COVERING INDEX" in plan and "SCAN" not in plan for plan in plans[:2])


def test_one_more_store_holds_a_copy_of_what_a_field_of_the_record_names(shops: Chain) -> None:
    """Those who asked see what became of it, and no third store does (sync: also)."""
    records = shops.hub.node.catalog.records
    request = records["core.request"]
    wang = shops.west.create(records["core.staff"], {"name": "Wang"})
    values = {"record_type": "club.member", "action": "retier", "state": "waiting", "actor": wang, "asked_in": "west"}
    asked = shops.west.create(request, values, store="east")
    shops.settle()

    with shops.hub.node.database.read() as connection:
        seen = {
            store: asked in {row.id for row in feed.rows_after(connection, shops.hub.node, store, 0, 1_000).rows}
            for store in ("east", "west", "north")
        }

    assert seen == {"east": True, "west": True, "north": False}
