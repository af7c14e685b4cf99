"""Writing what was done here: record and log together, numbered without a gap, stamped field by field."""

from __future__ import annotations

import json

from sqlalchemy import event

from core.model.change import GENESIS, chain
from core.model.stamps import RowStamps
from stores.changes import log
from stores.changes.commit import Edit
from stores.storage import checkpoints, counters
from tests.stores.chain import (
    BOOKING,
    MEMBER,
    TYPES,
    FakeHost,
    Stand,
)


def test_a_booking_and_its_line_are_written_together(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "deposit": 50_000, "state": "held", "number": "E-1"})

    row, (line,) = shop.row(BOOKING, id_), shop.log()
    assert (row["guest"], row["deposit"], row["state"], row["number"]) == ("Chen", 50_000, "held", "E-1")
    assert (row["_store"], row["_hs"], row["_life"], row["_by"]) == ("east", 0, 1, "li")
    assert line.kind == "create"
    assert (line.type, line.pk, line.store, line.base_hs) == ("club.booking", id_, "east", 0)
    assert line.body == {
        "guest": (None, "Chen"), "deposit": (None, 50_000), "state": (None, "held"), "number": (None, "E-1"),
    }  # fmt: skip
    assert line.at == row["_at"] == "2026-03-07T12:00:01.000Z"


def test_an_update_logs_only_what_it_changes_with_the_value_before(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "room": "V8"})

    (line,) = shop.update(BOOKING, id_, guest="Chen", room="V9")

    assert line.body == {"room": ("V8", "V9")}
    assert shop.row(BOOKING, id_)["room"] == "V9"


def test_an_action_that_changes_no_value_is_in_the_log_all_the_same(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen"})

    (line,) = shop.update(BOOKING, id_, actor="wang", guest="Chen")

    assert line.body == {}
    assert shop.row(BOOKING, id_)["_by"] == "wang"


def test_lines_are_numbered_without_a_gap_and_each_hash_vouches_for_all_before(shop: Stand) -> None:
    booking = shop.create(BOOKING, {"guest": "Chen"})
    shop.do(
        Edit(BOOKING, booking, "east", "update", {"room": "V8"}),
        Edit(MEMBER, "m1", "east", "create", {"name": "Chen"}),
        facts={"reason": "moved"},
    )

    lines = shop.log()

    assert [line.seq for line in lines] == [1, 2, 3]
    assert [(line.nth, line.of) for line in lines] == [(1, 1), (1, 2), (2, 2)]
    assert lines[1].tx == lines[2].tx
    assert lines[1].facts == {"reason": "moved", "version": "1.0.0"}
    previous = GENESIS
    for line in lines:
        previous = chain(previous, line)
        assert line.hash == previous
    with shop.database.read() as connection:
        assert checkpoints.head(connection, "east-01.1") == (3, previous)


def test_a_branch_stamps_fields_as_unseen_by_headquarters(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen"})
    shop.update(BOOKING, id_, room="V8")

    stamps = RowStamps.unpack(shop.row(BOOKING, id_)["_m"])

    created, moved = shop.log()
    assert stamps.of("guest") == (0, created.hlc, "east-01.1")
    assert stamps.of("room") == (0, moved.hlc, "east-01.1")


def test_headquarters_gives_each_deed_one_place_in_the_order(hub: Stand) -> None:
    first = hub.create(MEMBER, {"name": "Chen"})
    hub.do(
        Edit(MEMBER, first, "hq", "update", {"tier": "gold"}),
        Edit(MEMBER, "m2", "hq", "create", {"name": "Lin"}),
    )

    rows = {row["id"]: row for row in hub.rows(MEMBER)}

    assert {rows[first]["_hs"], rows["m2"]["_hs"]} == {2}
    stamps = RowStamps.unpack(rows[first]["_m"])
    assert (stamps.of("name").hs, stamps.of("tier").hs) == (1, 2)
    assert [line.base_hs for line in hub.log()] == [0, 1, 0]
    with hub.database.read() as connection:
        assert counters.hub_sequence(connection) == 2


def test_one_record_written_twice_in_a_deed_keeps_both_steps(shop: Stand) -> None:
    shop.do(
        Edit(BOOKING, "b1", "east", "create", {"guest": "Chen"}),
        Edit(BOOKING, "b1", "east", "update", {"guest": "Lin"}),
    )

    assert [line.body["guest"] for line in shop.log()] == [(None, "Chen"), ("Chen", "Lin")]
    assert shop.row(BOOKING, "b1")["guest"] == "Lin"


def test_a_delete_raises_the_life_counter_and_keeps_the_last_values(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen"})

    shop.change_life(BOOKING, id_, "delete")
    dead = shop.row(BOOKING, id_)
    shop.change_life(BOOKING, id_, "undelete")

    assert (dead["_life"], dead["guest"]) == (2, "Chen")
    assert shop.row(BOOKING, id_)["_life"] == 3
    assert [line.body for line in shop.log()[1:]] == [{"_life": (1, 2)}, {"_life": (2, 3)}]


def test_a_hidden_field_stays_here_and_its_line_carries_a_digest_of_it(shop: Stand) -> None:
    id_ = shop.create(BOOKING, {"guest": "Chen", "phone": "13800001111"})

    (sent,) = shop.log()
    with shop.database.read() as connection:
        (kept,) = log.history(connection, "club.booking", id_)
        assert log.verify(connection, "east-01.1") is None

    assert "phone" not in sent.body
    assert "13800001111" not in json.dumps(sent.facts)
    assert set(sent.facts or {}) == {"hidden", "version"}
    assert kept.body["phone"] == (None, "13800001111")
    assert shop.row(BOOKING, id_)["phone"] == "13800001111"


def test_a_plugin_may_keep_more_fields_back(database_url: str) -> None:
    host = FakeHost(*TYPES, entry_outgoing=lambda entry, peer: ["guest"] if "guest" in entry.body else [])
    shop = Stand(database_url, "east", host=host)

    shop.create(BOOKING, {"guest": "Chen", "room": "V8"})

    (sent,) = shop.log()
    assert set(sent.body) == {"room"}
    shop.close()


def test_a_thousand_edits_are_written_in_a_handful_of_statements(shop: Stand) -> None:
    said: list[str] = []
    event.listen(shop.database._writer, "before_cursor_execute", lambda _c, _k, sql, *_: said.append(sql))

    shop.do(*(Edit(BOOKING, f"b{n:04}", "east", "create", {"guest": f"guest {n}"}) for n in range(1_000)))

    assert len(shop.rows(BOOKING)) == 1_000
    assert len(set(said)) < 14
    assert len(said) < 60  # SQLite takes some dozens of rows a statement


def test_a_deed_that_writes_nothing_leaves_no_line_and_takes_no_place(hub: Stand) -> None:
    hub.create(BOOKING, {"guest": "Chen"})

    lines = hub.do()
    booking = hub.create(BOOKING, {"guest": "Lin"})

    assert lines == []
    assert [line.seq for line in hub.log()] == [1, 2]
    assert hub.row(BOOKING, booking)["_hs"] == 2
