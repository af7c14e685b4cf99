"""Overlays: one store's changes to a plugin, merged by name onto the plugin's own YAML before it is compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from core.language.source import KeyPath, YamlNode, dotted
from core.model.errors import Problem, Text

Path = tuple[str | int, ...]

_FREE = ("views", "scenarios", "samples")  # proofs and pages are the store's own
_HEAD = ("plugin", "version", "extends", "label", "requires")
_ALLOWED = Text(
    "a store may change setting defaults, labels, views, samples and scenarios",
    "门店只能更改设置默认值、名称、视图、样例和场景",
)


def overlay(base: YamlNode, change: YamlNode) -> YamlNode:
    """Return ``base`` with ``change`` merged in by name; ``null`` removes, lists are replaced whole."""
    if not isinstance(base.value, Mapping) or not isinstance(change.value, Mapping):
        return change
    merged = dict(base.value)
    for key, node in change.value.items():
        if node.value is None and not _means_null(key):
            merged.pop(key, None)
        elif key in merged:
            merged[key] = overlay(merged[key], node)
        else:
            merged[key] = node
    return YamlNode(merged, base.spot, base.key_spot)


def overlay_problems(base: YamlNode, change: YamlNode) -> tuple[Problem, ...]:
    """Return what the overlay changes and may not change."""
    return tuple(_forbidden(base, change, ()))


def _means_null(key: str) -> bool:
    """Whether null is a value here: a setting that is made blank again."""
    return key == "default"


def _forbidden(base: YamlNode, change: YamlNode, path: Path) -> Iterator[Problem]:
    if not isinstance(change.value, Mapping):
        return
    for key, node in change.value.items():
        here = (*path, key)
        if here[0] in _FREE or (len(here) == 1 and key in _HEAD):
            continue
        if len(here) == 3 and here[0] == "settings":
            yield from _setting(base, node, here)
        elif not _is_label(base, node, here):
            below = base.at(here) if base.at(here) is not base.at(path) else None
            if below is None or not isinstance(node.value, Mapping):
                yield _problem(
                    "overlay-forbidden",
                    f"a store may not change `{dotted(here)}`",
                    f"门店不能更改 `{dotted(here)}`",
                    node,
                    here,
                    _ALLOWED,
                )
            else:
                yield from _forbidden(base, node, here)


def _setting(base: YamlNode, node: YamlNode, path: Path) -> Iterator[Problem]:
    setting = base.at(path[:2])
    name, key = path[1], path[2]
    if key == "default" and setting.at(("lock",)).value == "hq" and "lock" in setting.keys():  # noqa: SIM118
        fix = Text("headquarters has locked it", "该设置由总部锁定")
        yield _problem(
            "setting-locked", f"a store may not change `{name}`", f"门店不能更改设置 `{name}`", node, path, fix
        )
    elif key not in ("default", "label"):
        yield _problem(
            "overlay-forbidden",
            f"a store may change only the default of `{name}`",
            f"门店只能更改 `{name}` 的默认值",
            node,
            path,
            _ALLOWED,
        )


def _is_label(base: YamlNode, node: YamlNode, path: KeyPath) -> bool:
    """Whether the change is one of words only: a label, or the name of a state or an option that is there."""
    if path[-1] == "label":
        return True
    if not isinstance(node.value, Mapping) or set(node.value) - {"en", "zh"} or not node.value:
        return False
    there = base.at(path[:-1])
    return path[-1] in there.keys() and len(path) > 1 and path[-2] in ("states", "of")  # noqa: SIM118


def _problem(code: str, en: str, zh: str, node: YamlNode, path: KeyPath, fix: Text) -> Problem:
    return Problem(code, Text(en, zh), fix, replace(node.key_spot or node.spot, path=dotted(path)))
