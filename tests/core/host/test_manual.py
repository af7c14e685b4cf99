from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.host.hookspecs import HOOKS
from core.host.manual import hooks_manual

ROOT = Path(__file__).parents[3]
MANUAL = ROOT / "docs" / "hooks.md"
DECISION = MANUAL.parent / "decisions" / "0003-hooks-with-a-caller.md"


def test_the_manual_is_what_the_code_says() -> None:
    assert MANUAL.read_text(encoding="utf-8") == hooks_manual(), "run: branchline plugin hooks > docs/hooks.md"


def test_every_hook_has_a_page_and_a_line_in_the_table() -> None:
    manual = hooks_manual()

    for hook in HOOKS:
        assert f"\n## {hook}\n" in manual
        assert f"\n| [`{hook}`](#{hook}) | " in manual


def test_a_hook_that_waits_for_its_caller_is_no_hook_yet() -> None:
    table = DECISION.read_text(encoding="utf-8").partition("**Waiting")[2].partition("**Changed")[0]

    assert not [hook for hook in HOOKS if f"`{hook}(" in table]


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_called_by_something(hook: str) -> None:
    called = re.compile(
        rf"hooks?\.{hook}\(|(tell|ask|attempt|collect|tell_installed|subset_hook_caller)\(\s*\"{hook}\""
    )
    sources = [path for part in ("core", "stores", "sync", "app") for path in (ROOT / part).rglob("*.py")]

    assert [path for path in sources if called.search(path.read_text(encoding="utf-8"))]
