"""The host: one per node. It holds what runs now and swaps it, in one step, for what the files say."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from importlib.metadata import entry_points as installed_entry_points
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Any

from core.host import discovery, hookspecs
from core.host.catalog import Catalog, Fault, add_plugin, revision_of
from core.host.hook_module import broken_hooks, register
from core.host.loading import Generation, Loader, new_manager
from core.host.read_filters import ReadFilters
from core.host.watchdog import Watchdog
from core.host.watcher import watch_folders
from core.language.definition import Plugin, RecordType
from core.language.expressions import Formula
from core.model.errors import DefinitionError

log = logging.getLogger(__name__)

Subscriber = Callable[[Catalog, Catalog], None]


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """What a reload did. ``failures`` are exceptions of subscribers; the new catalog is in use all the same."""

    old: Catalog | None
    new: Catalog
    activated: tuple[str, ...]  # new, or changed
    deactivated: tuple[str, ...]
    failures: tuple[Exception, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the files as they are now."""
        return self.new.faults


class Host:
    """All plugins of one node: found, compiled, and kept running while their files change.

    ``folders`` are plugin folders or folders of plugin folders. ``only`` names the plugins to load; the environment
    variable BRANCHLINE_PLUGINS (a comma list) narrows it further. What a listed plugin requires is loaded with it.
    ``store`` takes that store's overlays in; a ``watchdog`` ends hooks that hang. The constructor loads once. A faulty
    plugin never raises: it is listed in ``catalog.faults``.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        only: Collection[str] | None = None,
        entry_points: bool = True,
        environment: Mapping[str, str] | None = None,
        store: str | None = None,
        watchdog: Watchdog | None = None,
    ) -> None:
        self.store = store
        self.watchdog = watchdog
        self.folders = tuple(Path(folder) for folder in folders)
        self._only = discovery.only_from(os.environ if environment is None else environment, only)
        self._installed: dict[str, object] = {}
        self._broken: list[Fault] = []
        self._preparers: list[Callable[[Catalog], None]] = []
        self._subscribers: list[Subscriber] = []
        self._lock = RLock()
        self._generation: Generation | None = None
        self._filters = ReadFilters()
        if entry_points:
            self._load_entry_points()
        self.reload()

    @property
    def catalog(self) -> Catalog:
        """What runs now; take it once per request and keep it to the end of the request."""
        return self._now.catalog

    @property
    def hooks(self) -> Any:
        """The hooks of what runs now: ``host.hooks.is_away(person=…, at=…, store=…)``."""
        return self._now.manager.hook

    @property
    def plugin_names(self) -> tuple[str, ...]:
        """Everything registered with pluggy: plugins by name, their ``name:hooks``, installed distributions."""
        return tuple(name for name, plugin in self._now.manager.list_name_plugin() if plugin is not None)

    def register(self, plugin: object, name: str) -> None:
        """Add a pluggy plugin from Python — a distribution in a test, the app's own hooks — and reload."""
        self._installed[name] = plugin
        self.reload()

    def trying(self, plugin: Plugin) -> Host:
        """Return a host in which ``plugin`` runs instead of the plugin of its name here; everything else is shared.

        For rehearsals of a changed plugin: it has no files, watches nothing and cannot be reloaded.
        """
        now = self._now
        plugins = {**now.catalog.plugins, plugin.name: plugin}
        records: Mapping[str, RecordType] = {}
        for each in plugins.values():
            records = add_plugin(records, each)
        catalog = replace(now.catalog, plugins=plugins, records=records, revision=revision_of(plugins.values()))
        other = copy(self)
        other._generation = replace(now, catalog=catalog)
        other._filters = ReadFilters()
        return other

    def reload(self) -> ReloadReport:
        """Build the next generation from the files, swap it in, and tell who must know.

        Plugins whose files and requirements are unchanged are taken over as they are. A plugin that fails keeps its
        last good version. Two reloads never overlap; readers never wait.
        """
        with self._lock:
            old = self._generation
            before = [bundle.found for bundle in old.bundles.values()] if old else []
            everything = discovery.find([*self.folders, *self._bundle_folders()], before)
            found = discovery.select(everything, self._only, self.store)
            loader = Loader(self._installed, old, faults=list(self._broken), watchdog=self.watchdog)
            with _collecting_later():
                loaded = loader.load(found)
            new = self._generation = self._prepared(old, loaded)
            self._tell_plugins(old, new)
            return _report(old, new, self._tell_subscribers(old, new))

    def before_swap(self, prepare: Callable[[Catalog], None]) -> None:
        """Call ``prepare(new)`` before every swap, while the old catalog still serves: the database gets its tables so.

        When it raises DefinitionError nothing is swapped; what was running stays, and the faults are shown.
        """
        self._preparers.append(prepare)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber(old, new)`` after every swap that changed something; returns what ends it."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def watch(self, stop: Event) -> Thread:
        """Reload whenever a plugin file changes, in a thread of its own, until ``stop`` is set."""
        return watch_folders([*self.folders, *self._bundle_folders()], self.reload, stop)

    def tell(self, hook: str, **arguments: object) -> None:
        """Tell every plugin of something that has happened; one that raises is logged and disturbs nobody."""
        for _ in self._answers(hook, arguments):
            pass

    def ask(self, hook: str, **arguments: object) -> Any:
        """Return the first answer that is not None; a plugin that raises is logged and counts as no answer."""
        if not self.hears(hook):
            return None
        return next((answer for answer in self._answers(hook, arguments) if answer is not None), None)

    def collect(self, hook: str, **arguments: object) -> list[Any]:
        """Return every answer that is not None; a plugin that raises is logged and has none."""
        return [answer for answer in self._answers(hook, arguments) if answer is not None]

    def hears(self, hook: str) -> bool:
        """Say whether any plugin has this hook."""
        return bool(getattr(self.hooks, hook).get_hookimpls())

    def attempt(self, hook: str, **arguments: object) -> tuple[Any, list[str]]:
        """Return the first answer that is not None, and what sort of exception each plugin before it has raised.

        Their text stays in the log: it may hold what people entered. Of a hook that nobody answers all are told.
        """
        faults: list[str] = []
        answer = next((answer for answer in self._answers(hook, arguments, faults) if answer is not None), None)
        return answer, faults

    def read_filters(self, reader: str | None, roles: frozenset[str], record: RecordType) -> tuple[Formula, ...]:
        """Return the rules that the ``read_filter`` hooks add to a role's own ``where``; all of them must hold."""
        return self._filters.of(self._now, reader, roles, record)

    @property
    def _now(self) -> Generation:
        assert self._generation is not None, "the constructor loads"
        return self._generation

    def _answers(self, hook: str, arguments: Mapping[str, object], faults: list[str] | None = None) -> Iterator[object]:
        """Call a hook plugin by plugin, in pluggy's order; pluggy itself would stop all of them at one exception."""
        for implementation in reversed(getattr(self.hooks, hook).get_hookimpls()):
            try:
                yield implementation.function(*(arguments[name] for name in implementation.argnames))
            except Exception as error:
                log.exception("hook %s of plugin %s failed", hook, implementation.plugin_name)
                if faults is not None:
                    faults.append(f"{implementation.plugin_name}: {type(error).__name__}")

    def _prepared(self, old: Generation | None, new: Generation) -> Generation:
        """Return ``new`` once everything is ready for it, or ``old`` with the faults that keep it from being used."""
        if old is None or old.catalog.revision == new.catalog.revision:
            return new
        try:
            for prepare in self._preparers:
                prepare(new.catalog)
        except DefinitionError as error:
            return _refused(old, new, error)
        return new

    def _tell_plugins(self, old: Generation | None, new: Generation) -> None:
        for name in _changed(old, new):
            self.tell("activated", plugin=new.bundles[name].plugin)
        for name in _gone(old, new):
            assert old is not None
            self.tell("deactivated", plugin=old.bundles[name].plugin)

    def _tell_subscribers(self, old: Generation | None, new: Generation) -> tuple[Exception, ...]:
        failures: list[Exception] = []
        if old is None or old.catalog.revision == new.catalog.revision:
            return ()
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(old.catalog, new.catalog)
            except Exception as error:
                log.exception("a subscriber could not follow the reload")
                failures.append(error)
        return tuple(failures)

    def _load_entry_points(self) -> None:
        for point in installed_entry_points(group=hookspecs.PROJECT):
            if self._only is not None and point.name not in self._only:
                continue
            try:
                self._installed[point.name] = point.load()
            except Exception as error:  # noqa: BLE001 - a broken distribution must not keep the shop closed
                self._broken.append(Fault(point.name, None, broken_hooks(Path(point.value), error).problems))

    def _bundle_folders(self) -> list[Path]:
        manager = new_manager()
        for name, plugin in self._installed.items():
            manager.register(plugin, name)
        return [Path(folder) for answer in manager.hook.bundles() for folder in answer or ()]


def tell_installed(hook: str, **arguments: object) -> None:
    """Tell installed distributions, without any plugin folder: for what happens before there is a node."""
    for point in installed_entry_points(group=hookspecs.PROJECT):
        manager = new_manager()
        try:
            register(manager, point.load(), point.name)
            getattr(manager.hook, hook)(**arguments)
        except Exception:
            log.exception("hook %s of distribution %s failed", hook, point.name)


def _report(old: Generation | None, new: Generation, failures: tuple[Exception, ...]) -> ReloadReport:
    return ReloadReport(old.catalog if old else None, new.catalog, _changed(old, new), _gone(old, new), failures)


def _refused(old: Generation, new: Generation, error: DefinitionError) -> Generation:
    """Return the old generation; each changed plugin carries the problems in its files, or all that belong to none."""
    faults = list(new.catalog.faults)
    for name in _changed(old, new):
        folder = new.bundles[name].plugin.folder
        own = tuple(p for p in error.problems if p.place is None or Path(p.place.file).is_relative_to(folder))
        kept = old.bundles[name].plugin.version if name in old.bundles else None
        if own:
            faults.append(Fault(name, folder, own, kept))
    if not faults:
        faults.append(Fault("", None, error.problems))
    return replace(old, catalog=replace(old.catalog, faults=tuple(faults)))


def _changed(old: Generation | None, new: Generation) -> tuple[str, ...]:
    before = old.bundles if old else {}
    return tuple(name for name, bundle in new.bundles.items() if before.get(name) is not bundle)


def _gone(old: Generation | None, new: Generation) -> tuple[str, ...]:
    return tuple(name for name in old.bundles if name not in new.bundles) if old else ()


@contextmanager
def _collecting_later() -> Iterator[None]:
    """Build what stays for long without the collector of circles looking through it again and again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
