"""Lists as Excel files: as filtered, seen with the reader's eyes, and who took them is noted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from app.excel import export
from tests.app.conftest import opened_shop
from tests.app.excel.sheets import cells_of, rows_of

LIST = "/records/bicycle_rental/rental"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with opened_shop(tmp_path_factory.mktemp("shop")) as made:
        yield made


@pytest.fixture(scope="module")
def rentals(shop: Any) -> Any:
    """Two rentals: one of a guest with a telephone, one whose guest's name is a formula."""
    li = shop.as_("li")
    for frame, guest, phone in (("F-1", "陈先生", "13800001111"), ("F-2", '=HYPERLINK("http://x")', "13900002222")):
        wheel = li.post("/api/bicycle_rental/bicycle/actions/add", json={"ask": {"frame": frame}}).json()["id"]
        ask = {"bicycle": wheel, "guest": guest, "phone": phone}
        made = li.post("/api/bicycle_rental/rental/actions/hand_out", json={"ask": ask})
        assert made.status_code == 200, made.text
    return shop


def table(answer: Any) -> list[list[Any]]:
    assert answer.status_code == 200, answer.text
    return rows_of(answer.content)


def test_a_list_goes_out_as_it_is_filtered_with_the_columns_chosen(rentals: Any, browse: Any) -> None:
    answer = browse("li").open(f"{LIST}/excel?cols=number,guest,phone,deposit,taken_at,bicycle,state&q=陈")

    head, row = table(answer)
    assert head == ["Number", "Guest", "Phone", "Deposit", "Taken at", "Bicycle", "State"]
    assert row[:4] == ["hq-R0001", "陈先生", "13800001111", 300]
    assert isinstance(row[4], datetime)
    assert row[5:] == ["F-1", "Out"]
    assert "Rental%20" in answer.headers["content-disposition"]


def test_a_name_that_is_a_formula_stays_a_text(rentals: Any, browse: Any) -> None:
    answer = browse("li").open(f"{LIST}/excel?cols=guest&sort=number")

    assert cells_of(answer.content)[2][0].data_type == "s"


def test_masks_hold_in_the_file(rentals: Any, browse: Any) -> None:
    answer = browse("an").open(f"{LIST}/excel?cols=guest,phone&sort=number")

    assert [row[1] for row in table(answer)[1:]] == ["•••••••1111", "•••••••2222"]


def test_who_took_a_list_away_is_in_the_access_log(rentals: Any, browse: Any) -> None:
    browse("an").open(f"{LIST}/excel?state=out")

    entry = rentals.as_("wu").get("/api/core/access").json()["rows"][0]
    assert (entry["who"], entry["record_type"], entry["field"]) == (rentals.staff["an"], "bicycle_rental.rental", "*")
    assert entry["reason"] == "Excel (2)"


def test_who_may_not_read_gets_no_file(rentals: Any, browse: Any) -> None:
    assert browse("no").open(f"{LIST}/excel").status_code == 403
    assert browse(None).open(f"{LIST}/excel", follow_redirects=False).headers["location"].startswith("/sign-in")


def test_a_list_that_nobody_reads_to_its_end_is_no_file(
    rentals: Any, browse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "ROWS_MAX", 1)
    noted = rentals.as_("wu").get("/api/core/access").json()

    refused = browse("li").open(f"{LIST}/excel")

    assert refused.status_code == 422
    assert rentals.as_("wu").get("/api/core/access").json() == noted


def test_a_program_gets_the_same_file(rentals: Any) -> None:
    answer = rentals.as_("an").get("/api/bicycle_rental/rental/export.xlsx?cols=guest,phone&state=out&sort=number")

    assert table(answer)[1] == ["陈先生", "•••••••1111"]


def test_a_report_goes_out_with_figures_that_are_numbers(rentals: Any, browse: Any) -> None:
    with (rentals.plugins / "bicycle_rental" / "plugin.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "\nreports:\n  takings:\n    label: {en: Takings, zh: 收入}\n    every: month\n    figures:\n"
            "      out: {count: rental, where: rental.taken_at in period, by: handed_by, label: {en: Out, zh: 租出}}\n"
            "      deposits: {sum: rental.deposit, where: rental.taken_at in period, by: handed_by, label: {en: Deposits, zh: 押金}}\n"
            "    read: {boss: {}}\n"
        )
    rentals.service.node.host.reload()
    assert rentals.service.node.catalog.faults == ()
    wu = browse("wu")

    head, *lines = table(wu.open("/reports/bicycle_rental/takings/excel?store=hq"))

    assert head == [None, "Out", "Deposits"]
    assert lines == [["Li", 2, 600], ["Sum", 2, 600]]
    assert "/reports/bicycle_rental/takings/excel?day=2026-03-01" in wu.open("/reports/bicycle_rental/takings").text
    assert browse("li").open("/reports/bicycle_rental/takings/excel").status_code == 403


def test_roles_that_a_view_names_are_the_only_ones_to_take_its_records_away(rentals: Any, browse: Any) -> None:
    with (rentals.plugins / "bicycle_rental" / "plugin.yaml").open("a", encoding="utf-8") as file:
        file.write(
            "\nviews:\n  out: {kind: list, of: rental, columns: [number, guest], where: 'self.state == \"out\"',"
            " excel: {export: boss}, label: {en: Out now, zh: 在租}}\n"
        )
    rentals.service.node.host.reload()

    assert table(browse("wu").open("/views/bicycle_rental/out/excel"))[0] == ["Number", "Guest"]
    li = browse("li")
    assert li.open("/views/bicycle_rental/out/excel").status_code == 403
    assert li.open(f"{LIST}/excel").status_code == 403
    assert f"{LIST}/excel" not in li.open(LIST).text
    assert "/views/bicycle_rental/out/excel" in browse("wu").open("/views/bicycle_rental/out").text
