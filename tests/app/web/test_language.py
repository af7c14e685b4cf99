from __future__ import annotations

import pytest

from app.web.language import preferred


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.3", "en"),
        ("fr-FR", None),
        ("", None),
        ("en;q=0, zh;q=0.1", "zh"),
        ("en;q=rubbish", None),
        ("zh;q=0.5,en;q=0.5", "zh"),
    ],
)
def test_the_language_the_browser_likes_best_is_spoken(header: str, language: str | None) -> None:
    assert preferred(header) == language
