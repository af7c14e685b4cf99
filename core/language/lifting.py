"""Values of an older plugin version as this one has them: what ``migrations`` say, applied to one record's cells.

Nodes are updated one after the other. What an older one wrote arrives later, and means what its version meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from core.language.definition import MigrationStep, Plugin
from core.language.versions import parse_version
from core.model.values import Cell

V = TypeVar("V")
Each = Callable[[Callable[[Cell], Cell], V], V]  # how a function of cells is applied to a value of the mapping


def steps_since(plugin: Plugin, version: str | None) -> tuple[MigrationStep, ...]:
    """Return the steps from ``version`` to the plugin's own, oldest first; none when it is unknown or newer."""
    was = parse_version(version) if version else None
    if was is None or version == plugin.version:
        return ()
    return tuple(
        step for number, steps in plugin.migrations.items() if (parse_version(number) or was) > was for step in steps
    )


def lifted(steps: Iterable[MigrationStep], record: str, values: Mapping[str, V], each: Each[V]) -> dict[str, V]:
    """Return the values of one record, by field, as they are called and written after ``steps``.

    ``fill`` is not among what is done here: a value that is missing is filled where the record is kept.
    """
    found = dict(values)
    for step in steps:
        if step.record != record or step.name not in found:
            continue
        if step.how == "map":
            found[step.name] = each(lambda cell, mapping=step.mapping: mapping.get(cell, cell), found[step.name])  # type: ignore[misc]
        elif step.how == "rename":
            assert step.to is not None, "the loader has seen to it"
            found.setdefault(step.to, found.pop(step.name))
        elif step.how == "drop":
            del found[step.name]
    return found


def filled(steps: Iterable[MigrationStep], record: str) -> dict[str, Cell]:
    """Return what the steps put into empty fields of a record, under the names the fields have after all of them."""
    fills: dict[str, Cell] = {}
    for step in steps:
        if step.record != record:
            continue
        if step.how == "fill":
            fills[step.name] = step.value
        elif step.name in fills and step.how == "rename" and step.to is not None:
            fills[step.to] = fills.pop(step.name)
        elif step.name in fills and step.how == "map":
            fills[step.name] = step.mapping.get(fills[step.name], fills[step.name])
        elif step.how == "drop":
            fills.pop(step.name, None)
    return fills


def name_now(plugin: Plugin, record: str, name: str) -> str:
    """Return what a field is called now that an older version called ``name``."""
    if record in plugin.records and name in plugin.records[record].fields:
        return name
    for steps in plugin.migrations.values():
        for step in steps:
            if (step.how, step.record, step.name) == ("rename", record, name) and step.to is not None:
                name = step.to
    return name
