"""A node: one database, one host of plugins, one identity, and the clock, ids and zone it was given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, Transaction

from core.host.catalog import Catalog
from core.host.host import Host
from core.language.calendar import BusinessCalendar
from core.language.definition import RecordType
from core.model.clock import HybridClock
from core.model.scope import HEADQUARTERS, is_home
from stores.layers import IN_FORCE, Layer, layer_of, stand
from stores.storage import bulk
from stores.storage.database import Database
from stores.storage.identity import Identity
from stores.storage.tables import Tables, tables_of

SETTING = "core.setting"
_SETTINGS = f"{IN_FORCE} AND _store IN (?, ?)"  # of the chain and one store
SettingsOf = dict[tuple[str, str, str], Mapping[str, object]]  # revision, plugin, store -> the settings

T = TypeVar("T")

report = logging.getLogger(__name__)


@dataclass
class Node:
    """What runs in a store, at headquarters, in a rehearsal and in a simulation: the same thing, wired differently.

    ``now`` gives aware UTC datetimes, ``new_id`` UUIDv7 texts, ``mono`` milliseconds since ``boot`` began.
    Only ``app/bootstrap.py`` passes real ones.
    """

    database: Database
    host: Host
    identity: Identity
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    zone: ZoneInfo
    mono: Callable[[], int]
    boot: str
    clock: HybridClock
    _worked_out: tuple[Catalog, dict[Callable[[Catalog], Any], Any]] | None = None
    _settings: WeakKeyDictionary[Transaction, SettingsOf] = field(default_factory=WeakKeyDictionary)
    _calendars: dict[tuple[str, str], BusinessCalendar] = field(default_factory=dict)
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _watchers: list[Callable[[frozenset[str]], None]] = field(default_factory=list)
    _telling: Lock = field(default_factory=Lock)
    _changed: set[str] = field(default_factory=set)  # record types written since the watchers were told

    @property
    def catalog(self) -> Catalog:
        """The snapshot of all plugins in force; take it once per request."""
        return self.host.catalog

    @property
    def is_hub(self) -> bool:
        """Whether this node orders the changes of others: it has no upstream."""
        return self.identity.upstream is None

    @property
    def store(self) -> str:
        """The store this node stands in; ``hq`` at headquarters."""
        return self.identity.store

    @property
    def tables(self) -> Tables:
        """The tables of the snapshot in force, kept here because every statement asks for them."""
        return self.of_catalog(tables_of)

    @property
    def questions(self) -> dict[int, Any]:
        """What has been kept of questions that rules of the snapshot in force ask (``lowering.prepared``)."""
        return self.of_catalog(_no_questions)

    def of_catalog(self, work: Callable[[Catalog], T]) -> T:
        """Return what ``work`` makes of the snapshot in force; asked by every action, worked out once."""
        catalog, known = self.catalog, self._worked_out
        if known is None or known[0] is not catalog:
            known = self._worked_out = (catalog, {})
        if work not in known[1]:
            known[1][work] = work(catalog)
        found: T = known[1][work]
        return found

    def table(self, record: RecordType) -> Table:
        """Return the table that keeps ``record``."""
        return self.tables.table_for(record)

    def is_home(self, record: RecordType, store: str) -> bool:
        """Whether this node decides about a record of ``store``."""
        return is_home(record.sync.home, store, self.store)

    def calendar(self, plugin: str) -> BusinessCalendar:
        """Return the business calendar of a plugin in this node's zone."""
        key = (self.catalog.revision, plugin)
        if key not in self._calendars:
            self._calendars[key] = BusinessCalendar(
                self.catalog.plugin(plugin).calendar, self.zone, self.catalog.holiday_sources
            )
        return self._calendars[key]

    def settings(self, connection: Connection, plugin: str, store: str) -> Mapping[str, object]:
        """Return the settings of a plugin as they hold in ``store``: default, then chain, then store.

        Kept for one transaction: what a transaction reads cannot change under it, and what it writes must not
        show in others before it is committed.
        """
        transaction = connection.get_transaction()
        assert transaction is not None, "settings are read inside a transaction"
        known = self._settings.setdefault(transaction, {})
        key = (self.catalog.revision, plugin, store)
        if key not in known:
            known[key] = self._layered_settings(connection, plugin, store)
        return known[key]

    def looked_at(self, record: str, name: str, *, in_sql: bool = False) -> None:
        """Take note that a rule read a field by its formula. A node that works does not care; a rehearsal may."""

    def touched(self, records: Iterable[tuple[str, str]]) -> None:
        """Forget what was cached about records that have changed, and remember to tell of their types."""
        types = {type_ for type_, _ in records}
        with self._telling:
            self._changed |= types
        if SETTING in types:
            self._settings.clear()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every commit: the sync worker and the timer loop wake up by it."""
        self._listeners.append(listener)

    def on_change(self, watcher: Callable[[frozenset[str]], None]) -> None:
        """Call ``watcher`` after every commit with the record types that were written: open pages are drawn anew."""
        self._watchers.append(watcher)

    def committed(self) -> None:
        """Tell the listeners that something was written."""
        with self._telling:
            changed, self._changed = frozenset(self._changed), set()
        self.tell(changed)

    def tell(self, changed: frozenset[str]) -> None:
        """Tell the listeners that records of these types were written, here or in another process of this node."""
        for listener in self._listeners:
            listener()
        for watcher in self._watchers:
            watcher(changed)

    def _layered_settings(self, connection: Connection, plugin: str, store: str) -> Mapping[str, object]:
        declared = self.catalog.plugin(plugin).settings
        values = {name: setting.default for name, setting in declared.items()}
        record = self.catalog.records.get(SETTING)
        if record is None or not declared:
            return values
        found: dict[str, list[Layer]] = {}
        for row in bulk.run(connection, _SETTINGS, plugin, HEADQUARTERS, store):
            layer = layer_of(row)
            found.setdefault(layer.name, []).append(layer)
        for name in found.keys() & declared.keys():
            standing = stand(declared[name], found[name], self.zone)
            values[name] = standing.value
            if standing.passed:  # of an older plugin version, or not a store's to set: the value before stands
                report.warning("a setting of %s.%s in %s does not count", plugin, name, store)
        return values


def _no_questions(_: Catalog) -> dict[int, Any]:
    return {}
