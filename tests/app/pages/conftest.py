"""A browser without a screen: it keeps cookies, follows redirects, and finds things in the pages it gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient

PASSWORD = "a long enough password"
HTML = {"Accept": "text/html,application/xhtml+xml"}


@dataclass
class Browser:
    """One person's browser at the shop's node."""

    client: TestClient

    def open(self, address: str, **more: Any) -> Any:
        return self.client.get(address, **more)

    def send(self, address: str, follow: bool = True, **fields: Any) -> Any:
        """Send a form as a page of ours would, with the word that proves it."""
        return self.client.post(address, data={"_form": self.proof(), **fields}, follow_redirects=follow)

    def proof(self) -> str:
        found = re.search(r'data-proof="([0-9a-f]+)"', self.open("/").text)
        assert found is not None, "not signed in"
        return found[1]

    def texts(self, address: str) -> str:
        """Return what a person reads of a page."""
        return words(self.open(address).text)


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture
def browse(shop: Any) -> Callable[..., Browser]:
    """Return a browser, signed in as ``login``, or nobody's, speaking ``language``."""

    return lambda login="li", language="en": opened(shop, login, language)


def opened(shop: Any, login: str | None = "li", language: str = "en") -> Browser:
    """Return a browser at a shop, signed in as ``login``, or nobody's."""
    client = shop.client()
    client.headers.update(HTML)
    client.cookies.set("branchline_language", language)
    browser = Browser(client)
    if login:
        answer = client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        assert answer.url.path == "/"
    return browser
