"""Values as people read them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.pages.frame.console_words import CONSOLE
from app.pages.frame.words import WORDS, Words
from app.pages.showing.values import duration_text, money_text, shown
from core.model.fields import FieldSpec

DESK: Any = SimpleNamespace(words=Words("zh"), say=lambda text: text.zh)


@pytest.mark.parametrize(
    ("value", "text"),
    [("1234.50", "¥1,234.50"), ("-500.00", "−¥500.00"), ("0.00", "¥0.00"), ("1200000", "¥1,200,000.00")],
)
def test_money_has_its_thousands_apart(value: str, text: str) -> None:
    assert money_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("20m", "20 分钟"), ("1h30m", "1 小时 30 分钟"), ("2bd", "2 个工作日"), ("3mo", "3 个月"), ("0s", "0 分钟")],
)
def test_durations_are_said_in_words(value: str, text: str) -> None:
    assert duration_text(DESK, value) == text


def test_nothing_is_shown_as_nothing() -> None:
    for value in (None, "", [], {}):
        assert shown(DESK, FieldSpec("text"), value, {}).kind == "none"


def test_every_word_of_the_pages_is_in_both_languages() -> None:
    for name, text in WORDS.items():
        assert text.zh, name
        assert text.en, name


def test_no_word_of_the_console_is_called_like_one_of_all_pages() -> None:
    assert [name for name, text in CONSOLE.items() if WORDS[name] is not text] == []
