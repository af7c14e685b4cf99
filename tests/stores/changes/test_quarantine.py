"""What could not be merged waits, visible and acknowledged, and nothing but its record waits with it."""

from __future__ import annotations

from dataclasses import replace

from core.model.change import sealed
from stores.changes import quarantine
from stores.changes.apply import retry
from stores.changes.commit import Edit
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    Chain,
    FakeHost,
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
