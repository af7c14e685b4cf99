"""A plugin's rule book as a page, RULES.md, and as lines for the terminal."""

from __future__ import annotations

from pathlib import Path

from core.language.definition import Citation, Plugin
from core.language.rulebook import RuleRow, rule_rows
from core.model.errors import Language

PAGE = "RULES.md"
_NOTHING = "—"
_HEAD = """\
# {label}: rules 规则

Every rule by number: what it says, where it is carried out, which scenario proves it.
每条规则：内容、执行之处、证明它的场景。
Generated from the YAML; do not edit. 由 YAML 生成，请勿手改：`branchline plugin rules plugins/{name} --write`.

S, F: in the source, carried out and proved 源文规定，必须执行并证明 · I: our reading 我方解读 · D: our default 默认值 ·
X: a switch, off 开关，默认关闭 · C: a blank, inactive until configured 留空，配置后生效

| rule 规则 | mark | 内容 | what it says | carried out by 执行之处 | proved by 证明场景 |
|---|---|---|---|---|---|
"""


def rule_page(plugin: Plugin) -> str:
    """Return the whole of RULES.md."""
    title = f"{plugin.label.en} {plugin.label.zh}"
    lines = [_line(plugin, row) for row in rule_rows(plugin)]
    return _HEAD.format(label=title, name=plugin.folder.name) + "".join(f"{line}\n" for line in lines)


def rule_heads(language: Language) -> list[str]:
    """Return the column heads of the rule table in the terminal."""
    if language == "zh":
        return ["规则", "标记", "在何处执行", "文件", "场景"]
    return ["rule", "mark", "carried out by", "file", "scenarios"]


def rule_lines(plugin: Plugin) -> list[list[str]]:
    """Return one line per rule and place; a rule that nothing carries out has one line, too."""
    lines = []
    for row in rule_rows(plugin):
        mark, proofs = row.rule.mark if row.rule else "", ", ".join(row.proofs) or _NOTHING
        lines += [[row.number, mark, place.where, _spot(plugin, place), proofs] for place in row.places]
        if not row.places:
            lines.append([row.number, mark, _NOTHING, _NOTHING, proofs])
    return lines


def _line(plugin: Plugin, row: RuleRow) -> str:
    mark, zh, en = (row.rule.mark, row.rule.text.zh, row.rule.text.en) if row.rule else (_NOTHING,) * 3
    places = "<br>".join(_by_file(plugin, row)) or _NOTHING
    proofs = ", ".join(row.proofs) or ("the words themselves 以文字为准" if row.for_people else _NOTHING)
    return f"| {row.number} | {mark} | {_cell(zh)} | {_cell(en)} | {places} | {proofs} |"


def _by_file(plugin: Plugin, row: RuleRow) -> list[str]:
    files: dict[str, list[str]] = {}
    for place in row.places:
        files.setdefault(_file(plugin, place), []).append(f"`{place.where}`")
    return [f"{file}: {', '.join(places)}" for file, places in files.items()]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _spot(plugin: Plugin, place: Citation) -> str:
    return f"{_file(plugin, place)}:{place.place.line}"


def _file(plugin: Plugin, place: Citation) -> str:
    path = Path(place.place.file)
    return (path.relative_to(plugin.folder) if path.is_relative_to(plugin.folder) else path).as_posix()
