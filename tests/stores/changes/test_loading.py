"""A snapshot is taken over at once, in sets where that is possible, and row by row where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, text

from stores.changes import loading
from stores.changes import snapshot as snapshots
from stores.changes.loading import Loaded, Under
from stores.changes.snapshot import About, BadSnapshot
from stores.storage import bulk, checkpoints, words
from stores.storage.database import StorageFault
from tests.stores.chain import BOOKING, MEMBER, TARIFF, FakeHost, Stand
from tests.stores.changes.test_snapshot import pieces, told

BOOKINGS = 12


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows be many."""
    monkeypatch.setattr(snapshots, "PIECE_ROWS", 5)
    monkeypatch.setattr(loading, "RENAMED_FROM", 6)


@pytest.fixture
def full(hub: Stand) -> Stand:
    for n in range(BOOKINGS):
        hub.create(BOOKING, {"guest": f"客 {n}", "room": str(n)}, store="east", id_=f"booking-{n:02}")
    for n in range(3):
        hub.create(TARIFF, {"name": f"价 {n}"}, id_=f"tariff-{n}")
    hub.create(MEMBER, {"name": "陈"}, store="west", id_="member-0")
    return hub


@pytest.fixture
def open_new(tmp_path: Path) -> Iterator[Callable[..., Stand]]:
    made: list[Stand] = []

    def open_(host: object = None) -> Stand:
        made.append(Stand(f"sqlite:///{tmp_path / str(len(made))}.db", "east", host=host))
        with made[-1].database.write() as connection:
            checkpoints.restart_pull(connection, 0, "e1")
        return made[-1]

    yield open_
    for stand in made:
        stand.close()


@pytest.fixture
def new(open_new: Callable[..., Stand]) -> Stand:
    return open_new()


def add_all(new: Stand, hub: Stand, about: About | None = None, known: Under | None = None) -> Under:
    images = list(pieces(hub, about or told(hub, "east")))
    for n, image in enumerate(images, 1):
        after = None if n == len(images) else (0, "club.booking", str(n))
        known = loading.add(new.node, loading.opened(image, "a.b", after), known)
        assert known is not None
    assert known is not None
    return known


def load(new: Stand, hub: Stand) -> Loaded | None:
    add_all(new, hub)
    return loading.take_over(new.node)


def form_of(stand: Stand) -> dict[str, str]:
    """Return every table, index and trigger as SQLite describes it, written alike."""
    with stand.database.read() as connection:
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master")).all()
    return {name: " ".join((sql or "").replace('"', "").split()) for name, sql in rows}


def test_large_types_and_small_ones_come_to_be_there_at_once_in_the_form_they_had(
    few: None, full: Stand, new: Stand
) -> None:
    form = form_of(new)
    under = add_all(new, full)
    assert new.rows(BOOKING) == new.rows(TARIFF) == []
    assert under.types["club.booking"].rows == BOOKINGS

    loaded = loading.take_over(new.node)

    assert loaded == Loaded(BOOKINGS + 4, ("club.booking", "club.member", "club.tariff"), ())
    assert [row["guest"] for row in new.rows(BOOKING)] == [f"客 {n}" for n in range(BOOKINGS)]
    assert [row["id"] for row in new.rows(TARIFF)] == ["tariff-0", "tariff-1", "tariff-2"]
    assert form_of(new) == form, "tables, indexes, triggers"
    with new.database.read() as connection:
        assert checkpoints.pulled(connection) == told(full, "east").at
        assert checkpoints.seal(connection, checkpoints.pulled(connection)) == "a.b"
        assert not loading.is_under_way(connection)
        assert bulk.run(connection, "PRAGMA integrity_check") == [("ok",)]


def test_what_was_loaded_can_be_written_to_and_found(
    few: None, full: Stand, new: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "READ_ROWS", 5)
    load(new, full)
    with new.database.write() as connection:
        while words.read_in(connection, new.node.tables):
            pass
        assert words.waiting(connection) == 0
        assert {pk for (pk,) in bulk.run(connection, "SELECT pk FROM word_doc")} >= {"booking-00", "booking-11"}

    new.update(BOOKING, "booking-03", guest="改")
    new.create(BOOKING, {"guest": "新"}, id_="new")

    assert new.row(BOOKING, "booking-03")["guest"] == "改"
    with new.database.read() as connection:
        assert {pk for (pk,) in bulk.run(connection, "SELECT pk FROM unread")} == {"booking-03", "new"}


def test_a_type_whose_plugin_is_of_another_version_comes_row_by_row(
    few: None, full: Stand, open_new: Callable[..., Stand]
) -> None:
    host = FakeHost(BOOKING, MEMBER, TARIFF)
    plugins = {**host.catalog.plugins, "club": replace(host.catalog.plugins["club"], version="1.1.0")}
    host.catalog = replace(host.catalog, plugins=plugins)
    newer = open_new(host)

    loaded = load(newer, full)

    assert loaded is not None
    assert loaded.types == ()
    assert len(loaded.touched) == loaded.rows == BOOKINGS + 4
    assert [row["room"] for row in newer.rows(BOOKING)] == [str(n) for n in range(BOOKINGS)]
    assert set(form_of(newer)) == set(form_of(open_new(host)))


def test_a_table_in_which_there_is_something_is_not_replaced(few: None, full: Stand, new: Stand) -> None:
    under = add_all(new, full)
    with new.database.write() as connection:
        bulk.run_only(connection, "INSERT INTO club_booking (id, _store, guest) VALUES ('own', 'east', '自')")

    loaded = loading.take_over(new.node)

    assert under.types
    assert loaded is not None
    assert loaded.types == ("club.member", "club.tariff")
    assert {row["id"] for row in new.rows(BOOKING)} == {"own", *(f"booking-{n:02}" for n in range(BOOKINGS))}


def test_a_node_that_has_read_the_feed_meanwhile_takes_nothing_over(few: None, full: Stand, new: Stand) -> None:
    form = form_of(new)
    add_all(new, full)
    with new.database.write() as connection:
        checkpoints.move_pulled(connection, 3)

    assert loading.take_over(new.node) is None
    assert new.rows(BOOKING) == []
    assert form_of(new) == form


def test_half_a_snapshot_is_never_taken_over(few: None, full: Stand, new: Stand) -> None:
    first = next(pieces(full, told(full, "east")))
    loading.add(new.node, loading.opened(first, "a.b", (0, "club.booking", "booking-04")), None)

    assert loading.take_over(new.node) is None
    assert new.rows(BOOKING) == []


def test_what_another_process_has_gone_on_with_is_not_written_twice(few: None, full: Stand, new: Stand) -> None:
    image = next(pieces(full, told(full, "east")))
    piece = loading.opened(image, "a.b", (0, "club.booking", "booking-04"))
    known = loading.add(new.node, piece, None)

    assert loading.add(new.node, piece, None) is None

    with new.database.read() as connection:
        assert loading.under(connection) == known


def test_a_disk_that_fills_up_leaves_what_was_there(few: None, full: Stand, new: Stand) -> None:
    form = form_of(new)
    with new.database.write() as connection:
        pages = bulk.run(connection, "PRAGMA page_count")[0][0]
        bulk.run(connection, f"PRAGMA max_page_count = {pages}")

    with pytest.raises(StorageFault):
        load(new, full)

    assert form_of(new) == form
    with new.database.read() as connection:
        assert not loading.is_under_way(connection)


def test_a_power_cut_at_any_statement_of_the_take_over_leaves_all_or_nothing(
    few: None, full: Stand, new: Stand
) -> None:
    """Rows, indexes, notes for the search and the checkpoint come together."""
    add_all(new, full)
    before, cuts = form_of(new), 0
    while True:
        left = [cuts]

        def cut(*_: object, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise ConnectionError("the power fails")

        event.listen(new.database._writer, "before_cursor_execute", cut)
        try:
            loaded = loading.take_over(new.node)
            break
        except ConnectionError:
            cuts += 1
        finally:
            event.remove(new.database._writer, "before_cursor_execute", cut)
        assert form_of(new) == before
        assert new.rows(BOOKING) == new.rows(TARIFF) == []
    assert cuts > 20
    assert loaded is not None
    assert len(new.rows(BOOKING)) == BOOKINGS


@pytest.mark.parametrize("image", [b"", b"SQLite format 3\0 but no more" * 10])
def test_what_is_no_snapshot_is_refused(image: bytes) -> None:
    with pytest.raises(BadSnapshot):
        loading.opened(image, "", None)


def test_where_no_load_is_under_way_nothing_is_looked_for(hub: Stand) -> None:
    """The end of every feed asks, and PostgreSQL keeps its tables elsewhere than SQLite does."""
    asked: list[str] = []
    with hub.database.write() as connection:
        event.listen(connection, "before_cursor_execute", lambda _c, _k, sql, *_: asked.append(sql))
        loading.forget(connection)

    assert len(asked) == 1
