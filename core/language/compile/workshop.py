"""What every part of the compiler works with: the source, the names in reach and the problems found so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from core.language.compile.reach import Reach
from core.language.definition import EVERYONE, SYSTEM, State
from core.language.expressions import STANDARD_NAMES, Aggregate, Expression, NameScope
from core.language.expressions.functions import Functions
from core.language.manifest import Manifest, StateShape, TextShape
from core.language.source import KeyPath, YamlNode
from core.model.errors import DefinitionError, Problem, Text, one_of, suggest
from core.model.fields import Fields, FieldSpec
from core.model.kinds import Kind

Recipe = Callable[[str], Expression]

# What other languages call it, where no likeness helps.
_ALIASES = {
    "string": "text", "str": "text", "integer": "int", "number": "decimal", "float": "decimal", "boolean": "bool",
    "currency": "money", "timestamp": "datetime", "reference": "ref", "link": "ref", "photo": "image", "choice": "enum",
    "select": "enum", "object": "map", "array": "list", "attachment": "file", "employee": "staff", "person": "staff",
    "user": "staff",
}  # fmt: skip

ZONE = ZoneInfo("Asia/Shanghai")  # C-2; only literals with a clock time in them need it


@dataclass(slots=True)
class Workshop:
    """One plugin on the bench. ``owner`` is the plugin its records belong to: its own name, or its overlay's base."""

    root: YamlNode
    manifest: Manifest
    owner: str
    reach: Reach
    functions: Functions
    fields: Fields
    problems: list[Problem] = field(default_factory=list)
    wheres: list[Expression | Aggregate] = field(default_factory=list)  # what the database must answer
    settings: dict[str, FieldSpec] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)  # path -> compiles another text as if it stood there
    _knobs: Kind | None = None  # the kind of `settings`, made once: every rule asks for it

    def fault(self, code: str, en: str, zh: str, path: KeyPath, fix: Text | None = None) -> None:
        """Note a problem with the value at ``path``."""
        self.problems.append(Problem(code, Text(en, zh), fix, self.root.place(path)))

    def key_fault(self, code: str, en: str, zh: str, path: KeyPath, fix: Text | None = None) -> None:
        """Note a problem with the key at ``path``."""
        self.problems.append(Problem(code, Text(en, zh), fix, self.root.key_place(path)))

    def warn(self, code: str, en: str, zh: str, path: KeyPath, fix: Text | None = None) -> None:
        """Note what works but should be mended."""
        self.problems.append(Problem(code, Text(en, zh), fix, self.root.key_place(path), level="warn"))

    def enter_setting(self, name: str, spec: FieldSpec) -> None:
        """Let every rule that is compiled from now on use a setting."""
        self.settings[name] = spec
        self._knobs = None

    def collect(self, error: DefinitionError) -> None:
        """Note the problems another part of the language found."""
        self.problems.extend(error.problems)

    def known(self, word: str, words: Iterable[str], what: Text, path: KeyPath, code: str) -> bool:
        """Whether ``word`` is one of ``words``; if not, note it with the nearest one."""
        words = list(words)
        if word in words:
            return True
        fix = suggest(word, words) or _otherwise(word, words)
        if fix is None and 0 < len(words) <= 12:
            fix = one_of(words)
        self.fault(code, f"unknown {what.en} `{word}`", f"未知的{what.zh} `{word}`", path, fix)
        return False

    def known_role(self, role: str, path: KeyPath) -> bool:
        """Whether the role is one of this plugin, a required one or core; ``system`` and ``everyone`` always are."""
        return role in (SYSTEM, EVERYONE) or self.known(
            role, self.reach.roles, Text("role", "岗位"), path, "unknown-role"
        )

    def label(self, shape: TextShape | None, path: KeyPath, *, needed: bool) -> Text:
        """Return a label; without one, say so and take the key itself."""
        if shape is not None:
            return Text(shape.en, shape.zh)
        word = str(path[-1]).replace("_", " ").capitalize()
        fix = Text("add label: {en: …, zh: …}", "请补 label: {en: …, zh: …}")
        if needed:
            self.key_fault("label-missing", f"`{path[-1]}` has no label", f"`{path[-1]}` 没有名称", path, fix)
        else:
            self.warn(
                "label-derived",
                f"`{path[-1]}` has no label; pages show the key",
                f"`{path[-1]}` 没有名称，页面将显示键名",
                path,
                fix,
            )
        return Text(word, word)

    def scope(
        self, names: Mapping[str, Kind] | None = None, own: str | None = None, empty: Iterable[str] = ()
    ) -> NameScope:
        """Return the names every rule has (me now today period store settings) and the ones given.

        A blank setting is no mistake of the rule that uses it: it makes the rule inactive (C-11). So
        settings are never reported as perhaps empty.
        """
        if self._knobs is None:
            self._knobs = Kind("map", parts=tuple((name, spec.static) for name, spec in self.settings.items()))
        everywhere = {**STANDARD_NAMES, "settings": self._knobs, **(names or {})}
        return NameScope(everywhere, self.reach.shapes, own, frozenset(empty), self.reach.words)


def state_of(shape: StateShape) -> State:
    """Return a state."""
    return State(shape.en, shape.zh, shape.over, shape.steady)


def text_of(shape: TextShape) -> Text:
    """Return a bilingual text."""
    return Text(shape.en, shape.zh)


def _otherwise(word: str, known: Iterable[str]) -> Text | None:
    meant = _ALIASES.get(word, "")
    return Text(f"did you mean `{meant}`?", f"是否为 `{meant}`？") if meant in known else None
