"""What a condition binds a value to: ``self.state in ["asked", "approved"]`` leaves two states, whatever else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.language.expressions.parse import parse
from core.language.expressions.spots import Source
from core.language.expressions.tree import Compare, Constant, ListOf, Logic, Node
from core.language.yaml_tree import YamlNode
from core.model.errors import DefinitionError


def bounds(condition: str) -> Mapping[str, frozenset[object]]:
    """Return, for each value that the condition compares with constants (``==`` or ``in``), which of them it may be."""
    try:
        tree = parse(Source(condition))
    except DefinitionError:
        return {}
    found: dict[str, frozenset[object]] = {}
    for term in _terms(tree):
        match term:
            case Compare(first=left, rest=((("==" | "in"), right),)) if (may := _constants(right)) is not None:
                name = condition[left.start : left.end]
                found[name] = found.get(name, may) & may
    return found


def apart(one: YamlNode, other: YamlNode) -> bool:
    """Return whether it is the same which of two rows is asked first: they give the same, or can never both apply."""
    return _given(one) == _given(other) or exclude(_when(one), _when(other))


def exclude(one: str, other: str) -> bool:
    """Return whether two conditions can never both hold, as far as their constants tell."""
    here, there = bounds(one), bounds(other)
    return any(name in there and not may & there[name] for name, may in here.items())


def _when(row: YamlNode) -> str:
    when = row.value.get("when") if isinstance(row.value, Mapping) else None
    return str(when.value) if when is not None else "true"


def _given(row: YamlNode) -> object:
    if not isinstance(row.value, Mapping):
        return row
    return {name: each.plain() for name, each in row.value.items() if name not in ("when", "cite")}


def _terms(tree: Node) -> Iterator[Node]:
    if isinstance(tree, Logic) and tree.op == "and":
        for part in tree.parts:
            yield from _terms(part)
    else:
        yield tree


def _constants(node: Node) -> frozenset[object] | None:
    values = [
        each.value for each in (node.items if isinstance(node, ListOf) else (node,)) if isinstance(each, Constant)
    ]
    count = len(node.items) if isinstance(node, ListOf) else 1
    return frozenset(values) if len(values) == count and None not in values else None
