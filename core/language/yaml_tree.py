"""YAML as a tree that knows where every key and value stands.

YAML 1.2 scalars only: ``true`` and ``false``, ``null``, numbers. What editors and other tools would read
differently is refused instead of guessed: duplicate keys, anchors, tags, unquoted clock times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import yaml

from core.model.errors import DefinitionError, Place, Problem, Text

KeyPath = Sequence[str | int]
Scalar = str | int | Decimal | bool | None

DEPTH_MAX = 40
DIGITS_MAX = 40  # far more than any shop counts; Python refuses to read thousands

_WORDS: Mapping[str, Scalar] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)")  # no exponents: no rule of a shop needs them
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_CLOCK = re.compile(r"(\d{4}-\d\d-\d\d[ T])?\d{1,2}:\d{2}(:\d{2})?(\s*-\s*\d{1,2}:\d{2})?")

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlNode:
    """One value of a YAML file, its place, and (inside a mapping) the place of its key."""

    value: Mapping[str, YamlNode] | Sequence[YamlNode] | Scalar
    spot: Place
    key_spot: Place | None = None
    quoted: bool = False

    def plain(self) -> object:
        """Return the value without places: dict, list, str, int, Decimal, bool or None."""
        if isinstance(self.value, Mapping):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, Sequence) and not isinstance(self.value, str):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, path: KeyPath) -> YamlNode:
        """Return the node at ``path``, or the nearest node above it when the path ends earlier."""
        node = self
        for step in path:
            below = node._step(step)
            if below is None:
                break
            node = below
        return node

    def has(self, path: KeyPath) -> bool:
        """Return whether something stands at ``path``."""
        node: YamlNode | None = self
        for step in path:
            node = node._step(step) if node else None
        return node is not None

    def place(self, path: KeyPath = ()) -> Place:
        """Return where the value at ``path`` stands."""
        return _with_path(self.at(path).spot, path)

    def key_place(self, path: KeyPath) -> Place:
        """Return where the key at the end of ``path`` stands (for a list item, the item)."""
        node = self.at(path)
        return _with_path(node.key_spot or node.spot, path)

    def text_place(self, path: KeyPath, skip: int = 0) -> Place:
        """Return where the characters of the text at ``path`` begin, ``skip`` characters in."""
        node = self.at(path)
        return Place(node.spot.file, node.spot.line, node.spot.column + node.quoted + skip, dotted(path))

    def keys(self) -> tuple[str, ...]:
        """Return the keys of a mapping, or nothing."""
        return tuple(self.value) if isinstance(self.value, Mapping) else ()

    def _step(self, step: str | int) -> YamlNode | None:
        if isinstance(self.value, Mapping):
            return self.value.get(str(step))
        if isinstance(step, int) and isinstance(self.value, list | tuple) and step < len(self.value):
            node = self.value[step]
            assert isinstance(node, YamlNode)
            return node
        return None


def _with_path(spot: Place, path: KeyPath) -> Place:
    return Place(spot.file, spot.line, spot.column, dotted(path))


def dotted(path: KeyPath) -> str:
    """Return ``records.booking.actions.arrive.outcomes[0].when`` for a path of keys and positions."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def steps_of(text: str) -> tuple[str | int, ...]:
    """Return the path of keys and positions that ``dotted`` wrote as one text."""
    return tuple(int(step[1:-1]) if step.startswith("[") else step for step in re.findall(r"\[\d+\]|[^.\[\]]+", text))


def parse_yaml(text: str, file: str) -> YamlNode:
    """Read YAML text; ``file`` is the name used in places. Raises like ``load_yaml``."""
    builder = _Builder(file)
    root = builder.build(text)
    if builder.problems:
        raise DefinitionError(tuple(builder.problems))
    return root


class _Builder:
    """Builds the tree from the parser's events, which still know the place of everything."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._events: Iterator[yaml.Event] = iter(())

    def build(self, text: str) -> YamlNode:
        nothing = YamlNode({}, Place(self.file, 1, 1))
        try:
            self._events = iter(self._checked(yaml.parse(text, Loader=_Loader)))
            next(self._events)  # the stream begins
            if isinstance(next(self._events), yaml.StreamEndEvent):
                return nothing
            root = self._node(next(self._events), (), None)
            next(self._events)  # the document ends
            after = next(self._events)
        except yaml.YAMLError as error:
            self.problems.append(self._syntax(error))
            return nothing
        if not isinstance(after, yaml.StreamEndEvent):
            self._fault("several-documents", after, (), "one file holds one document", "一个文件只能有一个 YAML 文档")
        return root

    def _checked(self, events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
        """Pass the events on; report anchors and tags where they stand."""
        for event in events:
            if isinstance(event, yaml.NodeEvent) and event.anchor is not None:
                self._fault(
                    "yaml-anchor",
                    event,
                    (),
                    "anchors and aliases are not used in plugins",
                    "插件中不使用锚点和别名",
                    Text("write the value out", "请直接写出该值"),
                )
            if getattr(event, "tag", None) not in (None, "!"):
                self._fault(
                    "yaml-tag",
                    event,
                    (),
                    "tags are not used in plugins",
                    "插件中不使用标签",
                    Text("remove the tag; put text in quotes", "请删除标签；文本加引号即可"),
                )
            yield event

    def _node(self, event: yaml.Event, path: tuple[str | int, ...], key_spot: Place | None) -> YamlNode:
        if len(path) > DEPTH_MAX:
            self._fault("yaml-too-deep", event, path, f"more than {DEPTH_MAX} levels deep", f"嵌套超过 {DEPTH_MAX} 层")
            raise yaml.YAMLError("too deep")
        spot = self._spot(event)
        if isinstance(event, yaml.MappingStartEvent):
            return YamlNode(self._mapping(path), spot, key_spot)
        if isinstance(event, yaml.SequenceStartEvent):
            return YamlNode(self._sequence(path), spot, key_spot)
        if isinstance(event, yaml.ScalarEvent):
            quoted = event.style in ("'", '"')
            plain = not quoted and event.style not in ("|", ">")
            return YamlNode(self._scalar(event, path) if plain else event.value, spot, key_spot, quoted)
        return YamlNode(None, spot, key_spot)  # an alias, already reported

    def _mapping(self, path: tuple[str | int, ...]) -> Mapping[str, YamlNode]:
        found: dict[str, YamlNode] = {}
        while not isinstance(key := next(self._events), yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                self._fault("yaml-key", key, path, "a key is a single word", "键必须是单个词")
                name = "?"
                if not isinstance(key, yaml.AliasEvent):
                    self._node(key, (*path, name), None)
            else:
                name = key.value
            spot = self._spot(key)
            node = self._node(next(self._events), (*path, name), spot)
            if name in found:
                first = found[name].key_spot
                self._fault(
                    "duplicate-key",
                    key,
                    (*path, name),
                    f"`{name}` stands twice, first at {first}",
                    f"`{name}` 重复，首次出现在 {first}",
                )
            elif name == "<<":
                self._fault("yaml-anchor", key, path, "merge keys are not used in plugins", "插件中不使用合并键")
            else:
                found[name] = node
        return found

    def _sequence(self, path: tuple[str | int, ...]) -> Sequence[YamlNode]:
        items: list[YamlNode] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), None))
        return items

    def _scalar(self, event: yaml.ScalarEvent, path: tuple[str | int, ...]) -> Scalar:
        text: str = event.value
        if text in _WORDS:
            return _WORDS[text]
        if _CLOCK.fullmatch(text):
            self._fault(
                "unquoted-time",
                event,
                path,
                f"the time {text} is not in quotes",
                f"时间 {text} 未加引号",
                Text(f'write "{text}"', f'请写成 "{text}"'),
            )
        elif _LEADING_ZERO.fullmatch(text):
            self._fault(
                "leading-zero",
                event,
                path,
                f"{text} would lose its leading zero",
                f"{text} 会丢失前导零",
                Text(f'write "{text}"', f'请写成 "{text}"'),
            )
        elif _INT.fullmatch(text):
            if len(text) <= DIGITS_MAX:
                return int(text)
            self._fault(
                "number-too-long",
                event,
                path,
                f"a number has at most {DIGITS_MAX} digits",
                f"数字最多 {DIGITS_MAX} 位",
                Text("put it in quotes if it is text", "若为文本，请加引号"),
            )
        elif _FLOAT.fullmatch(text):
            return Decimal(text)
        return text

    def _spot(self, event: yaml.Event) -> Place:
        """Return where an event stands; its path is worked out when somebody asks: most values are never wrong."""
        mark = event.start_mark
        assert mark is not None
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _fault(self, code: str, event: yaml.Event, path: KeyPath, en: str, zh: str, fix: Text | None = None) -> None:
        self.problems.append(Problem(code, Text(en, zh), fix, _with_path(self._spot(event), path)))

    def _syntax(self, error: yaml.YAMLError) -> Problem:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        place = Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1)
        fix = Text(
            "check indentation and brackets; inside [ ] or { } quote what has a comma, bracket or colon",
            "请检查缩进和括号；在 [ ] 或 { } 内，含逗号、括号或冒号的内容须加引号",
        )
        return Problem("yaml-syntax", Text(f"not valid YAML: {what}", f"YAML 语法错误：{what}"), fix, place)
