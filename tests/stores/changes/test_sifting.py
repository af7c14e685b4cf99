"""A piece of a log held against what is stored: new, known, missing, forked, or a lie."""

from __future__ import annotations

from typing import Any

import pytest

from stores.changes import apply
from stores.changes.apply import BrokenChain, ForkedLog
from stores.storage import checkpoints
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    Chain,
    rechained,
)


def test_a_frame_that_comes_twice_is_merged_once(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"points": 5})
    shops.push(shops.east, lose_answer=True)
    shops.east.update(MEMBER, member, points=8)
    entries = shops.east.log()

    shops.push(shops.east, lose_answer=True)
    again = shops.merge(entries, "east")

    assert (again.merged, again.repeated, again.seq, again.expected) == (0, 2, 2, None)
    assert shops.hub.row(MEMBER, member)["points"] == 8


def test_a_frame_that_repeats_a_part_goes_on_where_the_log_ends(shops: Chain) -> None:
    for guest in ("Chen", "Lin", "Wu"):
        shops.east.create(BOOKING, {"guest": guest})
    shops.merge(shops.east.log()[:2], "east")

    report = shops.merge(shops.east.log(), "east")

    assert (report.merged, report.repeated, report.seq, report.expected) == (1, 2, 3, None)


def test_a_hole_is_answered_with_the_number_expected_and_what_came_before_it_is_kept(shops: Chain) -> None:
    for guest in ("Chen", "Lin", "Wu"):
        shops.east.create(BOOKING, {"guest": guest})
    first, second, third = shops.east.log()

    ahead = shops.merge([second], "east")
    torn = shops.merge([first, third], "east")

    assert (ahead.merged, ahead.expected, ahead.seq) == (0, 1, 0)
    assert (torn.merged, torn.expected, torn.seq) == (1, 2, 1)
    assert len(shops.hub.rows(BOOKING)) == 1


def test_another_line_under_a_number_already_held_is_a_fork(shops: Chain) -> None:
    shops.east.create(BOOKING, {"guest": "Chen"})
    shops.push(shops.east)
    (line,) = shops.east.log()
    other = rechained([line], actor="somebody else")

    with pytest.raises(ForkedLog) as fault:
        shops.merge(other, "east")

    assert fault.value.status == 409
    assert "日志 east-01.1 第 1 行" in fault.value.problems[0].render("zh")


def test_a_line_whose_hash_does_not_follow_is_refused_with_its_whole_frame(shops: Chain) -> None:
    shops.east.create(BOOKING, {"guest": "Chen"})
    booking = shops.east.create(BOOKING, {"guest": "Lin"})
    first, second = shops.east.log()
    lie = second._replace(body={"guest": (None, "Wu")})

    with pytest.raises(BrokenChain):
        shops.merge([first, lie], "east")

    assert shops.hub.row(BOOKING, booking) == {}
    with shops.hub.database.read() as connection:
        assert checkpoints.head(connection, "east-01.1")[0] == 0


def test_a_frame_with_two_logs_in_it_is_refused(shops: Chain) -> None:
    shops.east.create(BOOKING, {"guest": "Chen"})
    shops.west.create(BOOKING, {"guest": "Lin"})

    with pytest.raises(BrokenChain):
        shops.merge([*shops.east.log(), *shops.west.log()], "east")


def test_hashes_the_caller_worked_out_are_tied_to_the_log_by_the_first(shops: Chain) -> None:
    for guest in ("Chen", "Lin", "Wu"):
        shops.east.create(BOOKING, {"guest": guest})
    first, *others = shops.east.log()
    shops.merge([first], "east")

    with shops.hub.database.write() as connection:
        with pytest.raises(BrokenChain):
            apply.merge_entries(connection, shops.hub.node, rechained(others), sender="east", chained=True)
        report = apply.merge_entries(connection, shops.hub.node, others, sender="east", chained=True)

    assert (report.merged, report.seq) == (2, 3)


@pytest.mark.parametrize("cell", [float("nan"), {"a set"}])
def test_a_line_that_no_log_could_have_held_is_refused(shops: Chain, cell: Any) -> None:
    shops.east.create(BOOKING, {"guest": "Chen"})
    (line,) = shops.east.log()

    with pytest.raises(BrokenChain, match="does not follow"):
        shops.merge([line._replace(body={"guest": (None, cell)})], "east")

    assert shops.hub.rows(BOOKING) == []
