"""What a condition proves about empty fields: after ``has(self.room)``, ``self.room`` has a value."""

from __future__ import annotations

from core.language.expressions.tree import (
    ORDERINGS,
    Call,
    Compare,
    Constant,
    FieldOf,
    ItemOf,
    ListOf,
    Logic,
    Name,
    Node,
    Not,
    Part,
)

Facts = frozenset[str]  # dotted paths that are known to have a value
NOTHING: Facts = frozenset()


def path_of(node: Node) -> str | None:
    """Return ``self.room.name`` for a path, None for anything that is worked out."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, (Part, FieldOf)):
        base = path_of(node.base)
        return f"{base}.{node.name}" if base else None
    if isinstance(node, ItemOf) and isinstance(node.index, Constant):
        base = path_of(node.base)
        return f"{base}[{node.index.value!r}]" if base else None
    return None


def when_true(node: Node) -> Facts:
    """Return what has a value once the condition came out true."""
    match node:
        case Logic(op="and"):
            return NOTHING.union(*(when_true(part) for part in node.parts))
        case Logic():
            return _in_all([when_true(part) for part in node.parts])
        case Not():
            return when_false(node.part)
        case Call(name="has"):
            return _present(node.args[0]) if node.args else NOTHING
        case Compare():
            return _compared(node, outcome=True)
        case FieldOf() | Part() | Name():
            return _present(node)
    return NOTHING


def when_false(node: Node) -> Facts:
    """Return what has a value once the condition came out false."""
    match node:
        case Logic(op="or"):
            return NOTHING.union(*(when_false(part) for part in node.parts))
        case Logic():
            return _in_all([when_false(part) for part in node.parts])
        case Not():
            return when_true(node.part)
        case Compare():
            return _compared(node, outcome=False)
    return NOTHING


def _compared(node: Compare, *, outcome: bool) -> Facts:
    """An ordering came out at all, so both its sides had a value; ``==`` proves it for what equals a value."""
    facts = NOTHING
    left = node.first
    for op, right in node.rest:
        if op in ORDERINGS and (outcome or len(node.rest) == 1):
            facts |= _present(left) | _present(right)
        elif (op == "==" and outcome) or (op == "!=" and not outcome and len(node.rest) == 1):
            facts |= (_present(left) if _is_value(right) else NOTHING) | (
                _present(right) if _is_value(left) else NOTHING
            )
        elif (op == "!=" and outcome) or (op == "==" and not outcome and len(node.rest) == 1):
            facts |= (_present(left) if _is_null(right) else NOTHING) | (_present(right) if _is_null(left) else NOTHING)
        elif op == "in" and outcome and (right.kind.name == "period" or _is_values(right)):
            facts |= _present(left)
        left = right
    return facts


def _present(node: Node) -> Facts:
    path = path_of(node)
    if path is None:
        return NOTHING
    facts = {path}
    while isinstance(node, (Part, FieldOf)):  # what is reached through a path proves the path
        node = node.base
        base = path_of(node)
        if base:
            facts.add(base)
    return frozenset(facts)


def _is_null(node: Node) -> bool:
    return isinstance(node, Constant) and node.value is None


def _is_value(node: Node) -> bool:
    return not node.may_be_empty and not _is_null(node)


def _is_values(node: Node) -> bool:
    return isinstance(node, ListOf) and all(_is_value(item) for item in node.items)


def _in_all(facts: list[Facts]) -> Facts:
    return frozenset.intersection(*facts) if facts else NOTHING
