"""What becomes of a record when two nodes changed it without knowing of each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stores.chain import (
    BOOKING,
    GUEST,
    MEMBER,
    MEMO,
    TARIFF,
    Chain,
    FakeHost,
    a_field,
    a_record,
    a_shared_member,
    quarantined,
    rechained,
)


def test_different_fields_edited_in_two_places_both_survive_without_a_conflict(shops: Chain) -> None:
    member = a_shared_member(shops)

    shops.east.update(MEMBER, member, name="Chen Yi")
    shops.west.update(MEMBER, member, tier="gold")
    shops.settle()

    for stand in shops.places:
        row = stand.row(MEMBER, member)
        assert (row["name"], row["tier"]) == ("Chen Yi", "gold")
    assert shops.hub.conflicts() == []


@pytest.mark.parametrize("first", ["east", "west"])
def test_the_later_of_two_unseen_edits_stands_and_a_conflict_shows_both(shops: Chain, first: str) -> None:
    member = a_shared_member(shops, tier="basic")
    shops.east.update(MEMBER, member, actor="li", tier="silver")
    shops.west.clock.pass_(60)
    shops.west.update(MEMBER, member, actor="wang", tier="gold")
    order = [shops.east, shops.west] if first == "east" else [shops.west, shops.east]

    for branch in order:
        shops.push(branch)
    shops.settle()

    assert [stand.row(MEMBER, member)["tier"] for stand in shops.places] == ["gold"] * 3
    (conflict,) = shops.hub.conflicts()
    east_first = first == "east"
    assert (conflict["kind"], conflict["field"], conflict["base"], conflict["policy"]) == (
        "field",
        "tier",
        "basic",
        "latest",
    )
    assert (conflict["mine"], conflict["theirs"]) == (("silver", "gold") if east_first else ("gold", "silver"))
    assert (conflict["mine_by"], conflict["theirs_by"]) == (("li", "wang") if east_first else ("wang", "li"))
    assert conflict["outcome"] == ("incoming" if east_first else "current")
    assert conflict["mine_at"] < conflict["theirs_at"] if east_first else conflict["mine_at"] > conflict["theirs_at"]
    assert (conflict["state"], conflict["_store"]) == ("open", "east")
    assert shops.east.conflicts()[0]["id"] == conflict["id"]
    assert shops.west.conflicts() == []


def test_the_conflict_record_is_a_deed_of_headquarters_with_its_own_line_and_place(shops: Chain) -> None:
    member = a_shared_member(shops, tier="basic")
    shops.east.update(MEMBER, member, tier="silver")
    shops.west.update(MEMBER, member, tier="gold")
    shops.push(shops.east)
    report = shops.push(shops.west)

    (conflict,) = shops.hub.conflicts()
    (line,) = shops.hub.log("hq-01.1")
    assert (line.action, line.actor, line.pk) == ("core.conflict.open", "system", conflict["id"])
    assert conflict["_hs"] == shops.hub.row(MEMBER, member)["_hs"] + 1
    assert report.conflicts[0]["id"] == conflict["id"]
    assert ("core.conflict", conflict["id"]) in report.touched


def test_an_edit_that_has_seen_the_other_wins_whatever_the_clocks_say(shops: Chain) -> None:
    member = a_shared_member(shops, tier="basic")
    shops.east.clock.pass_(40)
    shops.east.update(MEMBER, member, tier="silver")
    shops.push(shops.east)
    shops.pull(shops.west)

    shops.west.update(MEMBER, member, tier="gold")
    shops.settle()

    assert shops.east.row(MEMBER, member)["tier"] == "gold"
    assert shops.hub.conflicts() == []


def test_the_same_value_written_in_two_places_is_no_conflict(shops: Chain) -> None:
    member = a_shared_member(shops, tier="basic")
    shops.east.update(MEMBER, member, tier="gold")
    shops.west.update(MEMBER, member, tier="gold")

    shops.settle()

    assert shops.hub.conflicts() == []


def test_a_losing_edit_is_replaced_at_the_store_that_made_it(shops: Chain) -> None:
    member = a_shared_member(shops, level="A")
    shops.east.update(MEMBER, member, level="B")
    shops.west.update(MEMBER, member, level="C")

    shops.settle()

    assert [stand.row(MEMBER, member)["level"] for stand in shops.places] == ["B"] * 3  # merge: ask


def test_sums_unions_notes_and_extremes_combine_without_a_conflict_except_the_extreme(shops: Chain) -> None:
    member = a_shared_member(shops, points=10, tags='["vip"]', note="met", best=3)
    shops.east.update(MEMBER, member, points=13, tags='["vip","wine"]', note="met\nred wine", best=7)
    shops.west.update(MEMBER, member, points=8, tags='["band","vip"]', note="met\nband", best=5)

    shops.settle()

    for stand in shops.places:
        row = stand.row(MEMBER, member)
        assert (row["points"], row["tags"], row["best"]) == (11, '["band","vip","wine"]', 7)
        assert sorted(row["note"].split("\n")) == ["band", "met", "red wine"]
    assert [c["field"] for c in shops.hub.conflicts()] == ["best"]


def test_the_homes_value_stands_where_the_policy_is_home(shops: Chain) -> None:
    member = a_shared_member(shops, desk="1")
    shops.east.update(MEMBER, member, desk="2")
    shops.west.clock.pass_(60)
    shops.west.update(MEMBER, member, desk="3")

    shops.settle()

    assert [stand.row(MEMBER, member)["desk"] for stand in shops.places] == ["2"] * 3
    assert [c["policy"] for c in shops.hub.conflicts()] == ["home"]


def test_headquarters_own_edit_meets_the_stores_like_any_other(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.settle()
    shops.east.update(BOOKING, booking, guest="Chen Yi")
    shops.hub.clock.pass_(60)
    shops.hub.update(BOOKING, booking, actor="boss", guest="Chen Er")

    shops.settle()

    assert shops.east.row(BOOKING, booking)["guest"] == "Chen Er"
    (conflict,) = shops.hub.conflicts()
    assert (conflict["mine_by"], conflict["theirs"]) == ("boss", "Chen Yi")


def test_a_plugins_hook_decides_and_one_that_has_no_answer_leaves_it_to_the_later(database_url: str) -> None:
    remark = a_record("remark", a_field("long", merge="hook"), a_field("late", merge="hook"), sync=MEMBER.sync)

    def longer(record: Any, field: Any, base: Any, ours: Any, theirs: Any) -> Any:
        return max(ours, theirs, key=len) if field.name == "long" else None

    host = FakeHost(remark, merge_field=longer)
    shops = Chain(database_url, hub=host, east=host, west=host)
    id_ = shops.east.create(remark, {"long": "-", "late": "-"})
    shops.settle()
    shops.east.update(remark, id_, long="a long remark", late="first")
    shops.west.clock.pass_(60)
    shops.west.update(remark, id_, long="short", late="second")

    shops.settle()

    row = shops.west.row(remark, id_)
    assert (row["long"], row["late"]) == ("a long remark", "second")
    assert len(shops.hub.conflicts()) == 2
    shops.close()


@pytest.mark.parametrize("delete_first", [True, False])
@pytest.mark.parametrize(("record", "alive"), [(MEMBER, True), (GUEST, False)])
def test_a_delete_against_an_unseen_edit_follows_the_types_rule_in_both_orders(
    shops: Chain, record: Any, alive: bool, delete_first: bool
) -> None:
    id_ = shops.east.create(record, {"name": "Chen"})
    shops.settle()
    shops.east.change_life(record, id_, "delete")
    shops.west.update(record, id_, name="Chen Yi")

    for branch in (shops.east, shops.west) if delete_first else (shops.west, shops.east):
        shops.push(branch)
    shops.settle()

    rows = [stand.row(record, id_) for stand in shops.places]
    assert [row["_life"] for row in rows] == [3 if alive else 2] * 3
    assert [row["name"] for row in rows] == ["Chen Yi"] * 3
    assert [c["kind"] for c in shops.hub.conflicts()] == ["deleted"]


def test_a_delete_that_saw_every_edit_is_no_conflict(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.west.update(MEMBER, member, tier="gold")
    shops.settle()
    shops.east.change_life(MEMBER, member, "delete")

    shops.settle()

    assert [stand.row(MEMBER, member)["_life"] for stand in shops.places] == [2] * 3
    assert shops.hub.conflicts() == []


def test_where_deleting_is_forbidden_the_record_stays(shops: Chain) -> None:
    memo = shops.east.create(MEMO, {"text": "hello"})
    shops.push(shops.east)
    shops.east.change_life(MEMO, memo, "delete")

    shops.push(shops.east)

    assert shops.hub.row(MEMO, memo)["_life"] == 3
    assert [c["kind"] for c in shops.hub.conflicts()] == ["deleted"]


def test_delete_undelete_delete_ends_alike_everywhere(shops: Chain) -> None:
    member = a_shared_member(shops)
    for kind in ("delete", "undelete", "delete"):
        shops.east.change_life(MEMBER, member, kind)  # type: ignore[arg-type]

    shops.settle()

    assert [stand.row(MEMBER, member)["_life"] for stand in shops.places] == [4] * 3


def test_a_store_does_not_delete_its_copy_of_what_headquarters_decides_about(shops: Chain) -> None:
    tariff = shops.hub.create(TARIFF, {"name": "room"}, store="east")
    shops.settle()
    shops.east.change_life(TARIFF, tariff, "delete")

    shops.settle()

    assert [stand.row(TARIFF, tariff)["_life"] for stand in (shops.hub, shops.east)] == [1, 1]
    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["policy"], conflict["outcome"]) == ("refused", "home", "current")


def test_a_record_deleted_in_two_places_is_deleted_once_without_a_conflict(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.hub.change_life(MEMBER, member, "delete")
    shops.east.change_life(MEMBER, member, "delete")

    shops.settle()

    assert [stand.row(MEMBER, member)["_life"] for stand in shops.places] == [2] * 3
    assert shops.hub.conflicts() == []


def test_a_delete_that_missed_an_undelete_leaves_the_record_and_opens_a_conflict(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.hub.change_life(MEMBER, member, "delete")
    shops.hub.change_life(MEMBER, member, "undelete")
    shops.east.change_life(MEMBER, member, "delete")

    shops.settle()

    assert [stand.row(MEMBER, member)["_life"] for stand in shops.places] == [3] * 3
    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["outcome"], conflict["theirs"]) == ("deleted", "current", "2")


def test_an_edit_by_somebody_who_knew_of_the_delete_does_not_bring_the_record_back(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.east.change_life(MEMBER, member, "delete")
    shops.settle()
    shops.west.update(MEMBER, member, name="Chen (moved away)")

    shops.settle()

    rows = [stand.row(MEMBER, member) for stand in shops.places]
    assert [(row["_life"], row["name"]) for row in rows] == [(2, "Chen (moved away)")] * 3
    assert shops.hub.conflicts() == []


def test_a_state_told_by_a_stranger_that_the_home_had_reached_by_itself_is_no_conflict(shops: Chain) -> None:
    member = a_shared_member(shops, state="held")
    shops.east.update(MEMBER, member, state="seated")
    shops.west.update(MEMBER, member, state="seated")

    shops.settle()

    assert [stand.row(MEMBER, member)["state"] for stand in shops.places] == ["seated"] * 3
    assert shops.hub.conflicts() == []


def test_a_field_emptied_at_a_store_is_empty_everywhere(shops: Chain) -> None:
    member = a_shared_member(shops, tier="gold")
    shops.east.update(MEMBER, member, tier=None)

    shops.settle()

    assert [stand.row(MEMBER, member)["tier"] for stand in shops.places] == [None] * 3


def test_a_line_from_no_moment_in_time_is_set_aside(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})

    shops.merge(rechained(shops.east.log(), at="yesterday evening"), "east")

    assert shops.hub.row(BOOKING, booking) == {}
    assert [line.code for line in quarantined(shops.hub)] == ["bad-cell"]


@pytest.mark.parametrize(("kind", "cell"), [("list", '{"a":1}'), ("map", "[1]"), ("list", "5"), ("map", '"a"')])
def test_a_list_is_not_taken_for_a_map_nor_a_map_for_a_list(database_url: str, kind: str, cell: str) -> None:
    order = a_record("order", a_field("guest"), a_field("extras", kind))
    host = FakeHost(order)
    shops = Chain(database_url, hub=host, east=host, west=host)
    id_ = shops.east.create(order, {"guest": "Chen"})
    shops.east.update(order, id_, extras=cell)

    shops.push(shops.east)

    assert [line.code for line in quarantined(shops.hub)] == ["bad-cell"]
    assert shops.hub.row(order, id_)["extras"] is None
    shops.close()
