"""Record types as tables that a person can read: one row per record, one typed column per field."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from threading import Lock

from sqlalchemy import Column, Index, MetaData, Table

from core.host.catalog import Catalog
from core.language.definition import Field, RecordType
from core.model.errors import DefinitionError, Problem, Text
from stores.storage.columns import Chars, Whole
from stores.storage.indexes import Columns, index_columns
from stores.storage.system import SYSTEM

NAME_LENGTH_MAX = 63  # PostgreSQL's
RESERVED = frozenset({"id", "store", "state", "number", "written_at"})
SNAPSHOTS_KEPT_MAX = 8


class Tables:
    """The tables of one catalog snapshot, in metadata of their own. Immutable, shared by all threads.

    No table has a constraint besides its key: a merge must never fail on a rule that two stores broke
    together. Rules are checked by actions; what slips through becomes a conflict that a person decides.
    """

    def __init__(self, catalog: Catalog) -> None:
        """Raise ``DefinitionError`` when two record types would share a table name."""
        self.metadata = MetaData()
        _refuse_shared_names(catalog)
        indexed = index_columns(catalog)
        self.records: Mapping[str, RecordType] = dict(catalog.records)
        self._tables = {key: _build(self.metadata, record, indexed[key]) for key, record in self.records.items()}
        self.digest = _digest(self, catalog)
        self.image: bytes | None = None  # an empty database with all tables, made once for rehearsals (see migrate)

    def __getitem__(self, key: str) -> Table:
        return self._tables[key]

    def __iter__(self) -> Iterator[tuple[RecordType, Table]]:
        """Yield every record type with its table."""
        return ((self.records[key], table) for key, table in self._tables.items())

    def table_for(self, record: RecordType) -> Table:
        """Return the table of ``record``."""
        return self._tables[record.key]


_built: OrderedDict[int, tuple[Catalog, Tables]] = OrderedDict()
_building = Lock()


def tables_of(catalog: Catalog) -> Tables:
    """Return the tables of a snapshot, built once: a rehearsal makes a database per scenario from the same one."""
    with _building:
        if id(catalog) not in _built:
            _built[id(catalog)] = (catalog, Tables(catalog))  # keeps the catalog, so that its id stays its own
        _built.move_to_end(id(catalog))
        while len(_built) > SNAPSHOTS_KEPT_MAX:
            _built.popitem(last=False)
        return _built[id(catalog)][1]


def share_tables(catalog: Catalog, other: Catalog) -> None:
    """Let ``other``, whose records have the same columns, use the tables of ``catalog``: only its rules differ."""
    tables = tables_of(catalog)
    with _building:
        _built[id(other)] = (other, tables)


def cell_form(field: Field) -> str:
    """Return how the field's cells are to be read; two forms that differ cannot share a column's old values."""
    spec = field.spec
    if spec.type in {"decimal", "money"}:
        return f"number with {2 if spec.type == 'money' else spec.digits or 0} digits"
    if spec.type in {"text", "enum", "phone"}:
        return "text"
    if spec.type in {"file", "image", "signature"}:
        return "file"
    return f"ref to {spec.to}" if spec.type == "ref" else spec.type


def index_name(table: str, columns: Columns) -> str:
    """Return a name that stays the same over restarts and fits PostgreSQL's 63 characters."""
    name = f"{table}__{'__'.join(columns)}"
    return name if len(name) <= NAME_LENGTH_MAX else f"{name[:48]}__{blake2b(name.encode(), digest_size=6).hexdigest()}"


def _build(metadata: MetaData, record: RecordType, indexed: list[Columns]) -> Table:
    columns: list[Column[str] | Column[int]] = [
        Column("id", Chars, primary_key=True),
        Column("_store", Chars, nullable=False),
        Column("number", Chars),
        Column("state", Chars),
    ]
    for name, field in record.stored.items():
        assert name not in RESERVED, f"{record.key}.{name} is a name of the kernel's own"
        assert not name.startswith("_"), f"{record.key}.{name} would hide a column of the kernel's"
        columns.append(Column(name, Whole) if field.spec.kind.column == "integer" else Column(name, Chars))
    columns += [
        Column("_hs", Whole, nullable=False, server_default="0"),
        Column("_life", Whole, nullable=False, server_default="1"),
        Column("_at", Chars),
        Column("_by", Chars),
        Column("_m", Chars),
        Column("_x", Chars),
    ]
    table = Table(record.table, metadata, *columns)
    for names in indexed:
        Index(index_name(record.table, names), *(table.c[name] for name in names))
    return table


def _digest(tables: Tables, catalog: Catalog) -> str:
    """Return a fingerprint of every table, column form, index and version: equal means there is nothing to migrate."""
    lines = [f"system {name} {[column.name for column in table.columns]}" for name, table in SYSTEM.tables.items()]
    lines += [f"version {name} {plugin.version}" for name, plugin in catalog.plugins.items()]
    for record, table in tables:
        forms = {name: (cell_form(field), _default_of(field)) for name, field in record.stored.items()}
        lines.append(f"{table.name} {forms} {sorted(str(index.name) for index in table.indexes)}")
    return blake2b("\n".join(sorted(lines)).encode(), digest_size=16).hexdigest()


def _default_of(field: Field) -> str:
    return "" if field.default is None else field.default.text


def _refuse_shared_names(catalog: Catalog) -> None:
    owners: dict[str, str] = dict.fromkeys(SYSTEM.tables, "the node itself")
    problems = []
    for key, record in catalog.records.items():
        owner = owners.setdefault(record.table, key)
        if owner != key:
            what = Text(
                f"{key} and {owner} would share the table `{record.table}`",
                f"{key} 与 {owner} 会共用数据表 `{record.table}`",
            )
            problems.append(
                Problem("table-shared", what, fix=Text("rename one of the two", "请将其中一个改名"), place=record.place)
            )
        elif len(record.table) > NAME_LENGTH_MAX:
            what = Text(
                f"`{record.table}` is longer than {NAME_LENGTH_MAX} characters",
                f"`{record.table}` 超过 {NAME_LENGTH_MAX} 个字符",
            )
            problems.append(
                Problem(
                    "table-name-long", what, fix=Text("choose a shorter name", "请使用较短的名称"), place=record.place
                )
            )
    if problems:
        raise DefinitionError(tuple(problems))
