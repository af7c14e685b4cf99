"""Kept sums: always what a full reading gives, found again by few steps, and no longer right after a row was touched."""

from __future__ import annotations

from random import Random

import pytest
from sqlalchemy import text

from core.language.definition import SyncRule
from stores.changes import buckets, digest
from stores.changes.buckets import Part, Sum
from stores.storage import bulk
from tests.stores.chain import BOOKING, MEMBER, TARIFF, TYPES, Chain, FakeHost, Stand, a_field, a_record


def kept(stand: Stand, store: str) -> dict[str, Sum]:
    """Return the sums of all parts, and put away what had to be worked out."""
    with stand.database.read() as connection:
        found, fresh = buckets.totals(connection, stand.node, buckets.parts(stand.node, store).values())
    with stand.database.write() as connection:
        buckets.keep(connection, fresh)
    return {each.name: each for each in found}


def read(stand: Stand, store: str) -> dict[str, Sum]:
    """Return the same by reading everything."""
    found = {}
    with stand.database.read() as connection:
        for part in buckets.parts(stand.node, store).values():
            sum_ = Sum(part.name)
            for row in digest.rows(connection, part.record, part.test, *part.values):
                sum_ = sum_.plus(row.hash)
            if sum_.count:
                found[part.name] = sum_
    return found


def part(stand: Stand, name: str) -> Part:
    return buckets.parts(stand.node, stand.store)[name]


def test_kept_sums_are_what_reading_everything_gives(shops: Chain) -> None:
    """Whatever is written, edited, deleted and brought back, in any order, by whomever."""
    dice, members = Random(11), list[str]()
    for _ in range(12):
        branch = dice.choice([shops.east, shops.west])
        match dice.randrange(4):
            case 0 | 1:
                members.append(shops.east.create(MEMBER, {"name": f"Chen {len(members)}"}))
            case 2 if members:
                branch.update(MEMBER, dice.choice(members), name="Lin") if branch is shops.east else None
            case _:
                booking = shops.west.create(BOOKING, {"guest": "Wu"})
                if dice.random() < 0.5:
                    shops.west.change_life(BOOKING, booking, "delete")
        shops.settle()
        for place in (shops.hub, shops.east, shops.west):
            assert kept(place, place.store) == read(place, place.store)
    assert kept(shops.hub, "east") == kept(shops.east, "east")
    assert kept(shops.hub, "west") == kept(shops.west, "west")


def test_only_what_has_changed_is_read_again(shops: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shops.east.create(MEMBER, {"name": "Chen"}, id_="01957-1")
    shops.east.create(MEMBER, {"name": "Lin"}, id_="01958-1")
    shops.settle()
    kept(shops.hub, "east")
    seen: list[str] = []
    rows = digest.rows
    monkeypatch.setattr(
        digest, "rows", lambda c, record, test="", *v: (seen.append(row.id) or row for row in rows(c, record, test, *v))
    )

    shops.east.update(MEMBER, first, name="Chen Er")
    shops.settle()
    kept(shops.hub, "east")

    assert seen == [first]


def test_one_row_is_found_by_a_few_steps(shops: Chain) -> None:
    ids = [f"0195{n % 3}-0000-7000-8000-{n:012d}" for n in range(40)]
    for id_ in ids:
        shops.east.create(BOOKING, {"guest": id_[-3:]}, id_=id_)
    shops.settle()
    kept(shops.east, "east")
    with shops.east.database.write() as connection:
        connection.execute(text("UPDATE club_booking SET guest = 'Wu' WHERE id = :id"), {"id": ids[17]})
        bulk.run_only(connection, "DELETE FROM digest")
    name = "club.booking|east"

    def differing(step: object) -> list[str]:
        found = []
        for place in (shops.east, shops.hub):
            with place.database.read() as connection:
                found.append(set(step(connection, place, buckets.parts(place.node, "east")[name])))  # type: ignore[operator]
        return sorted({each.name for each in found[0] ^ found[1]})

    (bucket,) = differing(lambda connection, place, part: buckets.buckets(connection, place.node, part))
    (shard,) = differing(lambda connection, _, part: buckets.shards(connection, part, bucket))
    (record,) = differing(lambda connection, _, part: buckets.members(connection, part, bucket, shard))

    assert (bucket, shard, record) == (ids[17][:5], ids[17][-2:], ids[17])


def test_a_row_touched_behind_the_nodes_back_shows_when_it_is_read_again(shops: Chain) -> None:
    for n in range(6):
        shops.east.create(MEMBER, {"name": f"Chen {n}"}, id_=f"0195{n}-1")
    shops.settle()
    before = kept(shops.east, "east")
    with shops.east.database.write() as connection:
        connection.execute(text("UPDATE club_member SET name = 'Wu' WHERE id = '01953-1'"))
        connection.execute(text("DELETE FROM club_member WHERE id = '01955-1'"))
    assert kept(shops.east, "east") == before, "nothing was written through the node"

    with shops.east.database.read() as connection:
        found = buckets.reread(connection, shops.east.node)
    with shops.east.database.write() as connection:
        buckets.keep(connection, found.fresh)

    assert [bucket for _, _, bucket in found.touched] == ["01953", "01955"]
    assert kept(shops.east, "east") == read(shops.east, "east")


def test_reading_again_goes_on_where_it_stopped(shops: Chain) -> None:
    for n in range(5):
        shops.east.create(MEMBER, {"name": f"Chen {n}"}, id_=f"0195{n}-1")
    shops.settle()
    kept(shops.east, "east")

    seen, cursor = [], None
    with shops.east.database.read() as connection:
        for _ in range(3):
            found = buckets.reread(connection, shops.east.node, cursor, rows_max=2)
            seen.append(found.rows)
            cursor = found.cursor

    assert seen == [2, 2, 1]
    assert cursor is None


def test_what_changed_with_the_hubs_order_is_no_tampering(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen"})
    shops.settle()
    kept(shops.hub, "east")
    shops.east.change_life(MEMBER, member, "delete")
    shops.settle()

    with shops.hub.database.read() as connection:
        assert buckets.reread(connection, shops.hub.node).touched == ()


def test_who_is_slower_does_not_spoil_the_sums(shops: Chain) -> None:
    shops.east.create(MEMBER, {"name": "Chen"})
    shops.settle()
    with shops.hub.database.read() as connection:
        _, slow = buckets.totals(connection, shops.hub.node, buckets.parts(shops.hub.node, "east").values())
    shops.east.create(MEMBER, {"name": "Lin"})
    shops.settle()
    kept(shops.hub, "east")

    with shops.hub.database.write() as connection:
        buckets.keep(connection, slow)

    assert kept(shops.hub, "east") == read(shops.hub, "east")


def test_other_columns_make_other_sums(database_url: str) -> None:
    shops = Chain(database_url)
    shops.east.create(MEMBER, {"name": "Chen"})
    shops.settle()
    kept(shops.hub, "east")
    more = FakeHost(
        *(a_record("member", a_field("name"), sync=SyncRule(scope="all")) if t is MEMBER else t for t in TYPES)
    )
    shops.hub.node.host = more  # type: ignore[assignment]

    assert kept(shops.hub, "east") == read(shops.hub, "east")
    shops.close()


def test_headquarters_prices_are_in_every_stores_sums(shops: Chain) -> None:
    shops.hub.create(TARIFF, {"name": "room", "price": 100})
    shops.settle()

    assert kept(shops.east, "east").keys() == kept(shops.hub, "west").keys() == {"club.tariff|hq"}


def test_what_was_just_written_here_and_is_not_sent_yet_is_no_tampering(shops: Chain) -> None:
    member = shops.east.create(MEMBER, {"name": "Chen"})
    shops.settle()
    kept(shops.east, "east")
    shops.east.update(MEMBER, member, name="Chen the elder")

    with shops.east.database.read() as connection:
        assert buckets.reread(connection, shops.east.node).touched == ()
