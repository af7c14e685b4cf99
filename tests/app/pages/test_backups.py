"""Backups are made while people work, by those who look after the node."""

from __future__ import annotations

from typing import Any

from stores import backup


def test_a_backup_is_made_read_through_and_listed(shop: Any, browse: Any) -> None:
    wu = browse("wu")
    assert "no backup younger than a day and a half" in wu.texts("/backups")

    page = wu.send("/backups")

    assert "read from end to end" in page.text
    (file,) = (shop.service.settings.data / "backups").glob("hq-*.db")
    assert file.name in page.text
    assert "no backup younger" not in page.text
    assert backup.check(file).identity.node == "hq"


def test_it_is_for_those_who_look_after_the_node(shop: Any, browse: Any) -> None:
    li = browse("li")

    assert li.open("/backups").status_code == 403
    assert li.send("/backups").status_code == 403
    assert 'href="/backups"' not in li.open("/").text
    assert 'href="/backups"' in browse("wu").open("/").text
