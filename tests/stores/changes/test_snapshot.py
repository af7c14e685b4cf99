"""A snapshot's pieces together hold what the feed would bring, each row once, however small they are cut."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest

from core.model.values import read_json
from stores.changes import feed
from stores.changes import snapshot as snapshots
from stores.changes.commit import Edit
from stores.changes.snapshot import FIXED, About
from tests.stores.chain import BOOKING, GUEST, MEMBER, MEMO, TARIFF, Stand

Row = tuple[str, str, dict[str, Any]]


def told(hub: Stand, store: str) -> About:
    with hub.database.read() as connection:
        return snapshots.about(connection, hub.node, store, f"{store}-01.1", "e1")


def pieces(hub: Stand, about: About) -> Iterator[bytes]:
    after = None
    for _ in range(500):
        with hub.database.read() as connection:
            image, after = snapshots.piece(connection, hub.node, about, after)
        yield image
        if after is None:
            return
    raise AssertionError("there is no last piece")


def rows_in(image: bytes) -> list[Row]:
    with closing(sqlite3.connect(":memory:")) as read:
        read.deserialize(image)
        read.row_factory = sqlite3.Row
        found = []
        for key, name in read.execute("SELECT key, name FROM types").fetchall():
            found += [(key, row["id"], dict(row)) for row in read.execute(f'SELECT * FROM "{name}"')]
    return found


def fed(hub: Stand, store: str) -> list[Row]:
    with hub.database.read() as connection:
        rows = feed.rows_after(connection, hub.node, store, 0, 1_000).rows
    names = {
        "id": "id",
        "_store": "store",
        "_life": "life",
        "_hs": "hs",
        "_at": "at",
        "_by": "by",
        "_m": "m",
        "_x": "x",
    }
    assert tuple(names) == FIXED
    return [(row.type, row.id, {key: getattr(row, name) for key, name in names.items()} | row.cells) for row in rows]


@pytest.fixture
def full(hub: Stand) -> Stand:
    """Records of every scope, of two stores; some were edited, one is deleted, one is of both stores."""
    for n in range(7):
        for record, store in ((BOOKING, "east"), (BOOKING, "west"), (MEMBER, "west"), (TARIFF, "hq"), (MEMO, "west")):
            hub.create(record, {}, store=store, id_=f"{record.name}-{store}-{(n * 5) % 7}")
    hub.update(BOOKING, "booking-east-3", room="302", phone="13900000000")
    hub.create(GUEST, {"name": "Lin"}, id_="gone")
    hub.change_life(GUEST, "gone", "delete")
    for n in range(5):
        asked = {"record_type": "club.member", "record_id": "x", "asked_in": "east"}
        hub.do(Edit(hub.node.catalog.records["core.request"], f"request-{n}", "west", "create", asked))
    return hub


@pytest.mark.parametrize(("rows_max", "first"), [(1, 1), (3, 2), (4, 500), (1_000, 3), (1_000, 500)])
@pytest.mark.parametrize("store", ["east", "west", "hq"])
def test_the_pieces_hold_what_the_feed_would_bring(
    full: Stand, monkeypatch: pytest.MonkeyPatch, store: str, rows_max: int, first: int
) -> None:
    monkeypatch.setattr(snapshots, "PIECE_ROWS", rows_max)
    monkeypatch.setattr(snapshots, "FIRST_ROWS", first)

    made = [rows_in(image) for image in pieces(full, told(full, store))]

    assert all(len(rows) <= rows_max for rows in made)
    assert len(made) <= sum(map(len, made)) / rows_max + 1, "they are as full as they may be"
    assert sorted(chain.from_iterable(made), key=str) == sorted(fed(full, store), key=str)


def test_hidden_fields_do_not_leave(full: Stand) -> None:
    (image,) = pieces(full, told(full, "east"))

    assert b"13900000000" not in image
    assert b"302" in image


def test_what_moved_on_behind_the_place_is_left_out(full: Stand) -> None:
    about = told(full, "east")
    full.update(BOOKING, "booking-east-3", room="303")
    full.create(BOOKING, {}, store="east", id_="booking-east-9")

    (image,) = pieces(full, about)

    ids = {id_ for _, id_, _ in rows_in(image)}
    assert {"booking-east-3", "booking-east-9"} & ids == set()
    assert {f"booking-east-{n}" for n in range(7) if n != 3} < ids


def test_a_piece_says_what_it_is_of(full: Stand) -> None:
    about = replace(told(full, "east"), applied=7)
    (image,) = pieces(full, about)

    with closing(sqlite3.connect(":memory:")) as read:
        read.deserialize(image)
        kept = read_json(read.execute("SELECT told FROM about").fetchone()[0])

    assert (kept["store"], kept["applied"]) == ("east", 7)
    assert kept["at"] == about.at > 0
    assert set(kept["plugins"]) == {"core", "club"}


@pytest.mark.parametrize("first", [2, 30])
def test_large_rows_make_a_piece_end_early(hub: Stand, monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    """However long the notes of a shop are, no frame grows beyond what a node reads."""
    monkeypatch.setattr(snapshots, "FIRST_ROWS", first)
    monkeypatch.setattr(snapshots, "PIECE_ROWS", 64)
    monkeypatch.setattr(snapshots, "PIECE_BYTES", 100_000)
    monkeypatch.setattr(snapshots, "IMAGE_BYTES_MAX", 150_000)
    for n in range(30):
        hub.create(MEMO, {"text": "长" * 3_000}, store="hq", id_=f"memo-{n:02}")

    made = list(pieces(hub, told(hub, "hq")))

    assert [id_ for image in made for _, id_, _ in rows_in(image)] == [f"memo-{n:02}" for n in range(30)]
    assert max(map(len, made)) < 150_000
    assert len(made) < 6


@pytest.mark.parametrize("fresh_url", ["sqlite"], indirect=True)  # PostgreSQL's plans depend on how many rows there are
def test_no_piece_reads_a_table_from_its_beginning(full: Stand) -> None:
    """The hundredth piece costs what the first one costs."""
    with full.database.read() as connection:
        for part in snapshots._parts(full.node, "east", None):
            sql = f"EXPLAIN QUERY PLAN SELECT id FROM {part.record.table} WHERE {snapshots._behind(part)} ORDER BY id"
            plan = [row[3] for row in connection.exec_driver_sql(sql, (*part.owner, "", 9)).fetchall()]
            also = part.test.startswith('"asked_in"')
            assert plan[0].startswith(f"SEARCH {part.record.table} USING INDEX"), plan
            assert plan[1:] == (["USE TEMP B-TREE FOR ORDER BY"] if also else []), plan
