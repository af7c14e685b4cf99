"""The way to the API documents, for those who look after a node; the documents hold no data."""

from __future__ import annotations

import re
from typing import Any


def test_every_business_has_its_documents_and_they_open_without_any_other_host(shop: Any, browse: Any) -> None:
    wu = browse("wu")
    page = wu.open("/developers").text

    for address in ("/docs/bicycle_rental?lang=en", "/api/bicycle_rental/openapi.json"):
        assert f'href="{address}"' in page
        answer = wu.open(address)
        assert answer.status_code == 200
        assert not re.search(r'(?:src|href)="https?://', answer.text)


def test_who_looks_after_nothing_is_not_shown_the_way(browse: Any) -> None:
    li = browse("li")

    assert li.open("/developers").status_code == 403
    assert 'href="/developers"' not in li.open("/").text
    assert 'href="/developers"' in browse("wu").open("/").text
