"""Tombstones go when nobody needs them, and not before."""

from __future__ import annotations

from datetime import timedelta

from stores.changes import apply, compaction
from stores.changes.commit import Edit
from stores.storage import counters
from tests.stores.chain import BOOKING, GUEST, MEMBER, Chain, a_shared_member, quarantined, rechained


def place(shops: Chain) -> int:
    with shops.hub.database.read() as connection:
        return counters.hub_sequence(connection)


def test_a_tombstone_goes_that_is_old_enough_and_seen(shops: Chain) -> None:
    old, young = (shops.east.create(BOOKING, {"guest": name}) for name in ("Chen", "Lin"))
    shops.settle()
    shops.east.change_life(BOOKING, old, "delete")
    shops.settle()
    seen = place(shops)
    shops.pass_(3_600)
    shops.east.change_life(BOOKING, young, "delete")
    shops.settle()
    node = shops.hub.node

    assert compaction.drop(node, seen - 1, node.now()) == 0, "not all have seen it"
    assert compaction.drop(node, place(shops), node.now() - timedelta(minutes=30)) == 1
    assert [row["id"] for row in shops.hub.rows(BOOKING)] == [young]
    with shops.hub.database.read() as connection:
        assert compaction.floor(connection) == place(shops)
        assert compaction.ended(connection, BOOKING.key, old)


def test_what_lives_is_never_dropped(shops: Chain) -> None:
    member = a_shared_member(shops)
    booking = shops.east.create(BOOKING, {"guest": "Chen"})
    shops.east.change_life(BOOKING, booking, "delete")
    shops.east.change_life(BOOKING, booking, "undelete")
    shops.settle()

    assert compaction.drop(shops.hub.node, place(shops)) == 0
    assert shops.hub.row(MEMBER, member)
    assert shops.hub.row(BOOKING, booking)


def test_an_edit_of_what_is_gone_waits_and_says_why(shops: Chain) -> None:
    """A node that was away edits a record whose tombstone is gone: the record does not come back to life."""
    guest = shops.east.create(GUEST, {"name": "Chen"})
    shops.settle()
    shops.west.update(GUEST, guest, name="Lin")
    shops.east.change_life(GUEST, guest, "delete")
    shops.push(shops.east)
    compaction.drop(shops.hub.node, place(shops))

    shops.push(shops.west)

    assert shops.hub.row(GUEST, guest) == {}
    assert [line.code for line in quarantined(shops.hub)] == ["record-gone"]


def test_what_waits_for_another_record_is_not_gone_because_its_own_is_deleted_later_in_the_same_piece(
    shops: Chain,
) -> None:
    """A deed makes a guest and changes another who is not here yet; one changes a third and the first, one deletes it."""
    late, later, made = (*(shops.west.create(GUEST, {"name": name}) for name in ("Lin", "Wu")), "guest-made-here")
    rows = [shops.west.row(GUEST, id_) for id_ in (late, later)]
    with shops.east.database.write() as connection:  # headquarters had told of them, and has been put back since
        connection.execute(shops.east.node.tables[GUEST.key].insert(), rows)
    one = Edit(GUEST, made, "east", "create", {"name": "Chen"}), Edit(GUEST, late, "west", "update", {"name": "Li"})
    other = Edit(GUEST, later, "west", "update", {"name": "Qi"}), Edit(GUEST, made, "east", "update", {"name": "Chan"})
    shops.east.do(*one)
    shops.east.do(*other)
    shops.east.change_life(GUEST, made, "delete")

    shops.push(shops.east)

    assert {line.code for line in quarantined(shops.hub)} == {"record-missing", "waits-behind"}
    shops.push(shops.west)
    with shops.hub.database.write() as connection:
        apply.retry_behind(connection, shops.hub.node, [(GUEST.key, late), (GUEST.key, later)])
    assert quarantined(shops.hub) == []
    assert {(each["theirs"], each["mine"]) for each in shops.hub.conflicts()} == {("Li", "Lin"), ("Qi", "Wu")}
    assert shops.hub.row(GUEST, made)["_life"] == 2


def test_an_end_that_comes_before_its_beginning_waits_for_it(shops: Chain) -> None:
    """The log knows of the end of a record that has never been here: that is not what is gone for good."""
    guest = shops.east.create(GUEST, {"name": "Chen"})
    shops.east.update(GUEST, guest, name="Lin")
    shops.east.change_life(GUEST, guest, "delete")
    made, *later = shops.east.log()
    late = rechained([each._replace(seq=n) for n, each in enumerate([*later, made], start=1)])
    shops.merge(late[:2], "east")
    assert {line.code for line in quarantined(shops.hub)} == {"record-missing", "waits-behind"}

    touched = shops.merge(late[2:], "east").touched
    with shops.hub.database.write() as connection:
        apply.retry_behind(connection, shops.hub.node, touched)

    assert quarantined(shops.hub) == []
    assert shops.hub.row(GUEST, guest)["_life"] % 2 == 0


def test_many_go_page_by_page(shops: Chain, monkeypatch: object) -> None:
    for n in range(7):
        booking = shops.east.create(BOOKING, {"guest": f"Chen {n}"})
        shops.east.change_life(BOOKING, booking, "delete")
    shops.settle()
    monkeypatch.setattr(compaction, "PAGE_ROWS", 3)  # type: ignore[attr-defined]

    assert compaction.drop(shops.hub.node, place(shops)) == 7
