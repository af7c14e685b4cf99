"""One mutant: where the YAML is changed, how, and in which words that is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.language.yaml_tree import KeyPath, YamlNode, dotted
from core.model.errors import Place, Text


@dataclass(frozen=True, slots=True)
class Mutant:
    """One broken rule: what stands at ``path`` becomes ``node``, or is gone when that is None."""

    path: tuple[str | int, ...]
    node: YamlNode | None
    what: Text
    place: Place

    @property
    def name(self) -> str:
        """The name it goes by in reports and under ``equivalent``; the same as long as the rule reads the same."""
        return f"{dotted(self.path)}: {self.what.en}"

    def applied(self, root: YamlNode) -> YamlNode:
        """Return the YAML with the change."""
        return _put(root, self.path, self.node)


def _put(node: YamlNode, path: KeyPath, new: YamlNode | None) -> YamlNode:
    step, rest = path[0], path[1:]
    if isinstance(node.value, dict):
        entries = dict(node.value)
        if rest:
            entries[str(step)] = _put(entries[str(step)], rest, new)
        elif new is None:
            del entries[str(step)]
        else:
            entries[str(step)] = replace(new, key_spot=new.key_spot or entries[str(step)].key_spot)
        return replace(node, value=entries)
    assert isinstance(node.value, list | tuple)
    assert isinstance(step, int)
    items = list(node.value)
    if rest:
        items[step] = _put(items[step], rest, new)
    elif new is None:
        del items[step]
    else:
        items[step] = new
    return replace(node, value=items)
