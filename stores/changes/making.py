"""Many new records of one type, made by one deed and written set-wise: what ``commit_on`` would write one by one.

A merge that finds ten thousand conflicts makes as many records of them. Lines and rows are put together by column, as
those of a frame are. Where a field stays at this node, or a plugin may withhold one, ``commit_on`` does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.clock import iso
from core.model.lines import Block, Lines, bodies_of, chained
from core.model.merge import FieldStamp
from core.model.stamps import pack_one
from core.model.values import Cell, canonical_json
from stores.changes import log
from stores.changes.commit import LINE_CHARS_MAX, NOTICE, Deed, Edit, commit_on
from stores.changes.merging import DECIDED
from stores.changes.older import version_of
from stores.node import Node
from stores.storage import bulk
from stores.storage.counters import Counters

_NEW = ("id", "_store", "_hs", "_life", "_at", "_by", "_m")


def make_on(
    connection: Connection, node: Node, standing: Counters, deed: Deed, record: RecordType, edits: Sequence[Edit]
) -> None:
    """Make the new records of ``edits``, all of type ``record``, as one deed; ``standing`` is saved by the caller."""
    blocks = _blocks(record, edits)
    bodies = bodies_of(blocks, len(edits))
    if not _is_plain(node, record, blocks) or max(map(len, bodies), default=0) > LINE_CHARS_MAX:
        commit_on(connection, node, standing, deed, edits)
        return
    standing.hlc = node.clock.tick()
    stamp = FieldStamp(standing.next_hs() if node.is_hub else 0, standing.hlc, standing.origin)
    lines = _lines(node, standing, deed, record, edits, bodies)
    standing.seq, standing.hash = lines.last, lines.hashes[-1]
    same = (stamp.hs, 1, lines.columns["at"][0], deed.actor, pack_one(stamp))
    for block in blocks:
        some = [edits[place] for place in block.places]
        columns = [block.new(name) for name in block.fields]
        rows = [(edit.id, edit.store, *same, *row) for edit, row in zip(some, _rows(columns, len(some)), strict=True)]
        bulk.insert(connection, node.tables[record.key], (*_NEW, *block.fields), rows)
    log.append(connection, lines)
    node.touched((record.key, edit.id) for edit in edits)


def _is_plain(node: Node, record: RecordType, blocks: Sequence[Block]) -> bool:
    """Say whether every field is a column that goes into the log as it is, and nobody else has to be asked or told."""
    known = record.fields.keys() | set(DECIDED)
    return (
        bool(blocks)
        and record.key != NOTICE
        and not node.host.hears("entry_outgoing")
        and all(known.issuperset(block.fields) and record.sync.hide.isdisjoint(block.fields) for block in blocks)
    )


def _blocks(record: RecordType, edits: Sequence[Edit]) -> list[Block]:
    """Return the edits gathered by the fields that they fill."""
    gathered: dict[tuple[str, ...], tuple[list[int], list[tuple[Cell, ...]]]] = {}
    for place, edit in enumerate(edits):
        assert edit.kind == "create", "what is there already is changed by `commit_on`"
        filled = {name: cell for name, cell in edit.values.items() if cell is not None}
        places, rows = gathered.setdefault(tuple(filled), ([], []))
        places.append(place)
        rows.append(tuple(filled.values()))
    return [
        Block(record.key, "create", fields, places, _paired(list(zip(*rows, strict=True))))
        for fields, (places, rows) in gathered.items()
    ]


def _paired(columns: Sequence[Sequence[Cell]]) -> list[Sequence[Cell]]:
    """Put before each column of new values that of the old ones, which are empty."""
    return [each for column in columns for each in ([None] * len(column), column)]


def _rows(columns: Sequence[Sequence[Cell]], count: int) -> Sequence[tuple[Cell, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * count


def _lines(
    node: Node, standing: Counters, deed: Deed, record: RecordType, edits: Sequence[Edit], bodies: Sequence[str]
) -> Lines:
    count, facts = len(edits), {**version_of(node.catalog, record), **(deed.facts or {})} or None
    same: dict[str, object] = {
        "tx": deed.tx,
        "of": count,
        "action": deed.action,
        "hlc": standing.hlc,
        "at": iso(deed.at),
        "received": iso(node.now()),
        "mono": node.mono(),
        "boot": node.boot,
        "actor": deed.actor,
        "type": record.key,
        "kind": "create",
        "base_hs": 0,
        "facts": None if facts is None else canonical_json(facts),
    }
    columns: dict[str, Sequence[object]] = {name: [value] * count for name, value in same.items()}
    columns |= {"nth": range(1, count + 1), "store": [edit.store for edit in edits], "pk": [edit.id for edit in edits]}
    columns["body"] = bodies
    hashes = chained(standing.hash, standing.origin, standing.seq + 1, columns)
    return Lines(standing.origin, standing.seq + 1, columns, hashes)
