"""CSS and JS of the pages: read once, packed once, kept by browsers for good under an address naming the content."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path

from fastapi import APIRouter, Request, Response

from core.model.errors import NotFound

FOLDER = Path(__file__).parents[1] / "static"
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOR_GOOD = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and packed."""

    media_type: str
    plain: bytes
    packed: bytes
    digest: str


@cache
def assets() -> Mapping[str, Asset]:
    """Return the files of the static folder by name."""
    return {path.name: _asset(path) for path in sorted(FOLDER.iterdir()) if path.suffix in TYPES}


def address(name: str) -> str:
    """Return where a page finds a file; a changed file has another address."""
    return f"/assets/{assets()[name].digest}/{name}"


@router.get("/assets/{digest}/{name}")
def asset(digest: str, name: str, request: Request) -> Response:
    """Return one file. An old address gets the present file, but nobody is to keep it."""
    found = assets().get(name)
    if found is None:
        raise NotFound.of("no-such-address", "there is nothing at this address", "没有这个地址")
    headers = {"Cache-Control": FOR_GOOD if digest == found.digest else "no-cache", "Vary": "Accept-Encoding"}
    if accepts_gzip(request):
        return Response(found.packed, media_type=found.media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.plain, media_type=found.media_type, headers=headers)


def accepts_gzip(request: Request) -> bool:
    """Return whether the browser unpacks gzip; every browser of these days does."""
    return "gzip" in request.headers.get("accept-encoding", "").lower()


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = blake2b(content, digest_size=6).hexdigest()
    return Asset(TYPES[path.suffix], content, gzip.compress(content, 9, mtime=0), digest)
