"""What a form of ours sends: read, bounded, and proven to come from a page that this very session was given.

A browser sends the session cookie by itself, so a foreign page could make it send a form too. Every form therefore
carries a word that only a page of this session can know; ``SameSite`` and ``Origin`` stand behind it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from app.web.body import LARGEST
from app.web.errors import BadRequest, TooLarge, WrongType
from core.model.errors import Forbidden, Text
from core.model.values import BadValue, clean_text

PROOF = "_form"  # the hidden input
PROOF_HEADER = "x-branchline-form"  # and the header, for requests by our own script
FIELDS_MAX = 2_000
ENCODED = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form in the order of the page. A name may come more than once."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """Return the last value of a name, or None when it was not sent."""
        found = [value for key, value in self.pairs if key == name]
        return found[-1] if found else None

    def text(self, name: str) -> str:
        """Return the last value without spaces around it, empty when it was not sent."""
        return (self.get(name) or "").strip()

    def all(self, name: str) -> list[str]:
        """Return every value of a name."""
        return [value for key, value in self.pairs if key == name]

    def under(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield (rest of the name, value) of all names that begin with ``prefix``."""
        for key, value in self.pairs:
            if key.startswith(prefix):
                yield key[len(prefix) :], value


async def read_form(request: Request) -> Form:
    """Return the form in the request's body; raise a NodeError that says what is wrong with it."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await _body(request)
    if raw and kind != ENCODED:
        raise WrongType.of("not-a-form", "this address takes a form", "此地址只接受表单")
    try:
        pairs = parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=FIELDS_MAX,
            errors="strict",
        )  # fmt: skip
        return Form(tuple((key, clean_text(value)) for key, value in pairs))
    except (ValueError, BadValue):  # half an escape, a lone surrogate, thousands of fields
        raise BadRequest.of("malformed-form", "the form cannot be read", "表单内容无法识别") from None


FormBody = Annotated[Form, Depends(read_form)]


def proof_for(token: str) -> str:
    """Return the word that proves a form to come from a page of the session with this token."""
    return hmac.digest(token.encode(), b"a form of ours", hashlib.sha256).hex()[:32]


def check_proof(request: Request, token: str, proof: str | None) -> None:
    """Raise Forbidden unless the form comes from a page that this session was given."""
    given = proof or request.headers.get(PROOF_HEADER) or ""
    if hmac.compare_digest(given.encode(), proof_for(token).encode()) and is_from_here(request):
        return
    raise Forbidden.of(
        "form-stale",
        "the page is out of date, or the form is not one of ours",
        "页面已过期，或表单并非来自本系统",
        fix=Text("load the page again and repeat", "请刷新页面后重试"),
    )


def is_from_here(request: Request) -> bool:
    """Return whether the browser says nothing against the form's coming from here. An old one says nothing at all."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def plain(pairs: Mapping[str, str]) -> Form:
    """Return a form with these fields; for what was kept of one."""
    return Form(tuple(pairs.items()))


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise TooLarge.of("too-large", "the form is larger than 1 MiB", "表单内容超过 1 MiB")
        parts.append(part)
    return b"".join(parts)
