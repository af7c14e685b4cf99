"""Bring a database up to the plugins in force: the steps they declare, then new tables, columns and indexes.

In one transaction, and local: filling a new column with its default touches neither ``_hs``
nor the log. A fleet in which an upgrade makes every store announce every row is a fleet that is down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Column, Connection, Table, text, update
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from core.host.catalog import Catalog
from core.language.definition import Field, RecordType
from core.language.expressions import Literal
from core.model.errors import DefinitionError, Problem, Text
from core.model.values import Cell
from stores.storage import state, upgrades, words
from stores.storage.database import Database
from stores.storage.system import NODE_STATE, SYSTEM
from stores.storage.tables import Tables, cell_form, tables_of

DIGEST = "schema.digest"
FORMS = "schema.forms"  # JSON: record type -> field -> cell form, of everything that ever had a column here


@dataclass
class Migration:
    """What was done. All empty: the database was up to date."""

    tables: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)  # table.column
    indexes: list[str] = field(default_factory=list)
    filled: dict[str, int] = field(default_factory=dict)  # table.column -> rows given the default
    moved: dict[str, int] = field(
        default_factory=dict
    )  # table.column -> rows whose value an earlier version had kept aside
    steps: list[str] = field(default_factory=list)  # "1.1.0 of nightclub_booking": declared steps taken

    def __bool__(self) -> bool:
        return bool(self.tables or self.columns or self.indexes or self.steps)


def migrate(database: Database, catalog: Catalog) -> Migration:
    """Make the database fit the plugins of ``catalog``; a second call finds nothing to do and costs one look-up.

    Raises ``DefinitionError`` when a field changed its type (old values would be read wrongly), or when a plugin is
    older than the data. Nothing is changed then, and the plugin's version before goes on running.
    """
    tables = tables_of(catalog)
    with database.read() as connection:
        if _up_to_date(connection, tables):
            return Migration()
    if database.in_memory:
        return _from_image(database, catalog, tables)
    return _additions(database, catalog, tables)


def _from_image(database: Database, catalog: Catalog, tables: Tables) -> Migration:
    """Give a new database in memory its tables by copying an empty one: a rehearsal makes one per scenario.

    Forty record types take 60 ms to create and 1 ms to copy.
    """
    with database.read() as connection:
        # Not `_found_columns`: SQLite crashes when a look through its schema is prepared before the copy and run after.
        new = connection.execute(text("SELECT 1 FROM sqlite_master LIMIT 1")).first() is None
    if new and tables.image is not None:
        database.load(tables.image)
        return Migration([table.name for _, table in tables])
    done = _additions(database, catalog, tables)
    if new:
        tables.image = database.image()
    return done


def _additions(database: Database, catalog: Catalog, tables: Tables) -> Migration:
    with database.write() as connection:
        found = _found_columns(connection)
        indexes = _found_indexes(connection)
        done = Migration()
        _create_system(connection, found, indexes)
        forms: upgrades.Forms = json.loads(state.get(connection, FORMS) or "{}")
        if not database.in_memory and NODE_STATE.name in found:
            words.lift(connection)
        upgrade = upgrades.run(connection, catalog, found, forms)
        if upgrade.taken:
            done.steps, found, indexes = upgrade.taken, _found_columns(connection), _found_indexes(connection)
        _check_forms(tables, forms)
        for record, table in tables:
            _fit_table(connection, record, table, found, done, upgrade.fills.get(record.key, {}))
            _fit_indexes(connection, table, indexes, done)
        if not database.in_memory:
            words.fit(connection, tables, upgrade.changed)
        state.put(connection, FORMS, json.dumps(forms, sort_keys=True, ensure_ascii=False))
        state.put(connection, DIGEST, tables.digest)
    return done


def _up_to_date(connection: Connection, tables: Tables) -> bool:
    if not connection.dialect.has_table(connection, NODE_STATE.name):
        return False
    return state.get(connection, DIGEST) == tables.digest


def _create_system(connection: Connection, found: dict[str, set[str]], indexes: set[str]) -> None:
    for table in SYSTEM.tables.values():
        _fit_columns(connection, table, found, Migration())
        _fit_indexes(connection, table, indexes, Migration())


def _fit_table(
    connection: Connection,
    record: RecordType,
    table: Table,
    found: dict[str, set[str]],
    done: Migration,
    fills: Mapping[str, Cell],
) -> None:
    """Create the table, or add the columns it lacks and fill them: with what was kept aside, else with what the
    version says (``fills``), else with the default."""
    added = _fit_columns(connection, table, found, done)
    kept_aside = {name for name in added if name in record.fields}
    if kept_aside:
        _move_in(connection, table, kept_aside, done)
    for name in added:
        if name in fills:
            upgrades.fill(connection, table.name, name, fills[name])
        elif name in record.fields:
            _fill(connection, table, record.fields[name], done)


def _fit_columns(connection: Connection, table: Table, found: dict[str, set[str]], done: Migration) -> list[str]:
    """Create the table and return [], or return the columns that were added to it."""
    if table.name not in found:
        connection.execute(CreateTable(table))
        done.tables.append(table.name)
        return []
    added = [column for column in table.columns if column.name not in found[table.name]]
    for column in added:
        connection.exec_driver_sql(_add_column(connection, table, column))
        done.columns.append(f"{table.name}.{column.name}")
    return [column.name for column in added]


def _add_column(connection: Connection, table: Table, column: Column[object]) -> str:
    quoted = connection.dialect.identifier_preparer.format_table(table)
    return f"ALTER TABLE {quoted} ADD COLUMN {CreateColumn(column).compile(dialect=connection.dialect)}"


def _fit_indexes(connection: Connection, table: Table, found: set[str], done: Migration) -> None:
    for index in table.indexes:
        if index.name not in found:
            connection.execute(CreateIndex(index))
            done.indexes.append(str(index.name))


def _move_in(connection: Connection, table: Table, names: set[str], done: Migration) -> None:
    """Give new columns the values that older plugin versions of this node kept in ``_x`` (sync.md 10)."""
    kept = connection.execute(table.select().with_only_columns(table.c.id, table.c._x).where(table.c._x.is_not(None)))
    for id_, aside in kept.all():
        cells = json.loads(aside or "{}")
        known = {name: cells.pop(name) for name in names & cells.keys()}
        if not known:
            continue
        rest = json.dumps(cells, sort_keys=True, ensure_ascii=False, separators=(",", ":")) if cells else None
        connection.execute(update(table).where(table.c.id == id_).values(**known, _x=rest))
        for name in known:
            column = f"{table.name}.{name}"
            done.moved[column] = done.moved.get(column, 0) + 1


def _fill(connection: Connection, table: Table, added: Field, done: Migration) -> None:
    """Give the rows that are there a default that is a plain value: ``=today`` meant the day of creation."""
    if not isinstance(added.default, Literal) or added.default.value is None:
        return
    cell = added.spec.cell(added.default.value)
    column = table.c[added.name]
    rows = connection.execute(update(table).where(column.is_(None)).values({column: cell})).rowcount
    if rows:
        done.filled[f"{table.name}.{added.name}"] = rows


def _check_forms(tables: Tables, forms: upgrades.Forms) -> None:
    """Add the forms of all columns to ``forms``, or raise when a field changed its form."""
    problems = []
    for record, _ in tables:
        known = forms.setdefault(record.key, {})
        for name, stored in record.stored.items():
            form = cell_form(stored)
            if known.setdefault(name, form) != form:
                problems.append(_retyped(record, stored, known[name], form))
    if problems:
        raise DefinitionError(tuple(problems))


def _retyped(record: RecordType, stored: Field, was: str, is_: str) -> Problem:
    return Problem(
        "field-retyped",
        Text(
            f"`{record.key}.{stored.name}` has values kept as {was}; they cannot be read as {is_}",
            f"`{record.key}.{stored.name}` 已有按 {was} 保存的数据，不能按 {is_} 读取",
        ),
        fix=Text("give the new field another name and keep the old one", "请为新字段另取名称，并保留原字段"),
        place=stored.place,
    )


_COLUMNS = {
    "sqlite": "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'",
    "postgresql": "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = current_schema()",
}
_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
}


def _found_columns(connection: Connection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in _pairs(connection):
        found.setdefault(table, set()).add(column)
    return found


def _pairs(connection: Connection) -> Iterator[tuple[str, str]]:
    for table, column in connection.execute(text(_COLUMNS[connection.dialect.name])):
        yield str(table), str(column)


def _found_indexes(connection: Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute(text(_INDEXES[connection.dialect.name]))}
