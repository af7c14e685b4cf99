"""What branches can be compared by, found by business, record and words, with one figure drawn at once."""

from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from app.pages.figures.comparing import tick_text
from tests.app.pages.figures.test_comparing import PAGE, table, two

__all__ = ["two"]


def offered(page: str) -> list[str]:
    """The figures of the page, under the records they count."""
    body = page.partition('class="columns">')[2].partition("</details>")[0]
    return re.findall(r"<h3>([^<]+)</h3>|<a [^>]+>([^<]+)</a>", body)


def test_figures_stand_under_their_business_and_record_and_money_is_drawn_unasked(two: Any, browse: Any) -> None:
    page = browse("wu").open("/compare").text

    assert offered(page) == [("Rental", ""), ("", "Handed out"), ("", "Deposits")]
    assert f'href="{PAGE}?figure=money" aria-current="true">Deposits</a> <small>daily</small>' in page
    assert 'role="img" aria-label="Over time: Deposits"' in page
    assert table(page, 1)[0].endswith("¥300.00 ¥600.00")
    assert "2 figures" in page
    assert "查找指标" in browse("wu", "zh").open("/compare").text


def test_a_figure_is_found_by_its_words_and_then_drawn(two: Any, browse: Any) -> None:
    wu = browse("wu")

    page = wu.open("/compare?q=rental+HANDED").text
    assert offered(page) == [("Rental", ""), ("", "Handed out")]
    assert 'aria-label="Over time: Handed out"' in page
    assert "Nothing was found" in wu.texts("/compare?q=rooms")
    assert "Nothing was found" in wu.texts("/compare?business=club")
    assert "Handed out" in wu.open("/compare?business=bicycle_rental").text


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        ("0E+5", "CNY", "¥0", "¥0"),
        ("3E+5", "CNY", "¥30万", "¥300k"),
        ("2E+8", "CNY", "¥2亿", "¥200M"),
        ("-1.5E+6", "CNY", "¥-150万", "¥-1.5M"),
        ("5E+2", "CNY", "¥500", "¥500"),
        ("4E+1", None, "40", "40"),
        ("2.5E+4", None, "2.5万", "25k"),
        ("0.2", "percent", "20.0 %", "20.0 %"),
    ],
)
def test_a_mark_of_an_axis_is_as_short_as_it_can_be_told(value: str, unit: str | None, zh: str, en: str) -> None:
    told = [tick_text(SimpleNamespace(language=each), Decimal(value), unit) for each in ("zh", "en")]  # type: ignore[arg-type]

    assert told == [zh, en]
