"""Many transactions at once: each whole or not at all, the bad ones aside, the others in order."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError

from core.model.stamps import RowStamps
from stores.changes.commit import Edit
from stores.storage import counters
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    Chain,
    FakeHost,
    a_field,
    a_record,
    a_shared_member,
    quarantined,
    rechained,
)


def test_a_transaction_takes_one_place_in_the_order_whatever_it_wrote(shops: Chain) -> None:
    shops.east.do(
        Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}),
        Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}),
    )
    shops.east.create(MEMBER, {"name": "Lin"})

    shops.push(shops.east)

    assert shops.hub.row(BOOKING, "b1")["_hs"] == shops.hub.row(MEMBER, "m1")["_hs"] == 1
    assert {row["_hs"] for row in shops.hub.rows(MEMBER)} == {1, 2}


def test_a_transaction_is_quarantined_whole(shops: Chain) -> None:
    shops.east.do(
        Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}),
        Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}),
    )
    first, second = shops.east.log()
    entries = rechained([first, second._replace(body={"deposit": (None, "x")})])

    shops.merge(entries, "east")

    assert shops.hub.rows(MEMBER) == []
    assert len(quarantined(shops.hub)) == 2


def test_what_the_database_itself_refuses_is_found_and_quarantined_alone(shops: Chain) -> None:
    for guest in ("Chen", "Lin", "Wu"):
        shops.east.create(BOOKING, {"guest": guest})
    entries = shops.east.log()

    def refuse(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if 'INTO "club_booking"' in sql and "Lin" in str(values):
            raise DataError(sql, values, ValueError("invalid byte sequence"))

    event.listen(shops.hub.database._writer, "before_cursor_execute", refuse)
    report = shops.merge(entries, "east")

    assert [row["guest"] for row in shops.hub.rows(BOOKING)] == ["Chen", "Wu"]
    assert [row["_hs"] for row in shops.hub.rows(BOOKING)] == [1, 2]
    assert report.waiting == (("east-01.1", 2),)
    assert [line.code for line in quarantined(shops.hub)] == ["merge-failed"]


@pytest.mark.parametrize("cell", [True, 1.5, 2**63, "fifty", ["list"]])
def test_no_cell_gets_in_that_its_column_must_not_hold(shops: Chain, cell: Any) -> None:
    shops.east.create(BOOKING, {"deposit": 1})
    entries = rechained(shops.east.log(), body={"deposit": (None, cell)})

    shops.merge(entries, "east")

    assert [line.code for line in quarantined(shops.hub)] == ["bad-cell"]


def test_a_text_with_a_nul_is_quarantined(shops: Chain) -> None:
    shops.east.create(BOOKING, {"guest": "Chen"})

    shops.merge(rechained(shops.east.log(), body={"guest": (None, "Ch\0en")}), "east")

    assert [line.code for line in quarantined(shops.hub)] == ["bad-cell"]


def test_a_stamp_from_the_future_ranks_a_minute_ahead_at_most_and_is_kept_as_claimed(shops: Chain) -> None:
    member = a_shared_member(shops, tier="basic")
    shops.west.clock.pass_(365 * 86_400)
    shops.west.update(MEMBER, member, tier="gold")
    report = shops.push(shops.west)
    shops.pass_(600)
    shops.east.update(MEMBER, member, tier="silver")
    shops.settle()

    assert report.ahead_ms > 364 * 86_400_000
    assert shops.hub.row(MEMBER, member)["tier"] == "silver"
    claimed = shops.hub.log("west-01.1")[-1].hlc
    stamp = RowStamps.unpack(shops.hub.row(MEMBER, member)["_m"]).of("name")
    assert claimed > stamp.hlc + (364 * 86_400_000 << 16)
    with shops.hub.database.read() as connection:
        assert counters.clock_stamp(connection) < claimed


@pytest.mark.parametrize(
    "cells", [{"night": "soon"}, {"tags": "5"}, {"tags": '{"a":1}'}, {"tags": "[" * 2000}, {"night": "2026-02-31"}]
)
def test_a_cell_that_reads_as_no_value_waits_instead_of_breaking_every_list(
    shops: Chain, cells: dict[str, Any]
) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.update(BOOKING, booking, **cells)

    shops.push(shops.east)

    assert [line.code for line in quarantined(shops.hub)] == ["bad-cell"]
    assert shops.hub.row(BOOKING, booking)["guest"] == "Chen"


def test_a_hook_that_breaks_holds_up_its_own_transaction_only(database_url: str) -> None:
    remark = a_record("remark", a_field("text", merge="hook"), sync=MEMBER.sync)

    def divide(**_: Any) -> None:
        raise ZeroDivisionError("division by zero")

    host = FakeHost(remark, merge_field=divide)
    shops = Chain(database_url, hub=host, east=host, west=host)
    id_ = shops.east.create(remark, {"text": "-"})
    shops.settle()
    shops.east.update(remark, id_, text="from the east")
    shops.west.update(remark, id_, text="from the west")
    other = shops.west.create(remark, {"text": "another"})
    shops.push(shops.east)

    report = shops.push(shops.west)

    assert report.waiting == (("west-01.1", 1),)
    (line,) = quarantined(shops.hub)
    assert line.code == "merge-failed"
    assert [shops.hub.row(remark, each)["text"] for each in (id_, other)] == ["from the east", "another"]
    shops.close()


def test_a_store_opens_no_conflict_about_a_record_of_a_type_nobody_here_knows(shops: Chain) -> None:
    conflict = shops.hub.node.catalog.records["core.conflict"]
    about = {"record_type": "gone.thing", "record_id": "x", "field": "price", "theirs": "0"}
    shops.west.create(conflict, {"kind": "field", "state": "open", "outcome": "current", **about})

    shops.push(shops.west)

    assert shops.hub.conflicts() == []
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]


@pytest.mark.parametrize(
    ("field", "chars", "code"), [("guest", 100_001, ["bad-cell"]), ("guest", 100_000, []), ("note", 200_000, [])]
)
def test_no_text_gets_in_that_is_longer_than_anybody_may_enter(
    shops: Chain, field: str, chars: int, code: list[str]
) -> None:
    shops.east.create(BOOKING, {field: "x" * chars})  # a note is joined of many

    shops.push(shops.east)

    assert [line.code for line in quarantined(shops.hub)] == code
