from __future__ import annotations

from pathlib import Path

from core.host.reference import plugin_reference
from core.language.expressions import FUNCTIONS

PAGE = Path(__file__).parents[3] / "docs" / "plugin-reference.md"


def test_the_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == plugin_reference(), (
        "branchline plugin reference > docs/plugin-reference.md"
    )


def test_every_function_and_every_key_of_the_file_is_on_it() -> None:
    page = plugin_reference()

    assert [name for name in FUNCTIONS if f"`{name}(" not in page] == []
    for key in ("records", "ledgers", "dispatch", "scorecards", "scenarios"):
        assert f"| `{key}` |" in page
