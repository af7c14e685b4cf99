"""Every way to break a plugin's YAML in one place: the texts of its rules, its figures, its roles, its steps.

Left alone is what no scenario could notice, because it only shows between nodes or on a page: labels and messages,
merge policies, ``sync``, ``lock``, views, guidance.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from core.language.definition import EVERYONE, SYSTEM
from core.language.mutants.bounds import apart
from core.language.mutants.mutant import Mutant
from core.language.mutants.timed import never_entered, only_timed
from core.language.mutants.wording import rewordings
from core.language.yaml_tree import YamlNode
from core.model.errors import Text

Path = tuple[str | int, ...]

SECTIONS = (
    "settings", "calendar", "roles", "records", "ledgers", "dispatch", "scorecards", "notices", "reports",
)  # fmt: skip
_WORDS = {"label", "message", "why", "text", "refuse", "cite", "states", "of", "merge", "sync", "number", "lock",
          "unit", "digits", "excel", "reveal", "type", "account"}  # fmt: skip
_CONDITIONS = {"when", "where", "while", "rule", "key"}
_NAMED = {"checks", "set", "post", "create", "update", "void", "restore", "pick", "eligible", "exclusive", "timers"}
_LISTED = {"outcomes", "prefer", "remind", "off", "work"}
_ROLES = {"by", "to", "confirm", "notice", "hide", "mask", "from"}
_OPTIONAL = {"where", "required", "unique", "min", "max", "at", "deputy", "confirm", "delete", "undelete", "excludes",
             "mask", "holidays", "default_from"}  # fmt: skip
_TURNS: Mapping[str, Mapping[object, str]] = {
    "level": {"warn": "error"},
    "empty": {"skip": "zero", "zero": "full", "full": "skip"},
    "first": {"least": "most", "most": "least"},
}
_SPAN = re.compile(r"(\d+)(ms|mo|bd|[smhdwy])")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)((?::\d\d)?)")

_DROPPED = Text("dropped", "删除")


def mutants_of(root: YamlNode) -> Iterator[Mutant]:
    """Yield every mutant of a plugin, in the order of its YAML."""
    for section in SECTIONS:
        if root.has((section,)):
            yield from _below(root, root.at((section,)), (section,))


def _below(root: YamlNode, node: YamlNode, path: Path) -> Iterator[Mutant]:
    if isinstance(node.value, Mapping):
        for key, child in node.value.items():
            if key not in _WORDS or len(path) == 1 or _is_name((*path, key)):
                yield from _at(root, child, (*path, key), key)
    elif isinstance(node.value, list | tuple):
        for index, child in enumerate(node.value):
            yield from _at(root, child, (*path, index), path[-1])


def _at(root: YamlNode, node: YamlNode, path: Path, key: str | int) -> Iterator[Mutant]:
    """Yield the ways to break what stands at ``path``, then those below it."""
    if isinstance(key, str) and isinstance(path[-1], str) and not _is_name(path):
        yield from _key_broken(root, node, path, key)
    if _removable(root, path):
        yield _mutant(root, path, None, _DROPPED)
    if isinstance(node.value, str):
        yield from _text_broken(root, node, path, str(key))
    elif isinstance(node.value, list | tuple):
        yield from _list_broken(root, node, path, str(key))
    elif not isinstance(node.value, Mapping):
        yield from _figure_broken(root, node, path, str(key))
    yield from _below(root, node, path)


# --- keys


def _key_broken(root: YamlNode, node: YamlNode, path: Path, key: str) -> Iterator[Mutant]:
    """Yield what can be done to a key as a whole: left out, turned, opened to everybody."""
    spared = (key == "where" and isinstance(node.value, bool)) or (key == "required" and never_entered(root, path))
    if key in _OPTIONAL and not spared:
        yield _mutant(root, path, _hidden_mask(node, path), _DROPPED)
    if key in _TURNS and isinstance(node.value, str) and node.value in _TURNS[key]:
        new = _TURNS[key][node.value]
        yield _mutant(root, path, replace(node, value=new), _changed(node.value, new))
    if key == "by" and path[0] == "records" and SYSTEM not in _names(node) and EVERYONE not in _names(node):
        names = [*_names(node), EVERYONE]
        new_node = replace(node, value=[YamlNode(name, node.spot) for name in names])
        yield _mutant(root, path, new_node, Text("anybody may", "任何人均可"))
    if key == "read" and isinstance(node.value, Mapping) and EVERYONE not in node.value:
        opened = replace(node, value={**node.value, EVERYONE: YamlNode({}, node.spot)})
        yield _mutant(root, path, opened, Text("anybody may read it all", "任何人均可查看全部"))
    action_from = key == "from" and len(path) == 5 and path[2] == "actions"
    if action_from and "new" not in _names(node) and not only_timed(root, path):
        yield _mutant(root, path, None, Text("from any state", "任何状态均可"))
    if (
        key == "to"
        and path[0] == "records"
        and isinstance(node.value, str)
        and (other := _other_state(root, path, node.value))
    ):
        yield _mutant(root, path, replace(node, value=other), _changed(node.value, other))


def _hidden_mask(node: YamlNode, path: Path) -> YamlNode | None:
    """A field's mask is not left out, which the loader would notice for a phone, but says that nothing is hidden."""
    return replace(node, value="none") if path[-1] == "mask" and "fields" in path else None


def _removable(root: YamlNode, path: Path) -> bool:
    """Whether what stands at ``path`` is one of several that belong to a rule and can be left out by itself."""
    if len(path) < 3:
        return False
    parent = root.at(path[:-1])
    many = len(parent.value) > 1 if isinstance(parent.value, Mapping | list | tuple) else False
    if isinstance(path[-1], int):
        return path[-2] in _LISTED | _ROLES and (many or path[-2] in ("remind", "notice", "off", "work"))
    if path[-2] == "read" and path[0] != "roles":
        return many
    if path[-2] == "items" and path[0] == "scorecards":
        return False  # the weights would not be 100: the loader notices
    return path[-2] in _NAMED and not _is_name(path[:-1])


def _is_name(path: Path) -> bool:
    """Whether the last key is a name somebody gave (a field may be called ``at``), not a word of the language."""
    return len(path) > 1 and path[-2] in ("fields", "set", "with", "settings", "records", "actions", "checks", "timers",
                                          "roles", "notices", "ledgers", "dispatch", "scorecards", "eligible",
                                          "exclusive", "items", "parts", "ask")  # fmt: skip


# --- texts


def _text_broken(root: YamlNode, node: YamlNode, path: Path, key: str) -> Iterator[Mutant]:
    text = str(node.value)
    named = _is_name(path)
    if text.startswith("="):
        yield from _rule_broken(root, node, path, "=", text[1:])
        if key == "due":
            yield from _shifted(root, node, path, text[1:])
    elif (key in _CONDITIONS and not named) and isinstance(path[-1], str):
        yield from _rule_broken(root, node, path, "", text)
    elif key == "notice" and isinstance(path[-1], str):
        yield _mutant(root, path, None, _DROPPED)
    elif span := _SPAN.fullmatch(text):
        for figure in (int(span[1]) + 1, int(span[1]) - 1):
            if figure >= 0 and key not in ("min", "max", "keep"):
                yield _said(root, node, path, f"{figure}{span[2]}")
    elif key in ("default", "day_starts", "is") and (clock := _CLOCK.fullmatch(text)):
        minutes = int(clock[1]) * 60 + int(clock[2])
        for moved in (minutes + 1, minutes - 1):
            yield _said(root, node, path, f"{moved // 60 % 24:02d}:{moved % 60:02d}{clock[3]}")
    elif key == "default" and path[0] == "settings" and (other := _other_option(root, path, text)):
        yield _said(root, node, path, other)


def _rule_broken(root: YamlNode, node: YamlNode, path: Path, lead: str, text: str) -> Iterator[Mutant]:
    for each in rewordings(text):
        what = Text(f"`{each.was}` -> `{each.now}`", f"`{each.was}` -> `{each.now}`")
        yield _mutant(root, path, replace(node, value=lead + each.text), what)


def _shifted(root: YamlNode, node: YamlNode, path: Path, text: str) -> Iterator[Mutant]:
    for sign, words in (("+", Text("a minute later", "晚一分钟")), ("-", Text("a minute earlier", "早一分钟"))):
        yield _mutant(root, path, replace(node, value=f"=({text}) {sign} 1m"), words)


# --- lists and figures


def _list_broken(root: YamlNode, node: YamlNode, path: Path, key: str) -> Iterator[Mutant]:
    """Yield the lists in which two neighbours have changed places, where the first match wins."""
    assert isinstance(node.value, list | tuple)
    items = list(node.value)
    rows = key in ("outcomes", "prefer") or all(
        isinstance(each.value, Mapping) and "is" in each.value for each in items
    )
    if not rows:
        return
    for index in range(len(items) - 1):
        if apart(items[index], items[index + 1]):
            continue  # whichever is asked first, it comes to the same
        swapped = [*items[:index], items[index + 1], items[index], *items[index + 2 :]]
        words = Text(f"rows {index} and {index + 1} swapped", f"第 {index} 行与第 {index + 1} 行互换")
        yield replace(_mutant(root, path, replace(node, value=swapped), words), place=root.place((*path, index)))
    if key not in ("outcomes", "prefer") and len(items) > 1:
        for index in range(len(items)):
            yield _mutant(root, (*path, index), None, _DROPPED)


def _figure_broken(root: YamlNode, node: YamlNode, path: Path, key: str) -> Iterator[Mutant]:
    value = node.value
    if isinstance(value, bool):
        if key in ("default", "is") or path[-2] in ("set", "with"):
            yield _said(root, node, path, not value)
    elif isinstance(value, int | Decimal) and key not in ("digits", "bands"):
        if key == "weight":
            return  # the weights would not be 100: the loader notices
        step = Decimal(1).scaleb(int(value.as_tuple().exponent)) if isinstance(value, Decimal) else 1
        yield _said(root, node, path, value + step)
        if key == "default" and value:
            yield _said(root, node, path, value - step)


# --- what is needed everywhere


def _mutant(root: YamlNode, path: Path, node: YamlNode | None, what: Text) -> Mutant:
    return Mutant(path, node, what, root.key_place(path))


def _said(root: YamlNode, node: YamlNode, path: Path, new: str | int | Decimal | bool) -> Mutant:
    return replace(_mutant(root, path, replace(node, value=new), _changed(node.value, new)), place=root.place(path))


def _changed(was: object, now: object) -> Text:
    said = f"`{_plain(was)}` -> `{_plain(now)}`"
    return Text(said, said)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _names(node: YamlNode) -> list[str]:
    plain = node.plain()
    return [str(one) for one in plain] if isinstance(plain, list) else [str(plain)]


def _other_state(root: YamlNode, path: Path, state: str) -> str | None:
    """Return the state that stands after ``state`` in its record, round the corner; None when there is no other."""
    states = list(root.at((*path[:2], "states")).keys()) if root.has((*path[:2], "states")) else []
    if state not in states or len(states) < 2 or "update" in path:
        return None
    return states[(states.index(state) + 1) % len(states)]


def _other_option(root: YamlNode, path: Path, option: str) -> str | None:
    here = (*path[:2], "of")
    options = list(root.at(here).keys()) if root.has(here) else []
    if option not in options or len(options) < 2:
        return None
    return options[(options.index(option) + 1) % len(options)]
