"""RULES.md: one row a rule, in both languages, with its places by file and its proofs."""

from __future__ import annotations

from pathlib import Path

from app.cli.rule_page import rule_heads, rule_lines, rule_page
from core.language import compile_core, compile_plugin
from core.language.definition import Plugin

SHOP = """
plugin: shop
version: 1.0.0
requires: {core: ^1}
label: {en: Shop, zh: 门店}
roles: {desk: {label: {en: Desk, zh: 前台}}}
settings:
  one: {type: int, default: 1, cite: R-2, label: {en: One, zh: 一}}
guidance:
  greet: {label: {en: Greet, zh: 问候}, at: role:desk, text: {en: Say hello., zh: 问好。}, cite: R-10}
scenarios:
  first: {cite: R-2, given: {now: "2026-01-01 10:00"}, then: settings.one == 1}
"""
RULES = """
rules:
  R-10: {mark: S, en: Be polite | always., zh: 待客礼貌。}
  R-2: {mark: S, en: One is one., zh: 一就是一。, also: core:records.duty}
  R-3: {mark: X, en: A switch., zh: 开关。}
"""


def compiled(folder: Path) -> Plugin:
    (folder / "plugin.yaml").write_text(SHOP, encoding="utf-8")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return compile_plugin(folder, {"core": compile_core()})


def test_the_page_has_a_row_for_every_rule_in_both_languages(tmp_path: Path) -> None:
    page = rule_page(compiled(tmp_path))
    assert page.startswith("# Shop 门店: rules 规则\n")
    assert page.splitlines()[-3:] == [
        "| R-2 | S | 一就是一。 | One is one. | plugin.yaml: `settings.one`<br>rules.yaml: `core:records.duty` | first |",
        "| R-3 | X | 开关。 | A switch. | — | — |",
        "| R-10 | S | 待客礼貌。 | Be polite \\| always. | plugin.yaml: `guidance.greet` | the words themselves 以文字为准 |",
    ]


def test_the_terminal_shows_a_line_for_each_place(tmp_path: Path) -> None:
    lines = rule_lines(compiled(tmp_path))
    assert [line[:4] for line in lines] == [
        ["R-2", "S", "settings.one", "plugin.yaml:8"],
        ["R-2", "S", "core:records.duty", "rules.yaml:4"],
        ["R-3", "X", "—", "—"],
        ["R-10", "S", "guidance.greet", "plugin.yaml:10"],
    ]
    assert len(rule_heads("zh")) == len(rule_heads("en")) == len(lines[0])
