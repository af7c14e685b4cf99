"""Taking in what was done elsewhere: headquarters merges the log, a store puts down the state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError

from core.model.change import Entry, chain, sealed
from core.model.stamps import RowStamps
from stores import checkpoints, counters, feed, quarantine
from stores.apply import BrokenChain, ForkedLog, apply_rows, catch_up, retry
from stores.commit import Edit
from stores.migrate import migrate
from tests.stores.chain import BOOKING, GUEST, MEMBER, MEMO, TARIFF, TYPES, Chain, FakeHost, Stand, a_field, a_record


@pytest.fixture
def shops(database_url: str) -> Iterator[Chain]:
    """Headquarters (on SQLite or PostgreSQL) with stores east and west."""
    made = Chain(database_url)
    yield made
    made.close()


def rechained(entries: list[Entry], **changes: Any) -> list[Entry]:
    """Return a log as a dishonest or broken node would have written it: other contents, good hashes."""
    previous, out = "0" * 32, []
    for entry in entries:
        previous = chain(previous, replace(entry, **changes))
        out.append(replace(entry, **changes, hash=previous))
    return out


def quarantined(stand: Stand) -> list[quarantine.Kept]:
    with stand.database.read() as connection:
        return quarantine.listed(connection)


def head_of(stand: Stand, origin: str) -> int:
    with stand.database.read() as connection:
        return checkpoints.head(connection, origin)[0]


# --- up: what arrives, and how often -------------------------------------------------------------------------------


def test_what_a_store_did_arrives_at_headquarters_with_its_log(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen", "state": "held", "number": "E-1", "deposit": 50_000})
    shops.east.update(BOOKING, booking, state="seated")

    report = shops.push(shops.east)

    row = shops.hub.row(BOOKING, booking)
    assert (report.merged, report.seq, report.expected) == (2, 2, None)
    assert (row["guest"], row["state"], row["number"], row["deposit"]) == ("Chen", "seated", "E-1", 50_000)
    assert row["_hs"] == 2  # two transactions, two places
    assert shops.hub.log("east-01.1") == shops.east.log()
    assert report.touched == (("club.booking", booking),)


def test_a_transaction_takes_one_place_in_the_order_whatever_it_wrote(shops: Chain) -> None:
    shops.east.do(
        Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}),
        Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}),
    )
    shops.east.create(MEMBER, {"name": "Lin"})

    shops.push(shops.east)

    assert shops.hub.row(BOOKING, "b1")["_hs"] == shops.hub.row(MEMBER, "m1")["_hs"] == 1
    assert {row["_hs"] for row in shops.hub.rows(MEMBER)} == {1, 2}


def test_a_frame_that_comes_twice_is_merged_once(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"points": 5})
    shops.push(shops.east, lose_answer=True)
    shops.east.update(MEMBER, member, points=8)
    entries = shops.east.log()

    shops.push(shops.east, lose_answer=True)
    again = shops.merge(entries, "east")

    assert (again.merged, again.repeated, again.seq) == (0, 2, 2)
    assert shops.hub.row(MEMBER, member)["points"] == 8


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
    lie = replace(second, body={"guest": (None, "Wu")})

    with pytest.raises(BrokenChain):
        shops.merge([first, lie], "east")

    assert shops.hub.row(BOOKING, booking) == {}
    assert head_of(shops.hub, "east-01.1") == 0


def test_a_frame_with_two_logs_in_it_is_refused(shops: Chain) -> None:
    shops.east.create(BOOKING, {"guest": "Chen"})
    shops.west.create(BOOKING, {"guest": "Lin"})

    with pytest.raises(BrokenChain):
        shops.merge([*shops.east.log(), *shops.west.log()], "east")


# --- up: two writes of one field -----------------------------------------------------------------------------------


def a_shared_member(shops: Chain, **values: Any) -> str:
    """A record that every node holds: made in the east, pulled by all."""
    member = shops.east.create(MEMBER, {"name": "Chen", **values})
    shops.settle()
    return member


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


# --- up: who may say what ------------------------------------------------------------------------------------------


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
    request = shops.hub.node.catalog.records["core.request"]
    values = {"record_type": "club.member", "action": "retier", "state": "waiting"}

    id_ = shops.west.create(request, values, store="east")
    shops.settle()

    assert shops.east.row(request, id_)["state"] == "waiting"


def test_only_the_owner_deletes(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.west.change_life(MEMBER, member, "delete")

    shops.push(shops.west)

    assert shops.hub.row(MEMBER, member)["_life"] == 1
    assert [line.code for line in quarantined(shops.hub)] == ["not-yours"]


# --- up: quarantine ------------------------------------------------------------------------------------------------


def test_a_bad_value_is_quarantined_its_record_waits_and_its_neighbours_flow(shops: Chain) -> None:
    bad = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.update(BOOKING, bad, guest="Chen Yi")
    good = shops.east.create(BOOKING, {"guest": "Lin"})
    first, *others = shops.east.log()
    entries = rechained([replace(first, body={"deposit": (None, "fifty")}), *others])

    report = shops.merge(entries, "east")

    assert shops.hub.row(BOOKING, bad) == {}
    assert shops.hub.row(BOOKING, good)["guest"] == "Lin"
    assert report.seq == 3  # acknowledged: stored, not liked
    assert report.waiting == (("east-01.1", 1), ("east-01.1", 2))
    assert [(line.code, line.tries) for line in quarantined(shops.hub)] == [("bad-cell", 1), ("waits-behind", 1)]
    assert shops.hub.row(BOOKING, good)["_hs"] == 1  # what failed has no place in the order


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


def test_a_transaction_is_quarantined_whole(shops: Chain) -> None:
    shops.east.do(
        Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}),
        Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}),
    )
    first, second = shops.east.log()
    entries = rechained([first, replace(second, body={"deposit": (None, "x")})])

    shops.merge(entries, "east")

    assert shops.hub.rows(MEMBER) == []
    assert len(quarantined(shops.hub)) == 2


def test_what_the_database_itself_refuses_is_found_and_quarantined_alone(shops: Chain) -> None:
    for guest in ("Chen", "Lin", "Wu"):
        shops.east.create(BOOKING, {"guest": guest})
    entries = shops.east.log()

    def refuse(_connection: Any, _cursor: Any, sql: str, values: Any, *_: Any) -> None:
        if sql.startswith('INSERT INTO "club_booking"') and "Lin" in str(values):
            raise DataError(sql, values, ValueError("invalid byte sequence"))

    event.listen(shops.hub.database._writer, "before_cursor_execute", refuse)
    report = shops.merge(entries, "east")

    assert [row["guest"] for row in shops.hub.rows(BOOKING)] == ["Chen", "Wu"]
    assert [row["_hs"] for row in shops.hub.rows(BOOKING)] == [1, 2]
    assert report.waiting == (("east-01.1", 2),)
    assert [line.code for line in quarantined(shops.hub)] == ["merge-failed"]


def test_an_update_of_a_record_that_never_came_waits_for_it(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.update(BOOKING, booking, room="V8")
    _, update = shops.east.log()

    shops.merge([sealed("0" * 32, replace(update, seq=1))], "east")

    assert [line.code for line in quarantined(shops.hub)] == ["record-missing"]


def test_a_type_unknown_here_is_parked_and_merged_after_the_plugin_came(database_url: str) -> None:
    shops = Chain(database_url, hub=FakeHost(MEMBER))
    shops.east.do(
        Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}),
        Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}),
    )
    shops.east.update(BOOKING, "b1", room="V8")
    shops.push(shops.east)
    assert shops.hub.row(MEMBER, "m1")["name"] == "Chen"
    assert [line.code for line in quarantined(shops.hub)] == ["unknown-type", "unknown-type"]

    upgrade(shops.hub)

    assert (shops.hub.row(BOOKING, "b1")["guest"], shops.hub.row(BOOKING, "b1")["room"]) == ("Chen", "V8")
    assert quarantined(shops.hub) == []
    shops.close()


def upgrade(stand: Stand) -> None:
    """Give a running node all plugins."""
    stand.node.host = FakeHost(*TYPES)  # type: ignore[assignment]
    migrate(stand.database, stand.node.catalog)
    with stand.database.write() as connection:
        catch_up(connection, stand.node)


def test_a_retry_that_fails_again_counts_and_keeps_the_order(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"}, store="west")
    shops.east.update(BOOKING, booking, guest="Lin")
    shops.push(shops.east)

    with shops.hub.database.write() as connection:
        report = retry(connection, shops.hub.node)

    assert [(line.code, line.tries) for line in quarantined(shops.hub)] == [("not-yours", 2), ("waits-behind", 2)]
    assert len(report.waiting) == 2


def test_a_field_unknown_to_headquarters_is_kept_forwarded_and_used_after_the_upgrade(database_url: str) -> None:
    old = replace(MEMBER, fields={name: f for name, f in MEMBER.fields.items() if name != "tier"})
    shops = Chain(database_url, hub=FakeHost(old))
    member = shops.east.create(MEMBER, {"name": "Chen", "tier": "basic"})
    shops.settle()
    shops.east.update(MEMBER, member, tier="silver")
    shops.west.clock.pass_(60)
    shops.west.update(MEMBER, member, tier="gold")

    shops.settle()

    assert shops.hub.row(old, member)["_x"] == '{"tier":"gold"}'
    assert [stand.row(MEMBER, member)["tier"] for stand in (shops.east, shops.west)] == ["gold", "gold"]
    assert [c["field"] for c in shops.hub.conflicts()] == ["tier"]
    upgrade(shops.hub)
    assert (shops.hub.row(MEMBER, member)["tier"], shops.hub.row(MEMBER, member)["_x"]) == ("gold", None)
    shops.close()


# --- up: deletes ---------------------------------------------------------------------------------------------------


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


# --- up: rules over several records --------------------------------------------------------------------------------


def test_one_badge_given_in_two_stores_stands_twice_and_opens_a_conflict(shops: Chain) -> None:
    first = shops.east.create(MEMBER, {"name": "Chen", "badge": "S17"})
    second = shops.west.create(MEMBER, {"name": "Lin", "badge": "S17"})

    shops.settle()

    assert len(shops.hub.rows(MEMBER)) == 2
    (conflict,) = shops.hub.conflicts()
    assert (conflict["kind"], conflict["field"], conflict["theirs"]) == ("unique", "badge", "S17")
    assert (conflict["record_id"], conflict["detail"]) == (second, first)
    shops.west.update(MEMBER, second, name="Lin Er")
    shops.settle()
    assert len(shops.hub.conflicts()) == 1  # told once


def test_one_badge_given_twice_in_one_frame_opens_one_conflict(shops: Chain) -> None:
    for name in ("Chen", "Lin"):
        shops.east.create(MEMBER, {"name": name, "badge": "S17"})

    shops.settle()

    assert [c["kind"] for c in shops.hub.conflicts()] == ["unique"]


# --- up: clocks ----------------------------------------------------------------------------------------------------


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


# --- down ----------------------------------------------------------------------------------------------------------


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


def test_a_type_unknown_at_the_store_is_parked_and_put_down_after_the_upgrade(database_url: str) -> None:
    shops = Chain(database_url, west=FakeHost(BOOKING))
    member = shops.east.create(MEMBER, {"name": "Chen"})
    shops.settle()
    shops.east.update(MEMBER, member, name="Chen Yi")
    shops.settle()
    assert [line.code for line in quarantined(shops.west)] == ["unknown-type"]

    upgrade(shops.west)

    assert shops.west.row(MEMBER, member)["name"] == "Chen Yi"
    assert quarantined(shops.west) == []
    shops.close()


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
