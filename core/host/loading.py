"""From folders to the next generation: everything is built beside what runs, and nothing that runs is touched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from types import MappingProxyType, ModuleType

import pluggy

from core.host import hookspecs
from core.host.catalog import Catalog, Fault, add_plugin, revision_of
from core.host.discovery import Found, in_order, missing
from core.host.hook_module import import_hooks, register
from core.host.vocabulary import Vocabulary, unknown_holidays, vocabulary
from core.host.watchdog import Watchdog
from core.language.compile import compile_plugin
from core.language.definition import Plugin, RecordType
from core.model.errors import DefinitionError, NodeError, Problem, Text


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A plugin that is running, as pluggy knows it: the compiled YAML and the hooks.py beside it.

    ``key`` covers its files, its overlay's and those of all it requires: equal keys mean that compiling again would
    change nothing. ``overlay`` is the version of the store's overlay that is merged in.
    """

    plugin: Plugin
    hooks: ModuleType | None
    key: str
    found: Found
    overlay: str | None = None


@dataclass(frozen=True, slots=True)
class Generation:
    """One immutable state of the host: the catalog, the hooks that go with it, the bundles it was made of."""

    catalog: Catalog
    manager: pluggy.PluginManager
    bundles: Mapping[str, Bundle]


def new_manager() -> pluggy.PluginManager:
    """Return a plugin manager that knows the hooks and has no plugins; each generation has its own."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


@dataclass
class Loader:
    """Builds one generation. ``installed`` are pluggy plugins by name; ``previous`` lends its last good versions."""

    installed: Mapping[str, object]
    previous: Generation | None = None
    faults: list[Fault] = field(default_factory=list)
    bundles: dict[str, Bundle] = field(default_factory=dict)
    records: Mapping[str, RecordType] = field(default_factory=dict)
    manager: pluggy.PluginManager = field(default_factory=new_manager)
    overlays: Mapping[str, Found] = field(default_factory=dict)  # plugin -> this store's overlay of it
    known: frozenset[str] = frozenset()
    watchdog: Watchdog | None = None

    def load(self, found: Sequence[Found]) -> Generation:
        """Compile what has changed, keep the last good version of what is faulty, and return the whole."""
        self.overlays = {each.extended: each for each in found if each.extended and not each.problems}
        self.known = frozenset(each.name for each in found)
        self._register_installed()
        running = self.previous.bundles.keys() if self.previous else ()
        for each in in_order([each for each in found if not each.extended or each.problems], running):
            self._add(each)
        self._report_left_overlays()
        plugins = {name: bundle.plugin for name, bundle in self.bundles.items()}
        words = self._vocabulary(set(self.bundles))
        catalog = Catalog(
            MappingProxyType(plugins),
            MappingProxyType(dict(self.records)),
            tuple(self.faults),
            revision_of(plugins.values()),
            words.functions,
            words.fields,
            MappingProxyType(dict(words.holidays)),
        )
        if self.watchdog is not None:
            self.watchdog.guard(self.manager)
        return Generation(catalog, self.manager, MappingProxyType(self.bundles))

    def _register_installed(self) -> None:
        for name, plugin in self.installed.items():
            try:
                register(self.manager, plugin, name)
                self._vocabulary(set())
            except DefinitionError as error:
                if self.manager.is_registered(plugin):
                    self.manager.unregister(plugin)
                self.faults.append(Fault(name, None, error.problems))

    def _add(self, found: Found) -> None:
        """Take a plugin into the generation; if it cannot be, its last good version, with the reason as a fault."""
        kept = self.previous.bundles.get(found.name) if self.previous else None
        try:
            self._check(found)
            key = self._key(found)
            self._accept(kept if kept and kept.key == key else self._compiled(found, key, kept))
        except NodeError as error:
            stands = kept is not None and self._keep(kept)
            version = kept.plugin.version if kept and stands else None
            self.faults.append(Fault(found.name, found.folder, error.problems, version))

    def _keep(self, kept: Bundle) -> bool:
        """Take a last good version again; False when what it needs is gone or another plugin now clashes with it."""
        if kept.plugin.name in self.bundles or kept.found.needs - self.bundles.keys():
            return kept.plugin.name in self.bundles
        try:
            self._accept(kept)
        except NodeError:
            return False
        return True

    def _check(self, found: Found) -> None:
        if found.problems:
            raise DefinitionError(found.problems)
        lacking = missing(found, self.bundles, self.known)
        if lacking:
            raise lacking

    def _compiled(self, found: Found, key: str, kept: Bundle | None) -> Bundle:
        hooks = import_hooks(found.name, found.folder, found.digest)
        if hooks:
            register(self.manager, hooks, hooks_name(found.name))
        try:
            words = self._vocabulary(self._all_needs(found) | {found.name})
            base = {name: bundle.plugin for name, bundle in self.bundles.items()}
            plugin = self._linted(compile_plugin(found.folder, base, words.functions, words.fields), words)
            return self._overlaid(Bundle(plugin, hooks, key, found), kept, words)
        finally:
            if hooks:
                self.manager.unregister(hooks)

    def _overlaid(self, bundle: Bundle, kept: Bundle | None, words: Vocabulary) -> Bundle:
        """Return the bundle with this store's overlay; when that is faulty, the last good version, or none of it."""
        plugin, found = bundle.plugin, self.overlays.get(bundle.plugin.name)
        if found is None:
            return bundle
        base = {name: each.plugin for name, each in self.bundles.items()} | {plugin.name: plugin}
        try:
            changed = compile_plugin(found.folder, base, words.functions, words.fields)
            merged = replace(changed, name=plugin.name, version=plugin.version, requires=plugin.requires, extends=None)
            return replace(bundle, plugin=self._linted(merged, words), overlay=changed.version)
        except NodeError as error:
            usable = kept if kept is not None and kept.overlay else None
            self.faults.append(Fault(found.name, found.folder, error.problems, usable.overlay if usable else None))
            return usable or bundle

    def _report_left_overlays(self) -> None:
        for base, found in self.overlays.items():
            if base not in self.known and (lacking := missing(found, self.bundles, self.known)):
                self.faults.append(Fault(found.name, found.folder, lacking.problems))

    def _linted(self, plugin: Plugin, words: Vocabulary) -> Plugin:
        """Return the plugin with what the hooks have to say of it as warnings; raise when that is an error."""
        try:
            problems = [problem for answer in self.manager.hook.lint(plugin=plugin) for problem in answer or ()]
        except Exception as error:  # a lint that cannot answer has not said that all is well
            what = Text(f"a lint hook failed: {error!r}", f"lint 钩子出错：{error!r}")
            raise DefinitionError((Problem("lint-failed", what),)) from error
        problems += unknown_holidays(plugin, words)
        if any(problem.level == "error" for problem in problems):
            raise DefinitionError(tuple(problems))
        return replace(plugin, warnings=(*plugin.warnings, *problems))

    def _accept(self, bundle: Bundle) -> None:
        """Merge a bundle's records into the catalog and register it; nothing has changed when this raises."""
        records = add_plugin(self.records, bundle.plugin)
        if bundle.hooks:
            register(self.manager, bundle.hooks, hooks_name(bundle.plugin.name))
        self.manager.register(bundle, bundle.plugin.name)
        self.records = records
        self.bundles[bundle.plugin.name] = bundle

    def _vocabulary(self, names: set[str]) -> Vocabulary:
        """Return what installed plugins and the named ones' hooks.py bring to the language."""
        others = (self.manager.get_plugin(hooks_name(name)) for name in self.bundles if name not in names)
        return vocabulary(self.manager, [hooks for hooks in others if hooks is not None], self.watchdog)

    def _all_needs(self, found: Found) -> set[str]:
        names: set[str] = set()
        waiting = list(found.needs)
        while waiting:
            name = waiting.pop()
            if name not in names:
                names.add(name)
                waiting.extend(self.bundles[name].found.needs)
        return names

    def _key(self, found: Found) -> str:
        overlay = self.overlays.get(found.name)
        parts = [found.digest, str(found.folder), overlay.digest if overlay else "", *sorted(self.installed)]
        parts += sorted(self.bundles[name].key for name in found.needs)
        return blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def hooks_name(plugin: str) -> str:
    """Return the name under which a plugin's hooks.py is registered."""
    return f"{plugin}:hooks"
