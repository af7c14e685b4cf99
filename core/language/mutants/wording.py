"""What can be broken in the text of a rule: a boundary, a figure, a term of a condition, a sign."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.language.expressions.parse import parse
from core.language.expressions.spots import Source
from core.language.expressions.tree import Arithmetic, Call, Choose, Compare, Constant, Logic, Node, Not, walk
from core.model.duration import Duration
from core.model.errors import DefinitionError

_COMPARES: Mapping[str, str] = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "in": "not in", "not in": "in",
}  # fmt: skip
_SIGNS: Mapping[str, str] = {"+": "-", "-": "+", "*": "/", "/": "*"}
_TWINS: Mapping[str, str] = {
    "min": "max", "max": "min", "start_of": "end_of", "end_of": "start_of",
    "first_workday": "last_workday", "last_workday": "first_workday",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rewording:
    """Another text for a rule, and the part of it that differs: ``was`` and ``now``."""

    text: str
    was: str
    now: str


def rewordings(text: str) -> Iterator[Rewording]:
    """Yield every way to break the text of an expression in one place."""
    try:
        tree = parse(Source(text))
    except DefinitionError:
        return
    seen = {text}
    for found in _broken(text, tree):
        if found.text not in seen:
            seen.add(found.text)
            yield found


def _broken(text: str, tree: Node) -> Iterator[Rewording]:
    for node in walk(tree):
        match node:
            case Compare():
                yield from _compared(text, node)
            case Logic():
                neutral = "true" if node.op == "and" else "false"
                for part in node.parts:
                    yield _swapped(text, part.start, part.end, neutral)
            case Not():
                yield _swapped(text, node.start, node.start + len("not"), "", shown=node)
            case Arithmetic():
                yield from _counted(text, node)
            case Choose():
                yes, no = text[node.yes.start : node.yes.end], text[node.no.start : node.no.end]
                between = text[node.yes.end : node.no.start]
                yield _swapped(text, node.yes.start, node.no.end, f"{no}{between}{yes}")
            case Call() if node.name in _TWINS:
                yield _swapped(text, node.start, node.start + len(node.name), _TWINS[node.name], shown=node)
            case Constant():
                yield from _figured(text, node)


def _compared(text: str, node: Compare) -> Iterator[Rewording]:
    left = node.first
    for op, right in node.rest:
        at = text.index(op.split()[0], left.end, right.start)
        stop = text.index(op.split()[-1], at, right.start) + len(op.split()[-1])
        yield _swapped(text, at, stop, _COMPARES[op], shown=_Span(left.start, right.end))
        left = right


def _counted(text: str, node: Arithmetic) -> Iterator[Rewording]:
    at = text.index(node.op, node.left.end, node.right.start)
    yield _swapped(text, at, at + 1, _SIGNS[node.op], shown=node)


def _figured(text: str, node: Constant) -> Iterator[Rewording]:
    """Yield a number or a duration that is one more."""
    written = text[node.start : node.end]
    number = isinstance(node.value, int | Decimal | Duration) and not isinstance(node.value, bool)
    if number and (figure := re.match(r"\d+", written)):
        yield _swapped(text, node.start, node.start + figure.end(), str(int(figure[0]) + 1), shown=node)


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int


def _swapped(text: str, start: int, end: int, new: str, shown: Node | _Span | None = None) -> Rewording:
    """Return the text with characters ``start`` to ``end`` replaced; told with what stands around them."""
    low, high = (shown.start, shown.end) if shown else (start, end)
    whole = text[:start] + new + text[end:]
    return Rewording(whole, text[low:high], whole[low : high + len(whole) - len(text)].strip())
