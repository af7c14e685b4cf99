"""Reports over HTTP: the figures, the records behind them, and what may not be asked."""

from __future__ import annotations

from typing import Any

import pytest

YAML = """
reports:
  daily:
    label: {en: Daily figures, zh: 日报}
    every: day
    due: '=at(period.end, time("20:00"))'
    figures:
      out:  {count: rental, where: rental.taken_at in period, by: bicycle, label: {en: Out, zh: 借出}}
      half: {value: =out / 2, label: {en: Half, zh: 一半}}
    read: {boss: {}, counter: {}}
"""


@pytest.fixture
def day(shop: Any) -> Any:
    """A day with two rentals; Li may see its report."""
    (shop.plugins / "bicycle_rental" / "reports.yaml").write_text(YAML, encoding="utf-8")
    shop.service.node.host.reload()
    li = shop.as_("li")
    for number in range(2):
        bicycle = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": f"F-{number}"}}).json()
        ask = {"bicycle": bicycle["id"], "guest": "Chen", "phone": "13800001111"}
        assert li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask}).status_code == 200
    return li


def test_a_report_is_listed_shown_and_opened(day: Any) -> None:
    (listed,) = day.get("/api/bicycle_rental/reports").json()["reports"]
    assert (listed["report"], listed["label"], listed["due"]) == ("daily", "Daily figures", "2026-03-13T20:00:00+08:00")

    told = day.get("/api/bicycle_rental/reports/daily?store=hq").json()
    assert told["total"] == {"out": 2, "half": "1.00"}
    assert {row["name"] for row in told["rows"]} == {"F-0", "F-1"}
    out = told["figures"][0]
    assert (out["label"], out["unit"]) == ("Out", None)

    behind = day.get(out["records"], params={"store": "hq", "row": told["rows"][0]["row"], "total": "1"}).json()
    assert (behind["of"], behind["total"], len(behind["rows"])) == ("bicycle_rental.rental", 1, 1)


def test_another_day_has_figures_of_its_own(day: Any) -> None:
    told = day.get("/api/bicycle_rental/reports/daily?day=2026-03-12&store=hq").json()

    assert told["period"]["start"] == "2026-03-12"
    assert told["total"] == {"out": 0, "half": "0.00"}


def test_labels_are_in_the_callers_language(day: Any) -> None:
    told = day.get("/api/bicycle_rental/reports/daily", headers={"Accept-Language": "zh"}).json()

    assert [told["label"], *(figure["label"] for figure in told["figures"])] == ["日报", "借出", "一半"]


@pytest.mark.parametrize(
    ("address", "status"),
    [("dayly", 404), ("daily/half", 404), ("daily/outt", 404), ("daily?day=today", 422), ("daily/out?limit=many", 422)],
)
def test_what_is_not_there_is_told_so(day: Any, address: str, status: int) -> None:
    assert day.get(f"/api/bicycle_rental/reports/{address}").status_code == status


@pytest.mark.usefixtures("day")
def test_who_may_not_see_a_report_is_told_so_and_does_not_find_it_listed(shop: Any) -> None:
    viewer = shop.as_("an")

    assert viewer.get("/api/bicycle_rental/reports/daily").status_code == 403
    assert viewer.get("/api/bicycle_rental/reports/daily/out").status_code == 403
    assert viewer.get("/api/bicycle_rental/reports").json() == {"reports": []}


def test_the_openapi_document_has_the_addresses(day: Any) -> None:
    paths = day.get("/api/bicycle_rental/openapi.json").json()["paths"]

    behind = paths["/api/bicycle_rental/reports/daily/{figure}"]["get"]
    assert behind["parameters"][0]["schema"]["enum"] == ["out"]
    assert "/api/bicycle_rental/reports/daily" in paths
