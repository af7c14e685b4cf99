"""What could not be merged waits, visible and acknowledged, and nothing but its record waits with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.model.change import sealed
from stores.changes import apply, quarantine
from stores.changes.apply import retry, retry_all, retry_behind
from stores.changes.commit import Edit
from tests.stores.chain import (
    BOOKING,
    GUEST,
    MEMBER,
    STAFF,
    Chain,
    FakeHost,
    Stand,
    a_shared_member,
    quarantined,
    rechained,
    upgrade,
)


def test_a_bad_value_is_quarantined_its_record_waits_and_its_neighbours_flow(shops: Chain) -> None:
    bad = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.update(BOOKING, bad, guest="Chen Yi")
    good = shops.east.create(BOOKING, {"guest": "Lin"})
    first, *others = shops.east.log()
    entries = rechained([first._replace(body={"deposit": (None, "fifty")}), *others])

    report = shops.merge(entries, "east")

    assert shops.hub.row(BOOKING, bad) == {}
    assert shops.hub.row(BOOKING, good)["guest"] == "Lin"
    assert report.seq == 3  # acknowledged: stored, not liked
    assert report.waiting == (("east-01.1", 1), ("east-01.1", 2))
    assert [(line.code, line.tries) for line in quarantined(shops.hub)] == [("bad-cell", 1), ("waits-behind", 1)]
    assert shops.hub.row(BOOKING, good)["_hs"] == 3  # what failed leaves its place in the order empty


def test_an_update_of_a_record_that_never_came_waits_for_it(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.update(BOOKING, booking, room="V8")
    _, update = shops.east.log()

    shops.merge([sealed("0" * 32, update._replace(seq=1))], "east")

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
    assert {line.why.en for line in quarantined(shops.hub)} == {
        "Club, in the version of this node, has no records of this kind"
    }

    upgrade(shops.hub)

    assert (shops.hub.row(BOOKING, "b1")["guest"], shops.hub.row(BOOKING, "b1")["room"]) == ("Chen", "V8")
    assert quarantined(shops.hub) == []
    shops.close()


def test_a_retry_that_fails_again_counts_and_keeps_the_order(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"}, store="west")
    shops.east.update(BOOKING, booking, guest="Lin")
    shops.push(shops.east)

    with shops.hub.database.write() as connection:
        report = retry_all(connection, shops.hub.node)

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


def test_what_is_held_back_is_counted_and_read_page_by_page(shops: Chain) -> None:
    for n in range(5):
        shops.east.create(BOOKING, {"guest": f"Chen {n}"})
    shops.merge(rechained([each._replace(body={"deposit": (None, "fifty")}) for each in shops.east.log()]), "east")

    with shops.hub.database.read() as connection:
        first = quarantine.deeds(connection, 3)
        rest = quarantine.deeds(connection, 3, "east", first[-1])
        lines = [quarantine.of_deed(connection, each.origin, each.tx) for each in [*first, *rest]]
        assert quarantine.counts(connection) == (5, 0)
        assert quarantine.deed_count(connection) == quarantine.deed_count(connection, "east") == 5
        assert quarantine.deeds(connection, 3, "west") == []

    assert [line.seq for deed in lines for line in deed] == [1, 2, 3, 4, 5]
    assert lines[0][0].sender == "east"


def test_what_waits_for_a_plugin_is_counted_apart(database_url: str) -> None:
    shops = Chain(database_url, hub=FakeHost(MEMBER))
    shops.east.create(BOOKING, {"guest": "Chen"})
    shops.push(shops.east)

    with shops.hub.database.read() as connection:
        assert quarantine.counts(connection) == (0, 1)


def tries(stand: Stand) -> list[tuple[str, int]]:
    return [(each.code, each.tries) for each in quarantined(stand)]


def retry_what_is_due(shops: Chain) -> int:
    """Do what headquarters does from time to time; return how many changes went through."""
    with shops.hub.database.write() as connection:
        deeds = quarantine.due(connection, shops.hub.node.now())
        return retry(connection, shops.hub.node, deeds).merged


def test_what_waited_for_a_record_goes_on_in_order_when_it_comes_and_nothing_else_is_tried(shops: Chain) -> None:
    first = shops.east.create(BOOKING, {"guest": "Chen"})
    for room in ("V1", "V2", "V3"):
        shops.east.update(BOOKING, first, room=room)
    bad = shops.west.create(BOOKING, {"guest": "Lin"})
    create, *updates = shops.east.log()
    shops.merge(rechained([each._replace(body={"deposit": (None, "x")}) for each in shops.west.log()]), "west")
    late = rechained([*(each._replace(seq=n + 1) for n, each in enumerate(updates)), create._replace(seq=4)])
    shops.merge(late[:3], "east")
    assert sorted(tries(shops.hub)) == [
        ("bad-cell", 1),
        ("record-missing", 1),
        ("waits-behind", 1),
        ("waits-behind", 1),
    ]

    touched = shops.merge(late[3:], "east").touched
    with shops.hub.database.write() as connection:
        retry_behind(connection, shops.hub.node, touched)

    assert shops.hub.row(BOOKING, first)["room"] == "V3"
    assert tries(shops.hub) == [("bad-cell", 1)]
    assert shops.hub.row(BOOKING, bad) == {}


def test_what_is_wrong_in_itself_is_not_tried_because_its_record_was_edited(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.push(shops.east)
    shops.east.update(BOOKING, booking, guest="Lin")
    _, update = shops.east.log()
    shops.merge([sealed(shops.east.log()[0].hash, update._replace(body={"deposit": (None, "x")}))], "east")
    shops.hub.update(BOOKING, booking, actor="system", room="V8")

    with shops.hub.database.write() as connection:
        retry_behind(connection, shops.hub.node, [(BOOKING.key, booking)])

    assert tries(shops.hub) == [("bad-cell", 1)]


def test_what_time_may_mend_is_tried_ever_more_seldom_and_what_is_wrong_never(shops: Chain) -> None:
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.update(BOOKING, booking, room="V8")
    _, update = shops.east.log()
    shops.merge([sealed("0" * 32, update._replace(seq=1))], "east")
    shops.west.create(BOOKING, {"guest": "Lin"})
    shops.merge(rechained([each._replace(body={"deposit": (None, "x")}) for each in shops.west.log()]), "west")
    since = {each.code: each.kept_at for each in quarantined(shops.hub)}
    found = []

    for _ in range(40):
        shops.hub.clock.pass_(60)
        retry_what_is_due(shops)
        found.append(dict(tries(shops.hub))["record-missing"])

    assert found[:16] == [2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5]
    assert found[-1] == 6
    assert dict(tries(shops.hub))["bad-cell"] == 1
    assert {each.code: each.kept_at for each in quarantined(shops.hub)} == since  # held back since it came


def test_a_post_given_at_headquarters_lets_through_what_waited_for_it_in_time(shops: Chain) -> None:
    member = a_shared_member(shops)
    shops.west.do(Edit(MEMBER, member, "", "update", {"tier": "gold"}), action="price")
    shops.push(shops.west)
    assert [code for code, _ in tries(shops.hub)] == ["not-his-post"]
    staff = shops.hub.node.catalog.records["core.staff"]
    shops.hub.update(staff, STAFF["west"], actor="system", roles='["boss"]')

    shops.hub.clock.pass_(60)

    assert retry_what_is_due(shops) == 1
    assert shops.hub.row(MEMBER, member)["tier"] == "gold"


def test_no_store_gets_in_the_way_of_another_and_a_million_bad_lines_hold_up_nobody(
    shops: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "RETRIED_MAX", 3)
    for n in range(5):
        shops.east.create(BOOKING, {"guest": f"Chen {n}"})
    shops.west.create(BOOKING, {"guest": "Lin"})
    for shop in (shops.east, shops.west):
        shops.merge(rechained([each._replace(body={"deposit": (None, "x")}) for each in shop.log()]), shop.store)

    with shops.hub.database.write() as connection:
        retry_all(connection, shops.hub.node)

    assert [(each.sender, each.tries) for each in quarantined(shops.hub)] == [
        ("east", 2), ("east", 2), ("east", 2), ("east", 1), ("east", 1), ("west", 2)
    ]  # fmt: skip
    retry_what_is_due(shops)
    assert [each.tries for each in quarantined(shops.hub)] == [2] * 6
    retry_what_is_due(shops)
    assert [each.tries for each in quarantined(shops.hub)] == [2] * 6


def test_two_stores_whose_clocks_differ_do_not_wait_for_each_other_for_ever(shops: Chain) -> None:
    """The East has edited what the West made, by a clock that is slow; headquarters was put back and gets the East first."""
    known = shops.west.create(GUEST, {"name": "Chen"})
    shops.settle()
    shops.east.update(GUEST, known, name="Chan")
    made = "guest-of-the-west"
    shops.west.clock.pass_(7_200)
    shops.west.do(
        Edit(GUEST, known, "west", "update", {"name": "Chen Yi"}), Edit(GUEST, made, "west", "create", {"name": "Lin"})
    )
    with shops.east.database.write() as connection:
        connection.execute(shops.east.node.tables[GUEST.key].insert(), [shops.west.row(GUEST, made)])
    shops.east.update(GUEST, made, name="Li")
    shops.east.do(
        Edit(GUEST, made, "west", "update", {"name": "Lee"}), Edit(GUEST, known, "west", "update", {"name": "Tan"})
    )
    shops.push(shops.east)
    shops.push(shops.west)
    assert {line.code for line in quarantined(shops.hub)} == {"record-missing", "waits-behind"}

    for _ in range(3):
        with shops.hub.database.write() as connection:
            retry_all(connection, shops.hub.node)

    assert quarantined(shops.hub) == []
    assert shops.hub.row(GUEST, made)["_life"] == 1
