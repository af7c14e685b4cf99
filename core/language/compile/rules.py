"""The rule book: the rules in words, and every ``cite`` in the YAML with the place that carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from core.language.compile.workshop import Workshop
from core.language.definition import Citation, Rule
from core.language.source import YamlNode, dotted, load_source
from core.language.yaml_tree import steps_of
from core.model.errors import Text

Path = tuple[str | int, ...]
_SKIPPED = ("samples", "rules")  # what stands there are values and words; nothing in them carries out a rule


def compile_rules(shop: Workshop) -> dict[str, Rule]:
    """Return the rule book by number, and note every citation of a number that is neither in it nor in one required.

    A plugin without a rule book may cite what it likes: the numbers are then only words.
    """
    rules = {
        number: Rule(number, shape.mark, Text(shape.en, shape.zh), shop.root.key_place(("rules", number)))
        for number, shape in shop.manifest.rules.items()
    }
    if rules:
        known = [*rules, *shop.reach.rules]
        for number, path in (one for _, cite in _citing(shop.root, ()) for one in cite):
            shop.known(number, known, Text("rule", "规则编号"), path, "unknown-rule")
    return rules


def citations_of(root: YamlNode) -> tuple[Citation, ...]:
    """Return one row per cited rule number, in the order of the files."""
    return tuple(
        Citation(number, dotted(path), root.key_place(path)) for path, cite in _citing(root, ()) for number, _ in cite
    )


def citations_elsewhere(shop: Workshop) -> tuple[Citation, ...]:
    """Return what the rule book says that core or a required plugin carries out, and note places that are not there."""
    found = []
    for number, shape in shop.manifest.rules.items():
        for index, where in enumerate(shape.also):
            path = ("rules", number, "also", index)
            plugin, colon, inside = where.partition(":")
            if not colon or plugin not in shop.reach.folders:
                shop.known(plugin, shop.reach.folders, Text("plugin", "插件"), path, "unknown-plugin")
            elif not load_source(shop.reach.folders[plugin]).root.has(steps_of(inside)):
                shop.fault("no-such-place", f"`{plugin}` has no `{inside}`", f"`{plugin}` 中没有 `{inside}`", path)
            else:
                found.append(Citation(number, where, shop.root.place(path)))
    return tuple(found)


def _citing(node: YamlNode, path: Path) -> Iterator[tuple[Path, list[tuple[str, Path]]]]:
    """Yield the path of everything that cites, with the numbers it cites and the path of each number."""
    if isinstance(node.value, Mapping):
        for key, below in node.value.items():
            if not path and key in _SKIPPED:
                continue
            if key == "cite" and not isinstance(below.value, Mapping):
                yield path, _numbers(below, (*path, key))
            elif not _is_scenario(path):
                yield from _citing(below, (*path, key))
    elif isinstance(node.value, list | tuple):
        for index, below in enumerate(node.value):
            yield from _citing(below, (*path, index))


def _is_scenario(path: Path) -> bool:
    """Whether a scenario stands at ``path``: it cites itself, and what is below are values that it enters."""
    return len(path) == 2 and path[0] == "scenarios"


def _numbers(node: YamlNode, path: Path) -> list[tuple[str, Path]]:
    plain = node.plain()
    if isinstance(plain, list):
        return [(str(one), (*path, index)) for index, one in enumerate(plain)]
    return [(str(plain), path)]
