"""The rule book: every ``cite`` in the YAML with the place that carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.language.definition import Rule
from core.language.source import YamlNode, dotted


def rules_of(root: YamlNode) -> tuple[Rule, ...]:
    """Return one row per cited rule number, in the order of the files."""
    return tuple(_rules(root, ()))


def _rules(node: YamlNode, path: tuple[str | int, ...]) -> Iterator[Rule]:
    if isinstance(node.value, Mapping):
        for key, below in node.value.items():
            if key == "cite":
                for number in _numbers(below):
                    yield Rule(number, dotted(path), node.spot if node.key_spot is None else node.key_spot)
            else:
                yield from _rules(below, (*path, key))
    elif isinstance(node.value, list | tuple):
        for index, below in enumerate(node.value):
            yield from _rules(below, (*path, index))


def _numbers(node: YamlNode) -> list[str]:
    plain = node.plain()
    return [str(one) for one in plain] if isinstance(plain, list) else [str(plain)]
