"""The menu: everything one may open, once, and no longer than it need be."""

from __future__ import annotations

import re
from typing import Any

from app.pages.frame.menu import OPEN_MAX, Entry, Group, _folded

VIEWS = """
views:
  wheels: {kind: list, of: bicycle, columns: [frame], label: {en: Bicycle, zh: 自行车}}
  red:    {kind: list, of: rental, where: 'self.state == "late"', columns: [guest], label: {en: Rental, zh: 租赁}}
"""


def menu(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'<a class="kind-\w+" href="([^"]+)"[^>]*>([^<]+)</a>', page.partition("<main")[0])
    return [(url, label) for url, label in found if "bicycle_rental" in url]


def test_a_view_that_shows_all_records_under_their_name_stands_for_their_list(shop: Any, browse: Any) -> None:
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    file.write_text(file.read_text(encoding="utf-8") + VIEWS, encoding="utf-8")
    shop.service.node.host.reload()

    page = browse("li").open("/records/bicycle_rental/bicycle").text

    labels = [label for _, label in menu(page)]
    assert labels.count("Bicycle") == 1
    assert labels.count("Rental") == 2, "a view of some of them does not"
    assert re.search(r'href="/views/bicycle_rental/wheels" aria-current="page"', page)


def test_the_inbox_of_conflicts_stands_in_the_menu_once(browse: Any) -> None:
    menu = browse("wu").open("/chain").text.partition("<main")[0]

    assert menu.count('href="/conflicts"') == 1
    assert "core/match" not in menu, "the inbox of duplicates has them"


def test_a_long_menu_shows_the_group_one_is_in() -> None:
    long = [Entry(f"{n}", f"/records/shop/r{n}") for n in range(OPEN_MAX)]
    groups = [Group("Chain", "chain", [Entry("Chain", "/chain")]), Group("Shop", "shop", long)]

    def shown(path: str) -> list[str]:
        return [group.name for group in _folded(groups, path) if group.open]

    assert shown("/") == ["chain"]
    assert shown("/records/shop/r3/some-id") == ["shop"]
    assert shown("/views/shop/board") == ["shop"]
    assert [group.open for group in _folded(groups[:1], "/")] == [True]
