"""Carry out the declared steps between two versions of a plugin on the data that a node has kept.

A step is local: it touches neither ``_hs`` nor the log, because every node takes the same step by itself. What older
nodes send afterwards is lifted on arrival (``core/language/lifting``), so that all come to the same records.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.host.catalog import Catalog
from core.language import lifting
from core.language.definition import MigrationStep, Plugin, RecordType
from core.language.versions import parse_version
from core.model.errors import DefinitionError, Place, Problem, Text
from core.model.merge import FieldStamp
from core.model.stamps import RowStamps
from core.model.values import Cell, canonical_json
from stores.storage import bulk, state
from stores.storage.bulk import quoted

VERSIONS = "plugin.versions"  # JSON: plugin -> {"at": its version here, "ran": the versions whose steps were taken}
TIMERS = "timers.again"  # JSON: record types whose timers must be looked at again, because a step changed their values
Columns = Mapping[str, set[str]]  # table -> its columns
Forms = dict[str, dict[str, str]]  # record type -> field -> cell form, of all columns that are or were


@dataclass
class Upgrade:
    """What the steps did: ``version of plugin`` taken, the record types whose values changed, and what is still to be
    put into columns that only come with this version (record type -> field -> cell)."""

    taken: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)
    fills: dict[str, dict[str, Cell]] = field(default_factory=dict)


def run(connection: Connection, catalog: Catalog, columns: Columns, forms: Forms) -> Upgrade:
    """Take every step that lies between the versions kept here and those of ``catalog``, oldest first.

    In the caller's write transaction: all versions with the tables they lead to, or none. A node that stopped half
    way would have data for which there is no plugin. ``forms`` follows the names. Raises ``DefinitionError`` for an
    older version than one whose steps have been taken: its fields are not there any more.
    """
    known: dict[str, dict[str, object]] = json.loads(state.get(connection, VERSIONS) or "{}")
    done, here = Upgrade(), {table: set(names) for table, names in columns.items()}
    _refuse_older(catalog, known)
    for name, plugin in catalog.plugins.items():
        kept = known.setdefault(name, {"at": plugin.version, "ran": []})
        if versions := _between(plugin, str(kept["at"])):
            steps = [step for version in versions for step in plugin.migrations[version]]
            for record in {step.record for step in steps}:
                _upgrade(connection, plugin.records[record], steps, here, forms, done)
            done.taken += [f"{version} of {name}" for version in versions]
        known[name] = {"at": plugin.version, "ran": [*_ran(kept), *versions]}
    state.put(connection, VERSIONS, canonical_json(known))
    if done.changed:
        state.put(connection, TIMERS, canonical_json(sorted({*changed_types(connection), *done.changed})))
    return done


def changed_types(connection: Connection) -> list[str]:
    """Return the record types whose timers wait to be looked at again; the caller clears the note."""
    found: list[str] = json.loads(state.get(connection, TIMERS) or "[]")
    return found


def fill(connection: Connection, table: str, name: str, cell: Cell, ids: Sequence[str] | None = None) -> None:
    """Put a cell where the field is empty, in all rows or in those with ``ids``."""
    sql = f"UPDATE {quoted(table)} SET {quoted(name)} = ? WHERE {quoted(name)} IS NULL"  # noqa: S608 - names of our own
    if ids is None:
        bulk.run_only(connection, sql, cell)
    for id_ in ids or ():
        bulk.run_only(connection, f"{sql} AND id = ?", cell, id_)


def _between(plugin: Plugin, at: str) -> list[str]:
    was = parse_version(at)
    return [] if was is None else [each for each in plugin.migrations if (parse_version(each) or was) > was]


def _ran(kept: Mapping[str, object]) -> list[str]:
    ran = kept["ran"]
    assert isinstance(ran, list)
    return ran


def _refuse_older(catalog: Catalog, known: Mapping[str, Mapping[str, object]]) -> None:
    problems = []
    for name, plugin in catalog.plugins.items():
        own = parse_version(plugin.version)
        taken = _ran(known[name]) if name in known else []
        beyond = [version for version in taken if own is not None and (parse_version(version) or own) > own]
        if beyond:
            problems.append(_too_old(plugin, beyond[-1]))
    if problems:
        raise DefinitionError(tuple(problems))


def _too_old(plugin: Plugin, version: str) -> Problem:
    return Problem(
        "data-is-newer",
        Text(
            f"the data here was changed for version {version}; {plugin.version} cannot read it",
            f"本机数据已按 {version} 版迁移，{plugin.version} 版无法读取",
        ),
        fix=Text(f"install {version} or newer, or restore a backup", f"请安装 {version} 或更新版本，或恢复备份"),
        place=Place(str(plugin.folder / "plugin.yaml"), 1, 1),
    )


def _upgrade(
    connection: Connection,
    record: RecordType,
    steps: Sequence[MigrationStep],
    here: dict[str, set[str]],
    forms: Forms,
    done: Upgrade,
) -> None:
    """Take all steps of one record type, then fill what is empty."""
    columns, known = here.get(record.table), forms.setdefault(record.key, {})
    if columns is None:
        return  # it has never had a table here
    for step in steps:
        if step.record != record.name:
            continue
        if step.how == "map" and step.name in columns:
            _map(connection, record.table, step)
            done.changed.add(record.key)
        elif step.how == "rename" and step.to is not None:
            _rename(connection, record.table, columns, step.name, step.to)
            if step.name in known:
                known.setdefault(step.to, known.pop(step.name))
        elif step.how == "drop":
            _forget(connection, record.table, columns, step.name)
            known.pop(step.name, None)
    for name, cell in lifting.filled(steps, record.name).items():
        done.changed.add(record.key)
        if name in columns:
            fill(connection, record.table, name, cell)
        else:
            done.fills.setdefault(record.key, {})[name] = cell


def _rename(connection: Connection, table: str, columns: set[str], was: str, is_: str) -> None:
    """Give a column its new name, with what newer nodes have sent under it already (kept aside in ``_x``)."""
    if was in columns and is_ in columns:
        sql = f"UPDATE {quoted(table)} SET {quoted(is_)} = {quoted(was)} WHERE {quoted(was)} IS NOT NULL"  # noqa: S608
        bulk.run_only(connection, sql)
        _drop_column(connection, table, columns, was)
    elif was in columns:
        _drop_indexes(connection, table, was)
        bulk.run_only(connection, f"ALTER TABLE {quoted(table)} RENAME COLUMN {quoted(was)} TO {quoted(is_)}")
        columns.add(is_)
        columns.discard(was)
    for row in _rows_that_name(connection, table, (was, is_)):
        _rename_in_row(connection, table, row, is_ in columns, was, is_)


def _rename_in_row(
    connection: Connection, table: str, row: tuple[str, str | None, str | None], column: bool, was: str, is_: str
) -> None:
    id_, packed, aside = row
    stamps, kept = RowStamps.unpack(packed or ""), json.loads(aside or "{}")
    old, new = stamps.of(was), stamps.of(is_)
    if was in kept:
        kept.setdefault(is_, kept.pop(was))
    fields = {name: stamp for name, stamp in stamps.fields.items() if name != was}
    newest = max(old, new, key=_place)
    if newest != stamps.base or is_ in fields:
        fields[is_] = newest
    values: dict[str, Cell] = {"_m": RowStamps(stamps.base, fields).pack()}
    if column and is_ in kept:
        cell = kept.pop(is_)
        if _place(new) >= _place(old):
            values[is_] = cell
    values["_x"] = canonical_json(kept) if kept else None
    _put(connection, table, id_, values)


def _place(stamp: FieldStamp) -> int:
    """Return where a stamp stands in the hub's order; what the hub has not seen yet comes after everything."""
    return stamp.hs or 2**63


def _forget(connection: Connection, table: str, columns: set[str], name: str) -> None:
    """Give a field up: its column, its stamps, and what was kept aside of it."""
    if name in columns:
        _drop_column(connection, table, columns, name)
    for id_, packed, aside in _rows_that_name(connection, table, (name,)):
        stamps, kept = RowStamps.unpack(packed or ""), json.loads(aside or "{}")
        kept.pop(name, None)
        fields = {each: stamp for each, stamp in stamps.fields.items() if each != name}
        left = RowStamps(stamps.base, fields).pack()
        _put(connection, table, id_, {"_m": left, "_x": canonical_json(kept) if kept else None})


def _put(connection: Connection, table: str, id_: str, values: Mapping[str, Cell]) -> None:
    settings = ", ".join(f"{quoted(name)} = ?" for name in values)
    bulk.run_only(connection, f"UPDATE {quoted(table)} SET {settings} WHERE id = ?", *values.values(), id_)  # noqa: S608


def _rows_that_name(
    connection: Connection, table: str, names: tuple[str, ...]
) -> list[tuple[str, str | None, str | None]]:
    """Return id, stamps and what was kept aside of the rows in which one of the names occurs."""
    tests = " OR ".join("_m LIKE ? OR _x LIKE ?" for _ in names)
    marks = [f'%"{name}":%' for name in names for _ in range(2)]
    rows = bulk.run(connection, f"SELECT id, _m, _x FROM {quoted(table)} WHERE {tests}", *marks)  # noqa: S608
    return [(row[0], row[1], row[2]) for row in rows]


def _drop_column(connection: Connection, table: str, columns: set[str], name: str) -> None:
    _drop_indexes(connection, table, name)
    bulk.run_only(connection, f"ALTER TABLE {quoted(table)} DROP COLUMN {quoted(name)}")
    columns.discard(name)


def _drop_indexes(connection: Connection, table: str, column: str) -> None:
    """Drop the indexes on a column: they carry its name, and those that are wanted are made anew."""
    for (index,) in bulk.run(connection, _INDEXES_ON[connection.dialect.name], table, column):
        bulk.run_only(connection, f"DROP INDEX {quoted(index)}")


_INDEXES_ON = {
    "sqlite": "SELECT DISTINCT i.name FROM pragma_index_list(?) i JOIN pragma_index_info(i.name) c"
    " WHERE i.origin = 'c' AND c.name = ?",
    "postgresql": "SELECT DISTINCT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
    " JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = ANY(x.indkey)"
    " WHERE x.indrelid = quote_ident(?)::regclass AND NOT x.indisprimary AND a.attname = ?",
}


def _map(connection: Connection, table: str, step: MigrationStep) -> None:
    column = quoted(step.name)
    cases = " ".join("WHEN ? THEN ?" for _ in step.mapping)
    marks = ", ".join("?" for _ in step.mapping)
    sql = f"UPDATE {quoted(table)} SET {column} = CASE {column} {cases} END WHERE {column} IN ({marks})"  # noqa: S608
    pairs = [cell for pair in step.mapping.items() for cell in pair]
    bulk.run_only(connection, sql, *pairs, *step.mapping)
