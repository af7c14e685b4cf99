"""What older plugin versions wrote, read as this node's version means it. The log itself is never rewritten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.host.catalog import Catalog
from core.language import lifting
from core.language.definition import MigrationStep, RecordType
from core.model.change import Entry
from core.model.stamps import RowStamps
from core.model.values import Cell

CORE = "core"
VERSION = "version"  # facts of a line: the version of the plugin whose record it changes
Pair = tuple[Cell, Cell]


def version_of(catalog: Catalog, record: RecordType) -> dict[str, object]:
    """Return the fact that a line carries: by it a newer node knows what the names and values meant.

    Core's own records change with the program, not with a plugin.
    """
    plugin = None if record.plugin == CORE else catalog.plugins.get(record.plugin)
    return {} if plugin is None else {VERSION: plugin.version}


def lift(catalog: Catalog, entry: Entry) -> Entry:
    """Return a log line with its fields as they are called and written now; the line itself when nothing changed."""
    steps = _steps(catalog, entry.type, (entry.facts or {}).get(VERSION))
    if not steps:
        return entry
    record = entry.type.partition(".")[2]
    body = lifting.lifted(steps, record, entry.body, _in_pair)
    if entry.kind == "create":
        for name, cell in lifting.filled(steps, record).items():
            old, new = body.get(name, (None, None))
            body[name] = (old, cell if new is None else new)
    return entry._replace(body=body)


def lift_all(catalog: Catalog, entries: Sequence[Entry]) -> Sequence[Entry]:
    """Return log lines as they read now."""
    if not any(plugin.migrations for plugin in catalog.plugins.values()):
        return entries
    return [lift(catalog, entry) for entry in entries]


def lift_cells(catalog: Catalog, type_: str, version: object, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an older version wrote into a record, as it is called and written now. Missing stays missing."""
    return lifting.lifted(_steps(catalog, type_, version), type_.partition(".")[2], cells, _alone)


def lift_stamps(catalog: Catalog, type_: str, version: object, packed: str) -> str:
    """Return the packed stamps of a row with its fields as they are called now."""
    steps = _steps(catalog, type_, version)
    if not steps:
        return packed
    stamps = RowStamps.unpack(packed)
    fields = lifting.lifted(steps, type_.partition(".")[2], stamps.fields, lambda _, stamp: stamp)
    return RowStamps(stamps.base, fields).pack()


def fills(catalog: Catalog, type_: str, version: object) -> dict[str, Cell]:
    """Return what has to be put into fields that an older version left empty."""
    return lifting.filled(_steps(catalog, type_, version), type_.partition(".")[2])


def name_now(catalog: Catalog, record: RecordType, name: str) -> str:
    """Return what a field is called now that an older version called ``name``."""
    plugin = catalog.plugins.get(record.plugin)
    return name if plugin is None else lifting.name_now(plugin, record.name, name)


def _steps(catalog: Catalog, type_: str, version: object) -> tuple[MigrationStep, ...]:
    plugin = catalog.plugins.get(type_.partition(".")[0])
    if plugin is None or not plugin.migrations or version == plugin.version:
        return ()
    return lifting.steps_since(plugin, str(version) if version else None)


def _in_pair(change: Callable[[Cell], Cell], pair: Pair) -> Pair:
    return change(pair[0]), change(pair[1])


def _alone(change: Callable[[Cell], Cell], cell: Any) -> Any:
    return cell if isinstance(cell, list | dict) else change(cell)
