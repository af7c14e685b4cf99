"""Which settings a rule needs. A blank one makes the rule inactive (C-11), so the node asks before it decides."""

from __future__ import annotations

from core.language.expressions.tree import Call, Name, Node, Part, walk


def settings_needed(tree: Node) -> frozenset[str]:
    """Return the settings an expression reads, without those it tests itself: ``has(settings.cap) and …``."""
    read = {part.name for part in walk(tree) if isinstance(part, Part) and _is_setting(part)}
    return frozenset(read - _tested(tree))


def _tested(tree: Node) -> set[str]:
    """Return the settings that are given to a function that sees empty values: ``has``, ``coalesce``."""
    return {
        argument.name
        for call in walk(tree)
        if isinstance(call, Call) and call.function is not None and call.function.nulls == "see"
        for argument in call.args
        if isinstance(argument, Part) and _is_setting(argument)
    }


def _is_setting(node: Part) -> bool:
    return isinstance(node.base, Name) and node.base.name == "settings"
