"""Contents on one node: kept once, whole or not, and cleared away when nobody has come to name them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from core.model.contents import CONTENT_BYTES_MAX, PIECE_BYTES, hash_of, piece_hash, pieces_of
from core.model.errors import NodeError
from stores import contents
from stores.storage.database import Database
from stores.storage.system import SYSTEM

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
PHOTO = b"\x89PNG\r\n\x1a\n" + Random(4).randbytes(5 * PIECE_BYTES)
PIECES = list(pieces_of(PHOTO))
HASHES = [piece_hash(each) for each in PIECES]
DIGEST = hash_of(HASHES)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    with database.write() as connection:
        SYSTEM.create_all(connection)
    yield database
    database.close()


def test_what_is_uploaded_is_whole_and_the_same_photo_is_kept_once(database: Database) -> None:
    first = contents.keep(database, PHOTO, NOW)
    again = contents.keep(database, PHOTO, NOW + timedelta(hours=1))

    assert (first.hash, first.size, first.media, first.whole) == (DIGEST, len(PHOTO), "image/png", True)
    assert again == first
    assert b"".join(contents.stream(database, first)) == PHOTO
    with database.read() as connection:
        assert len(contents.read(connection, DIGEST)) == len(PIECES)


def test_one_that_is_too_large_is_refused_in_words(database: Database) -> None:
    with pytest.raises(NodeError, match="at most 32 MB"):
        contents.keep(database, b"\0" * (CONTENT_BYTES_MAX + 1), NOW)


def test_pieces_may_come_in_any_order_and_twice_and_only_the_last_makes_it_whole(database: Database) -> None:
    order = [3, 0, 5, 0, 1, 4, 2]
    with database.write() as connection:
        contents.name(connection, DIGEST, "club.card", "c1", NOW)
        contents.describe(connection, DIGEST, len(PHOTO), HASHES, "x", NOW)
        content = contents.find(connection, DIGEST)
        assert content is not None
        for step, nth in enumerate(order):
            contents.put(connection, content, nth, PIECES[nth])
            assert contents.finish(connection, DIGEST, NOW) is (step == len(order) - 1)
        found = contents.find(connection, DIGEST)

    assert found is not None
    assert (found.whole, found.media) == (True, "image/png")


def test_a_piece_that_was_altered_and_a_list_of_pieces_that_lies_are_refused(database: Database) -> None:
    with database.write() as connection:
        contents.describe(connection, DIGEST, len(PHOTO), HASHES, "x", NOW)
        content = contents.find(connection, DIGEST)
        assert content is not None
        for nth, data in ((0, PIECES[0][:-1] + b"!"), (1, PIECES[0]), (len(PIECES), b""), (-1, PIECES[0])):
            with pytest.raises(NodeError, match="altered"):
                contents.put(connection, content, nth, data)
        for size, hashes in ((len(PHOTO), HASHES[::-1]), (1, HASHES), (len(PHOTO), HASHES[:-1])):
            with pytest.raises(NodeError, match="do not make up"):
                contents.describe(connection, DIGEST, size, hashes, "x", NOW)
        assert contents.missing(connection, content) == [0, 1, 2, 3, 4, 5]


def test_what_no_record_names_within_a_week_is_cleared_away_and_what_one_names_stays(database: Database) -> None:
    contents.keep(database, b"given up", NOW)
    named = contents.keep(database, b"named", NOW)
    with database.write() as connection:
        contents.name(connection, named.hash, "club.card", "c1", NOW)
    contents.keep(database, b"later", NOW + timedelta(days=6))

    contents.keep(database, b"much later", NOW + timedelta(days=8))

    with database.read() as connection:
        kept = [contents.find(connection, hash_of([piece_hash(each)])) is not None for each in
                (b"given up", b"named", b"later", b"much later")]  # fmt: skip
    assert kept == [False, True, True, True]


def test_an_upload_that_comes_again_begins_its_week_anew(database: Database) -> None:
    contents.keep(database, PHOTO, NOW)
    contents.keep(database, PHOTO, NOW + timedelta(days=6))
    contents.keep(database, b"clears away", NOW + timedelta(days=9))

    with database.read() as connection:
        assert contents.find(connection, DIGEST) is not None


def test_what_is_named_is_due_until_headquarters_has_it(database: Database) -> None:
    kept = contents.keep(database, PHOTO, NOW)
    with database.write() as connection:
        assert contents.due(connection, NOW, 9) == []
        contents.name(connection, kept.hash, "club.card", "c1", NOW)
        contents.name(connection, "ab" * 32, "club.card", "c2", NOW)
        assert [each.whole for each in contents.due(connection, NOW, 9)] in ([True, False], [False, True])
        assert contents.count_waiting(connection) == (1, 1)
        contents.held(connection, kept.hash, NOW)
        (wanted,) = contents.due(connection, NOW, 9)
        contents.put_off(connection, wanted, NOW + timedelta(minutes=1))
        assert contents.due(connection, NOW, 9) == []
        assert [each.tries for each in contents.due(connection, NOW + timedelta(minutes=1), 9)] == [1]

        contents.offer_all_again(connection, NOW)
        assert contents.count_waiting(connection) == (1, 1)
