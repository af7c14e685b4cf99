"""A bench for plugin texts: what is wrong is written beside the line that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable

from core.language.definition import Plugin
from core.model.errors import Problem

HEAD = """\
plugin: shop
version: 1.0.0
requires: {core: ^1}
label: {en: Shop, zh: 门店}
roles: {desk: {label: {en: Desk, zh: 前台}}, chief: {label: {en: Chief, zh: 主管}}}
"""
_EXPECTED = re.compile(r"# (<-|~) ([a-z0-9 -]+)$")

Load = Callable[[str], Plugin]
Faults = Callable[[str], tuple[Problem, ...]]


def with_head(text: str) -> str:
    """Return the text of a whole plugin."""
    text = text.lstrip("\n")
    return text if text.startswith("plugin:") else HEAD + text


def marks(text: str) -> list[tuple[str, int, str]]:
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _EXPECTED.search(line):
            found += [(match[1], number, code) for code in match[2].split()]
    return found


def spot(problem: Problem) -> tuple[int, str]:
    assert problem.place is not None, problem
    return problem.place.line, problem.code
