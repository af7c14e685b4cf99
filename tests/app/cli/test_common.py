from __future__ import annotations

import pytest

from app.cli.common import language, table


def test_a_table_lines_up_though_chinese_letters_are_twice_as_wide() -> None:
    shown = table(("店", "n"), [("club", 7), ("家装店", 12)])

    assert shown.splitlines() == ["店      n", "------  --", "club    7", "家装店  12"]


@pytest.mark.parametrize(("locale", "spoken"), [("zh_CN.UTF-8", "zh"), ("en_US.UTF-8", "en"), ("C", "en"), ("", "en")])
def test_the_terminals_language_is_spoken(monkeypatch: pytest.MonkeyPatch, locale: str, spoken: str) -> None:
    for name in ("BRANCHLINE_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", locale)

    assert language() == spoken
