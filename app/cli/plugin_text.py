"""The words and tables that ``branchline plugin`` prints, in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from core.language.source import excerpt
from core.model.errors import Language, Problem

if TYPE_CHECKING:
    from core.host.catalog import Fault
    from core.language.definition import Plugin, Scenario
    from stores.rehearsal import Miss


def problem(each: Problem, language: Language) -> str:
    """Return a problem with the line it is about and a caret under the column."""
    head, *rest = each.render(language).splitlines()
    if each.level == "warn":
        head = ("警告：" if language == "zh" else "warning: ") + head
    shown = excerpt(each.place) if each.place else ""
    return "\n".join([head, *([shown] if shown else []), *rest])


def faults(found: Iterable[Fault], language: Language) -> str:
    """Return the problems of faulty plugins, with a blank line between them."""
    return "\n\n".join(problem(each, language) for fault in found for each in fault.problems)


def all_well(plugin: Plugin, language: Language) -> str:
    """Return the line that says a plugin has no faults, and how big it is."""
    records = sum(1 for record in plugin.records.values() if record.origin == "record")
    scenarios, warnings = len(plugin.scenarios), len(plugin.warnings)
    head = f"{plugin.name} {plugin.version}"
    if language == "zh":
        return f"{head}：无错误（{records} 种记录，{scenarios} 个场景，{warnings} 条警告）"
    return f"{head}: no faults ({records} record types, {scenarios} scenarios, {warnings} warnings)"


def pass_word(passed: bool, language: Language) -> str:
    """Return the word for a scenario's end."""
    if language == "zh":
        return "通过" if passed else "未通过"
    return "passed" if passed else "FAILED"


def miss(each: Miss, scenario: Scenario, language: Language) -> str:
    """Return what a scenario expected and what happened instead, with the line of the file."""
    shown = excerpt(each.place)
    lines = [f"{each.place}: {scenario.name}", *([shown] if shown else []), "  " + each.what.say(language)]
    return "\n".join(lines)


def tally(count: int, failed: int, seconds: float, language: Language) -> str:
    """Return the last line of a test run."""
    if not count:
        return "没有可运行的场景" if language == "zh" else "no scenarios to run"
    if language == "zh":
        return f"{count - failed} 个通过，{failed} 个未通过，用时 {seconds:.1f} 秒"
    return f"{count - failed} passed, {failed} failed in {seconds:.1f} s"


def test_heads(language: Language) -> list[str]:
    """Return the column heads of a test run."""
    return ["插件", "场景", "结果", "秒"] if language == "zh" else ["plugin", "scenario", "result", "seconds"]


def scaffold_done(folder: Path, language: Language) -> str:
    """Return what to do after a scaffold was written."""
    steps = f"  branchline plugin check {folder}\n  branchline plugin test {folder}"
    if language == "zh":
        return f"已创建 {folder}。接下来：\n{steps}"
    return f"{folder} is ready. Next:\n{steps}"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows in columns; a Chinese character takes two."""
    widths = [max(_width(line[column]) for line in [heads, *rows]) for column in range(len(heads))]
    ruler = ["-" * width for width in widths]
    return "\n".join(_line(line, widths) for line in [heads, ruler, *rows])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
