"""A content is named by what it is, whoever brings it, however it was cut."""

from __future__ import annotations

from random import Random

import pytest

from core.model import contents
from core.model.contents import PIECE_BYTES

PHOTO = Random(4).randbytes(2 * PIECE_BYTES + 17)


def hashes(data: bytes) -> list[str]:
    return [contents.piece_hash(piece) for piece in contents.pieces_of(data)]


def test_pieces_put_together_are_the_content_and_every_bit_counts() -> None:
    assert [len(piece) for piece in contents.pieces_of(PHOTO)] == [PIECE_BYTES, PIECE_BYTES, 17]
    assert b"".join(contents.pieces_of(PHOTO)) == PHOTO
    flipped = PHOTO[:-1] + bytes([PHOTO[-1] ^ 1])
    assert contents.hash_of(hashes(PHOTO)) == contents.hash_of(hashes(bytes(PHOTO)))
    assert contents.hash_of(hashes(flipped)) != contents.hash_of(hashes(PHOTO))


@pytest.mark.parametrize(
    ("size", "pieces", "fits"),
    [(0, 1, True), (1, 1, True), (PIECE_BYTES, 1, True), (PIECE_BYTES + 1, 1, False), (PIECE_BYTES + 1, 2, True),
     (0, 0, False), (-1, 1, False), (contents.CONTENT_BYTES_MAX, 128, True), (contents.CONTENT_BYTES_MAX + 1, 129, False)],
)  # fmt: skip
def test_a_size_tells_how_many_pieces_there_are(size: int, pieces: int, fits: bool) -> None:
    assert contents.fits(size, ["00"] * pieces) is fits


def test_a_record_holds_the_hash_and_what_people_call_it() -> None:
    digest = contents.hash_of(hashes(PHOTO))
    value = contents.reference(digest, "合同.pdf")

    assert (contents.hash_in(value), contents.name_in(value)) == (digest, "合同.pdf")
    assert (contents.hash_in("合同.pdf"), contents.name_in("合同.pdf")) == (None, "合同.pdf")
    assert contents.hash_in(f"blake2b:{digest[:40]}") is None


def test_every_content_is_found_in_a_cell_however_deep_and_once() -> None:
    one, two = "ab" * 32, "cd" * 32
    cell = f'[{{"photo": "blake2b:{one}/a.png"}}, {{"photo": "blake2b:{two}/b.png"}}, "blake2b:{one}/c.png"]'

    assert contents.hashes_in(cell) == [one, two]
    assert contents.hashes_in(f"blake2b:{one}0") == []
    assert contents.hashes_in(None) == contents.hashes_in(412) == []


@pytest.mark.parametrize(
    ("beginning", "media"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "image/png"), (b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"), (b"<svg onload=", "application/octet-stream"), (b"", "application/octet-stream"),
        (b"<!doctype html>", "application/octet-stream"), (b"%PDF-1.7", "application/octet-stream"),
    ],
)  # fmt: skip
def test_only_pictures_without_script_are_shown_whatever_the_sender_says(beginning: bytes, media: str) -> None:
    assert contents.media_of(beginning) == media
