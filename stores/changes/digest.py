"""Do two nodes hold the same? A count and a 128-bit sum per record type and store, the same on both when they agree.

The sum is of the rows' hashes, so the order of arrival does not matter, and one row's part can be taken out and put
in again: kept up to date with every write it would be the same number. For now it is worked out by reading all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.values import Cell, canonical_json, read_json
from stores.changes.feed import held_by, leaving
from stores.node import Node
from stores.storage import bulk

_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Digest:
    """What the records of one type and one owner add up to. ``total`` is the sum of ``row_hash``, modulo 2**128."""

    type: str
    store: str
    count: int = 0
    total: int = 0

    def plus(self, row: int) -> Digest:
        """Return the digest with one more row."""
        return Digest(self.type, self.store, self.count + 1, (self.total + row) % _MODULUS)

    def minus(self, row: int) -> Digest:
        """Return the digest with one row fewer."""
        return Digest(self.type, self.store, self.count - 1, (self.total - row) % _MODULUS)

    @property
    def hex(self) -> str:
        """The sum as 32 characters."""
        return f"{self.total:032x}"


def row_hash(id_: str, life: int, hs: int, cells: Mapping[str, Cell]) -> int:
    """Return the 128-bit hash of what is shared of one row. Empty fields are left out.

    So a node whose plugin has a field more than the other's agrees with it until the field is used.
    """
    shared = {name: cell for name, cell in cells.items() if cell is not None}
    text = canonical_json([id_, life, hs, shared])
    return int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")


def digest(connection: Connection, record: RecordType, store: str) -> dict[str, Digest]:
    """Return the digests of what ``store`` holds of one record type, by owner."""
    names = leaving(record)
    columns = ", ".join(map(bulk.quoted, ("id", "_store", "_life", "_hs", "_x", *names)))
    sums: dict[str, Digest] = {}
    for test, owner_ in held_by(record, store):
        sql = f'SELECT {columns} FROM {bulk.quoted(record.table)} WHERE {test}"_hs" >= 0'  # noqa: S608 - our names
        for id_, owner, life, hs, unknown, *values in bulk.each(connection, sql, *owner_):
            cells = dict(zip(names, values, strict=True)) | (read_json(unknown) if unknown else {})
            sums[owner] = sums.get(owner, Digest(record.key, owner)).plus(row_hash(id_, life, hs, cells))
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
