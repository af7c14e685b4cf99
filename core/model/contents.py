"""Contents: bytes that are kept and sent apart from the record, and named by what they are (sync.md 19).

A record holds only the name: ``blake2b:9f…/contract.pdf``, what the content is and what a person calls it. The hash
is made of the hashes of its pieces, so that each piece can be checked on its own when it arrives, in any order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b

PIECE_BYTES = 256 << 10  # every piece but the last is exactly as long
CONTENT_BYTES_MAX = 32 << 20
SCHEME = "blake2b:"
_DIGEST_BYTES = 32
_HASH = re.compile(r"[0-9a-f]{64}")
_IN_TEXT = re.compile(SCHEME + r"([0-9a-f]{64})(?![0-9a-f])")
_PICTURES = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"))
OTHER = "application/octet-stream"


def pieces_of(data: bytes) -> Iterator[bytes]:
    """Yield the pieces of some content in order; nothing at all is one empty piece."""
    for at in range(0, max(len(data), 1), PIECE_BYTES):
        yield data[at : at + PIECE_BYTES]


def piece_hash(piece: bytes) -> str:
    """Return the hash of one piece: 64 hexadecimal digits."""
    return blake2b(piece, digest_size=_DIGEST_BYTES).hexdigest()


def hash_of(pieces: Sequence[str]) -> str:
    """Return the hash that names a content whose pieces have these hashes, in this order."""
    return blake2b(b"".join(map(bytes.fromhex, pieces)), digest_size=_DIGEST_BYTES).hexdigest()


def fits(size: int, pieces: Sequence[str]) -> bool:
    """Return whether a content of ``size`` bytes has so many pieces, and is not larger than a node keeps."""
    return 0 <= size <= CONTENT_BYTES_MAX and len(pieces) == max(1, -(-size // PIECE_BYTES))


def reference(digest: str, name: str) -> str:
    """Return what a record holds of a content: its hash, and the name a person gave it."""
    return f"{SCHEME}{digest}/{name}"


def hash_in(value: object) -> str | None:
    """Return the hash a record's value names, or None for a value that only names a file."""
    text = str(value)
    digest = text.removeprefix(SCHEME).partition("/")[0]
    return digest if text.startswith(SCHEME) and _HASH.fullmatch(digest) else None


def name_in(value: object) -> str:
    """Return what a person calls the file that a record's value names."""
    text = str(value)
    return text.partition("/")[2] or text if hash_in(text) else text


def hashes_in(text: object) -> list[str]:
    """Return the hash of every content that a cell names, however deep in its JSON; each once."""
    return list(dict.fromkeys(_IN_TEXT.findall(text))) if isinstance(text, str) and SCHEME in text else []


def media_of(beginning: bytes) -> str:
    """Return the media type of a picture that a browser may show, read off its first bytes; all else is a download.

    What the sender claims does not count: a page or a drawing that carries script must never open on our address.
    """
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image/webp"
    return next((media for mark, media in _PICTURES if beginning.startswith(mark)), OTHER)
