"""Branches beside each other: bars of one period, lines over several, and the same figures in a table."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.model.clock import iso
from stores.changes.commit import Deed, Edit, commit
from tests.app.pages.conftest import words

REPORT = """
reports:
  daily:
    label: {en: Daily, zh: 日报}
    every: day
    figures:
      out: {count: rental, where: rental.taken_at in period, label: {en: Handed out, zh: 租出}}
      money: {sum: rental.deposit, where: rental.taken_at in period, label: {en: Deposits, zh: 押金}}
    read: {boss: {}}
"""
PAGE = "/compare/bicycle_rental/daily"


@pytest.fixture
def two(shop: Any) -> Any:
    """Two branches: one handed out two bicycles today and one yesterday, the other one today."""
    file = shop.plugins / "bicycle_rental" / "plugin.yaml"
    file.write_text(file.read_text(encoding="utf-8") + REPORT, encoding="utf-8")
    node = shop.service.node
    node.host.reload()
    assert node.catalog.faults == ()

    def come(store: str, kind: str, **cells: int | str) -> None:
        """Put a record here as it came up from a store."""
        with node.database.write() as connection:
            edit = Edit(node.catalog.records[kind], node.new_id(), store, "create", cells)
            commit(connection, node, Deed(node.new_id(), f"{kind}.add", "system", node.now()), [edit])

    def rent(store: str, guest: str) -> None:
        taken = iso(node.now())
        come(store, "bicycle_rental.rental", guest=guest, taken_at=taken, deposit=30_000, state="out")

    for store in ("bund", "jing"):
        come(store, "core.staff", name=f"Clerk of {store}", roles='["counter"]', active=1)
    come("hq", "core.branch", code="bund", name="外滩店", name_en="The Bund", region="East")
    rent("bund", "B-1")
    shop.clock.pass_(days=1)
    for store, frame in (("bund", "B-2"), ("bund", "B-3"), ("jing", "J-1")):
        rent(store, frame)
    return shop


def table(page: str, nth: int) -> list[str]:
    body = page.split("<tbody>")[nth].partition("</tbody>")[0]
    return [words(row) for row in body.split("</tr>") if words(row)]


def test_the_branches_of_a_period_stand_beside_each_other_the_largest_first(two: Any, browse: Any) -> None:
    page = browse("wu").open(PAGE).text

    assert table(page, 1) == ["The Bund 2 67 %", "jing 1 33 %"]
    assert "total 3" in words(page)
    assert 'href="/reports/bicycle_rental/daily?day=2026-03-14&amp;store=bund">The Bund' in page


def test_the_periods_before_are_plotted_and_stand_in_a_table(two: Any, browse: Any) -> None:
    page = browse("wu").open(PAGE + "?figure=money").text

    bund, jing = table(page, 2)
    assert bund.endswith("¥300.00 ¥600.00"), "a total of money is yuan, whether its figure says so or not"
    assert jing.endswith("¥300.00")
    assert len(re.findall(r"<polyline", page)) >= 2
    assert 'role="img" aria-label="Over time: Deposits"' in page


def test_a_region_narrows_it(two: Any, browse: Any) -> None:
    page = browse("wu").open(PAGE + "?region=East").text

    assert table(page, 1) == ["The Bund 2 100 %"]


def test_who_may_not_see_the_report_compares_nothing(two: Any, browse: Any) -> None:
    assert browse("li").open(PAGE).status_code == 403
    assert "There is no report you may see" in browse("li").texts("/compare")
    assert PAGE in browse("wu").open("/compare").text
    assert browse("wu").open(PAGE + "?figure=profit").status_code == 404
