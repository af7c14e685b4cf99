"""What a rebuilt node takes over from the database it had before, if that can still be read.

Records come from headquarters. What never leaves a node is nowhere else: how people sign in, fields that a plugin
hides, and how far the numbers of records have got. Nor is a photo that was not sent yet; those that were need not come
down again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stores.node import Node
from stores.storage import bulk
from stores.storage.database import BESIDE, Connection
from stores.storage.system import ACCOUNT, CONTENT, PIECE, SEQUENCE


@dataclass(frozen=True, slots=True)
class Inherited:
    """How many people can sign in as before, and how many hidden fields were filled."""

    accounts: int = 0
    hidden: int = 0


def inherit(node: Node, old: Path) -> Inherited:
    """Take over from ``old``, in one transaction, what only it had; what is here already stays as it is."""
    with node.database.write_beside(old) as connection:
        there = {name for (name,) in bulk.run(connection, f"SELECT name FROM {BESIDE}.sqlite_master")}  # noqa: S608 - our names
        for table in (ACCOUNT, SEQUENCE, CONTENT, PIECE):
            if table.name in there:
                columns = ", ".join(map(bulk.quoted, _shared(connection, table.name)))
                sql = f"INSERT OR IGNORE INTO main.{table.name} ({columns}) SELECT {columns} FROM {BESIDE}.{table.name}"  # noqa: S608 - our names
                bulk.run_only(connection, sql)
        accounts = bulk.run(connection, "SELECT count(*) FROM account WHERE active = 1")[0][0]
        hidden = sum(
            _fill(connection, table.name, name)
            for record, table in node.tables
            for name in record.sync.hide
            if table.name in there and name in _shared(connection, table.name)
        )
    return Inherited(accounts, hidden)


def _fill(connection: Connection, table: str, name: str) -> int:
    """Fill an empty field from the same record of the other database; return how many were filled."""
    table, name = bulk.quoted(table), bulk.quoted(name)
    known = f"SELECT old.{name} FROM {BESIDE}.{table} AS old WHERE old.id = {table}.id"  # noqa: S608 - our names
    empty = f"{name} IS NULL AND ({known}) IS NOT NULL"
    count = bulk.run(connection, f"SELECT count(*) FROM main.{table} WHERE {empty}")[0][0]  # noqa: S608 - our names
    bulk.run_only(connection, f"UPDATE main.{table} SET {name} = ({known}) WHERE {empty}")  # noqa: S608 - our names
    return int(count)


def _shared(connection: Connection, table: str) -> list[str]:
    """Return the columns that both databases have."""
    here, there = (
        [name for (name,) in bulk.run(connection, "SELECT name FROM pragma_table_info(?, ?)", table, schema)]
        for schema in ("main", BESIDE)
    )
    return [name for name in here if name in there]
