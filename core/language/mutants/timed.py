"""Steps that only timers take, each in the states alone that the step starts from: there ``from`` changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.language.definition import SYSTEM
from core.language.expressions.parse import parse
from core.language.expressions.spots import Source
from core.language.expressions.tree import Compare, Constant, ListOf, Logic, Name, Node, Part
from core.language.yaml_tree import KeyPath, YamlNode
from core.model.errors import DefinitionError


def only_timed(root: YamlNode, path: KeyPath) -> bool:
    """Return whether the action whose ``from`` stands at ``path`` is the system's and cannot happen outside it."""
    record, action = _map(root.at(path[:2]).plain()), str(path[3])
    step = _map(_map(record["actions"])[action])
    own = [timer for timer in map(_map, _map(record.get("timers")).values()) if timer.get("then") == action]
    if step.get("by") != SYSTEM or not own:
        return False
    states = set(_names(step["from"]))
    return all((runs := _states(str(timer.get("while", "")))) is not None and runs <= states for timer in own)


def _states(condition: str) -> set[str] | None:
    """Return the states a condition is bound to by ``self.state == …`` or ``in […]``; None where it names none."""
    try:
        tree = parse(Source(condition))
    except DefinitionError:
        return None
    for term in _terms(tree):
        match term:
            case Compare(first=Part(base=Name(name="self"), name="state"), rest=((("==" | "in"), right),)):
                return set(_constants(right))
    return None


def _terms(tree: Node) -> Iterator[Node]:
    if isinstance(tree, Logic) and tree.op == "and":
        for part in tree.parts:
            yield from _terms(part)
    else:
        yield tree


def _constants(node: Node) -> Iterator[str]:
    for each in node.items if isinstance(node, ListOf) else (node,):
        yield str(each.value) if isinstance(each, Constant) else ""


def _names(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _map(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
