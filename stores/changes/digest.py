"""Do two nodes hold the same? A count and a 128-bit sum per record type and store, the same on both when they agree.

The sum is of the rows' hashes, so the order of arrival does not matter, and one row's part can be taken out and put
in again: ``buckets`` keeps it up to date. Here it is worked out by reading all rows. Only living records that
headquarters has a place for are counted: a tombstone may be gone at one node and not yet at the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.values import Cell, canonical_json, read_aside
from stores.changes.feed import held_by, leaving
from stores.node import Node
from stores.storage import bulk

MODULUS = 1 << 128
COUNTED = '"_hs" > 0 AND ("_life" & 1) = 1'


@dataclass(frozen=True, slots=True)
class Digest:
    """What the records of one type and one owner add up to. ``total`` is the sum of ``row_hash``, modulo 2**128."""

    type: str
    store: str
    count: int = 0
    total: int = 0

    def plus(self, row: int) -> Digest:
        """Return the digest with one more row."""
        return Digest(self.type, self.store, self.count + 1, (self.total + row) % MODULUS)

    def minus(self, row: int) -> Digest:
        """Return the digest with one row fewer."""
        return Digest(self.type, self.store, self.count - 1, (self.total - row) % MODULUS)

    @property
    def hex(self) -> str:
        """The sum as 32 characters."""
        return f"{self.total:032x}"


def row_hash(id_: str, store: str, life: int, hs: int, cells: Mapping[str, Cell]) -> int:
    """Return the 128-bit hash of what is shared of one row. Empty fields are left out.

    So a node whose plugin has a field more than the other's agrees with it until the field is used.
    """
    shared = {name: cell for name, cell in cells.items() if cell is not None}
    text = canonical_json([id_, store, life, hs, shared])
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")


@dataclass(frozen=True, slots=True)
class Row:
    """One counted row: where it is, what it adds to a sum."""

    id: str
    store: str
    hs: int
    hash: int


def rows(connection: Connection, record: RecordType, test: str = "", *values: object) -> Iterator[Row]:
    """Yield the counted rows of a type that pass a condition (SQL that ends in ``AND``), a page in memory at a time."""
    names = leaving(record)
    columns = ", ".join(map(bulk.quoted, ("id", "_store", "_life", "_hs", "_x", *names)))
    sql = f"SELECT {columns} FROM {bulk.quoted(record.table)} WHERE {test}{COUNTED}"  # noqa: S608 - our names
    for id_, store, life, hs, unknown, *cells_ in bulk.each(connection, sql, *values):
        cells = dict(zip(names, cells_, strict=True)) | (read_aside(unknown) if unknown else {})
        yield Row(id_, store, hs, row_hash(id_, store, life, hs, cells))


def digest(connection: Connection, record: RecordType, store: str) -> dict[str, Digest]:
    """Return the digests of what ``store`` holds of one record type, by owner."""
    sums: dict[str, Digest] = {}
    for test, owner in held_by(record, store):
        for row in rows(connection, record, test, *owner):
            sums[row.store] = sums.get(row.store, Digest(record.key, row.store)).plus(row.hash)
    return sums


def digests(connection: Connection, node: Node, store: str) -> list[Digest]:
    """Return the digests of everything that ``store`` holds, by type and owner; equal lists mean equal records.

    Compare when nothing is on its way: the branch's log acknowledged, and both at one place of the hub's order.
    """
    found = []
    for key in sorted(node.catalog.records):
        sums = digest(connection, node.catalog.records[key], store)
        found += [sums[owner] for owner in sorted(sums)]
    return found
