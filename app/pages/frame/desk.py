"""A page request: who is at the desk, in which language and colours, and what a template needs to know of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal, cast
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Depends, Request

from app.pages.frame.forms import FormBody, check_proof, proof_for
from app.pages.frame.words import Words
from app.web.caller import Caller, Visitor, cookie_name, visitor
from app.web.language import LANGUAGE_COOKIE
from core.language.definition import RecordType
from core.model.errors import Language, SignInNeeded, Text

Theme = Literal["auto", "light", "dark"]
THEME_COOKIE = "branchline_theme"
CONFLICT, MATCH = "core.conflict", "core.match"


@dataclass(frozen=True, slots=True)
class Desk(Caller):
    """A signed-in person's request for a page."""

    request: Request = None  # type: ignore[assignment]

    @property
    def words(self) -> Words:
        """The words of the pages in the person's language."""
        return Words(self.language)

    @property
    def proof(self) -> str:
        """What a form of this page carries to prove that it is ours."""
        return proof_for(self.token or "")

    @property
    def here(self) -> str:
        """The address of this page, query and all."""
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    def say(self, text: Text) -> str:
        """Return a text in the person's language."""
        return text.say(self.language)


def page_visitor(request: Request, seen: Annotated[Visitor, Depends(visitor)]) -> Visitor:
    """Return the surroundings of a page request, in the language its pages are in.

    Chinese first: a shop PC's browser often speaks the language it was installed in, so what counts is what
    somebody chose on a page, and then what the node's settings say; not what the browser claims.
    """
    return replace(seen, language=page_language(request))


def desk(request: Request, seen: Annotated[Visitor, Depends(page_visitor)]) -> Desk:
    """Return the signed-in person's page request, or raise SignInNeeded (the answer is then the sign-in page)."""
    token = request.cookies.get(cookie_name(seen.service))
    if token is None:
        raise SignInNeeded.of("sign-in-needed", "sign in first", "请先登录")
    actor = seen.service.sessions.actor(token)
    return Desk(seen.service, seen.catalog, seen.language, seen.address, token, actor, request)


def form_desk(form: FormBody, found: Annotated[Desk, Depends(desk)]) -> Desk:
    """Return the page request of somebody who sends a form; Forbidden unless the form is one of ours."""
    check_proof(found.request, found.token or "", form.get("_form"))
    return found


PageVisitor = Annotated[Visitor, Depends(page_visitor)]
CurrentDesk = Annotated[Desk, Depends(desk)]
FormDesk = Annotated[Desk, Depends(form_desk)]


def page_language(request: Request) -> Language:
    """Return the language of a page: ``?lang=``, then what was chosen on a page, then the node's own."""
    for asked in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if asked in ("zh", "en"):
            return cast(Language, asked)
    return cast(Language, request.app.state.service.settings.language)


def theme_of(request: Request) -> Theme:
    """Return the colours that were chosen on this browser."""
    chosen = request.cookies.get(THEME_COOKIE)
    return cast(Theme, chosen) if chosen in ("light", "dark") else "auto"


def local(address: str | None, otherwise: str = "/") -> str:
    """Return an address of this node to go on to. One that leads elsewhere is not gone to."""
    parts = urlsplit(address or "")
    safe = (
        address and address.startswith("/") and not address.startswith(("//", "/\\"))
        and not parts.scheme and not parts.netloc and address.isprintable()
    )  # fmt: skip
    return str(address) if safe else otherwise


# --- addresses, built in one place --------------------------------------------------------------------------------


def list_url(record: RecordType, **query: object) -> str:
    """Return the address of a record type's list, filtered by ``query``; conflicts have an inbox of their own."""
    if record.key == CONFLICT:
        return "/conflicts" + with_query(query)
    return f"/records/{record.plugin}/{record.name}" + with_query(query)


def record_url(record: RecordType, record_id: str, **query: object) -> str:
    """Return the address of one record; conflicts and matches have pages of their own, which show both sides."""
    if record.key == CONFLICT:
        return f"/conflicts/{quote(record_id, safe='')}" + with_query(query)
    if record.key == MATCH:
        return f"/duplicates/{quote(record_id, safe='')}" + with_query(query)
    return f"/records/{record.plugin}/{record.name}/{quote(record_id, safe='')}" + with_query(query)


def action_url(record: RecordType, action: str, record_id: str | None = None, **query: object) -> str:
    """Return the address of an action's form."""
    middle = f"/{quote(record_id, safe='')}" if record_id else ""
    return f"/records/{record.plugin}/{record.name}{middle}/actions/{action}" + with_query(query)


def with_query(query: Mapping[str, object]) -> str:
    """Return a query string with its question mark, empty when nothing is asked."""
    pairs = [(key, str(value)) for key, value in query.items() if value not in (None, "")]
    return f"?{urlencode(pairs)}" if pairs else ""
