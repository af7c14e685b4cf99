"""All plugins that are running, as one immutable snapshot; a request in flight keeps the one it started with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from core.host.discovery import CORE
from core.language.definition import Action, Field, Plugin, RecordType, Rule
from core.model.errors import CitedRule, DefinitionError, Language, NotFound, Place, Problem, Text, suggest

if TYPE_CHECKING:
    from core.language.expressions.functions import Functions
    from core.model.fields import Fields

_MERGED = ("fields", "states", "actions", "timers", "exclusive", "alike")  # the named parts an addition may bring


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a plugin, or its newest version, is not running. ``kept_version`` is the version that runs instead."""

    plugin: str
    folder: Path | None
    problems: tuple[Problem, ...]
    kept_version: str | None = None


@dataclass(frozen=True, slots=True)
class Catalog:
    """What is running: plugins by name, record types by ``plugin.record`` with all additions merged in.

    ``revision`` changes whenever anything that runs has changed, and only then.
    """

    plugins: Mapping[str, Plugin]
    records: Mapping[str, RecordType]
    faults: tuple[Fault, ...]
    revision: str
    functions: Functions
    fields: Fields
    holiday_sources: Mapping[str, Any] = field(default_factory=dict)

    def plugin(self, name: str) -> Plugin:
        """Return a running plugin; NotFound with the nearest name otherwise."""
        if name in self.plugins:
            return self.plugins[name]
        what = Text(f"no plugin `{name}` is running", f"没有运行中的插件 `{name}`")
        raise NotFound((Problem("no-such-plugin", what, fix=suggest(name, self.plugins)),))

    def record(self, plugin: str, name: str) -> RecordType:
        """Return the plugin's record type, or core's of that name; NotFound with the nearest name otherwise."""
        for key in (f"{plugin}.{name}", f"{CORE}.{name}"):
            if key in self.records:
                return self.records[key]
        self.plugin(plugin)
        own = [record.name for record in self.records.values() if record.plugin in {plugin, CORE}]
        what = Text(f"`{plugin}` has no record type `{name}`", f"`{plugin}` 没有记录类型 `{name}`")
        raise NotFound((Problem("no-such-record-type", what, fix=suggest(name, own)),))

    def rule(self, plugin: str, number: str) -> Rule | None:
        """Return a rule that a plugin cites: from its own rule book or from one of a plugin it requires."""
        found = self.plugins.get(plugin)
        for name in (plugin, *(found.requires if found else ())):
            if name in self.plugins and number in self.plugins[name].rules:
                return self.plugins[name].rules[number]
        return None

    def cited(self, plugin: str, numbers: Iterable[str]) -> tuple[CitedRule, ...]:
        """Return the rules of some numbers that a plugin cites, each once, with their words where there are any."""
        found = []
        for number in dict.fromkeys(numbers):
            rule = self.rule(plugin, number)
            found.append(CitedRule(number, rule.mark, rule.text) if rule else CitedRule(number))
        return tuple(found)

    def rules_in_words(self, plugin: str, numbers: Iterable[str], language: Language) -> list[dict[str, str | None]]:
        """Return cited rules as plain data: number, mark and words."""
        return [rule.say(language) for rule in self.cited(plugin, numbers)]


def revision_of(plugins: Iterable[Plugin]) -> str:
    """Return one digest of everything that runs."""
    digest = blake2b(digest_size=8)
    for plugin in sorted(plugins, key=lambda each: each.name):
        digest.update(f"{plugin.name}\0{plugin.version}\0{plugin.digest}\0".encode())
    return digest.hexdigest()


def add_plugin(records: Mapping[str, RecordType], plugin: Plugin) -> Mapping[str, RecordType]:
    """Return the record types with a plugin's own and its additions; DefinitionError names every clash.

    The plugin that comes later is at fault: what already runs is not taken away by a newcomer.
    """
    merged, problems = dict(records), []
    tables = {record.table.lower(): record for record in records.values()}
    for record in plugin.records.values():
        if record.table.lower() in tables:
            problems.append(_same_table(record, tables[record.table.lower()]))
        merged[record.key] = record
    for key, addition in plugin.additions.items():
        base = merged.get(key)
        if base is None:
            problems.append(_nothing_to_extend(key, addition, merged))
        else:
            merged[key], clashes = _extended(base, addition, plugin.name)
            problems += clashes
    if problems:
        raise DefinitionError(tuple(problems))
    return merged


def _extended(base: RecordType, addition: RecordType, owner: str) -> tuple[RecordType, list[Problem]]:
    """Return ``base`` with the parts of ``addition``; where both have a name they must agree, and the first stays."""
    changes: dict[str, Any] = {}
    problems = []
    for part in _MERGED:
        have, new = getattr(base, part), getattr(addition, part)
        problems += [
            _clash(base, part, name, new[name])
            for name in new.keys() & have.keys()
            if not _agree(have[name], new[name])
        ]
        kept = {name: _both(each, new.get(name)) for name, each in have.items()}  # first: it stands first on pages
        added = {name: _owned(each, owner) for name, each in new.items() if name not in have}
        changes[part] = MappingProxyType({**kept, **added})
    if addition.read is not None:  # rules for more roles; nobody loosens what the record's own plugin says of a role
        changes["read"] = MappingProxyType({**addition.read, **(base.read or {})})
    return replace(base, **changes), problems


def _owned(part: Any, owner: str) -> Any:
    """Return what is added with the name of the plugin that adds it: its own settings and notices count there."""
    return replace(part, owner=owner) if isinstance(part, Field | Action) else part


def _both(have: object, new: object) -> Any:
    """Return what stands when an addition repeats a name: the first; an enum with the options of both, an action with
    the roles of both.
    """
    if not _same_place(have, new):
        return have
    if isinstance(have, Field) and isinstance(new, Field) and have.spec.options is not None:
        options = {**have.spec.options, **(new.spec.options or {})}
        return replace(have, spec=replace(have.spec, options=options))
    if isinstance(have, Action) and isinstance(new, Action):
        return replace(have, by=tuple(dict.fromkeys((*have.by, *new.by))))
    return have


def _same_place(have: object, new: object) -> bool:
    """Return whether an addition widens what it found: it then still stands where it was first written."""
    return isinstance(have, Field | Action) and isinstance(new, Field | Action) and have.place == new.place


def _agree(have: object, new: object) -> bool:
    """Return whether two plugins may both define this: states of one name are one state, fields must be of one type."""
    if _same_place(have, new):
        return True
    if isinstance(have, Field) and isinstance(new, Field):
        return have.spec == new.spec and getattr(have.value, "text", None) == getattr(new.value, "text", None)
    return isinstance(have, Text)


def _clash(base: RecordType, part: str, name: str, new: object) -> Problem:
    what = Text(
        f"`{base.name}.{name}` is already defined differently in {part} by another plugin",
        f"`{base.name}.{name}` 已由其他插件在 {part} 中作不同定义",
    )
    fix = Text("give it another name, or define it the same way", "改用其他名称，或与其定义一致")
    place = getattr(new, "place", None)
    return Problem("addition-clash", what, fix=fix, place=place if isinstance(place, Place) else None)


def _same_table(record: RecordType, other: RecordType) -> Problem:
    what = Text(
        f"`{record.key}` and `{other.key}` would share the table `{record.table}`",
        f"`{record.key}` 与 `{other.key}` 会共用数据表 `{record.table}`",
    )
    return Problem("table-clash", what, fix=Text("rename the record type", "请更改记录类型名称"), place=record.place)


def _nothing_to_extend(key: str, addition: RecordType, records: Iterable[str]) -> Problem:
    what = Text(f"there is no record type `{key}` to add to", f"没有可扩展的记录类型 `{key}`")
    return Problem("nothing-to-extend", what, fix=suggest(key, records), place=addition.place)
