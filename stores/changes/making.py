"""Many new records, made by one deed or many and written set-wise: what ``commit_on`` would write one by one.

A merge that finds ten thousand conflicts makes as many records of them, an import makes a record or more of each row.
Lines and rows are put together by column, as those of a frame are. Where a
field stays at this node, or a plugin may withhold one, ``commit_on`` does it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.clock import iso
from core.model.lines import Block, Lines, bodies_of, chained
from core.model.merge import FieldStamp
from core.model.stamps import pack_one
from core.model.values import LINE_CHARS_MAX, Cell, canonical_json
from stores.changes import log
from stores.changes.commit import NOTICE, Deed, Edit, commit_on
from stores.changes.merging import DECIDED
from stores.changes.older import version_of
from stores.node import Node
from stores.storage import bulk
from stores.storage.counters import Counters

_NEW = ("id", "_store", "_hs", "_life", "_at", "_by", "_m")
_OF_THE_DEED = ("tx", "of", "action", "hlc", "at", "actor", "nth", "facts")


def make_on(
    connection: Connection, node: Node, standing: Counters, deed: Deed, record: RecordType, edits: Sequence[Edit]
) -> None:
    """Make the new records of ``edits``, all of type ``record``, as one deed; ``standing`` is saved by the caller."""
    assert all(edit.record is record for edit in edits), "one type"
    make_all_on(connection, node, standing, [(deed, edits)])


def make_all_on(
    connection: Connection, node: Node, standing: Counters, deeds: Sequence[tuple[Deed, Sequence[Edit]]]
) -> None:
    """Carry out deeds one after the other; those that make nothing but new records all at once."""
    for are_new, group in groupby(deeds, lambda each: all(edit.kind == "create" for edit in each[1])):
        some = list(group)
        if not (are_new and _made(connection, node, standing, some)):
            for deed, edits in some:
                commit_on(connection, node, standing, deed, edits)


def _made(connection: Connection, node: Node, standing: Counters, deeds: Sequence[tuple[Deed, Sequence[Edit]]]) -> bool:
    """Make the new records of some deeds, and say so; False, with nothing done, when they are not plain."""
    edits = [edit for _, some in deeds for edit in some]
    blocks = _blocks(edits)
    bodies = bodies_of(blocks, len(edits))
    if not _are_plain(node, blocks) or max(map(len, bodies), default=0) > LINE_CHARS_MAX:
        return False
    stamps, lines = _lines(node, standing, deeds, edits, bodies)
    standing.seq, standing.hash = lines.last, lines.hashes[-1]
    own = list(zip(stamps, lines.columns["at"], lines.columns["actor"], strict=True))
    for block in blocks:
        fixed = [(edits[n].id, edits[n].store, own[n][0].hs, 1, *own[n][1:], pack_one(own[n][0])) for n in block.places]
        values = _rows([block.new(name) for name in block.fields], len(fixed))
        rows = [(*known, *row) for known, row in zip(fixed, values, strict=True)]
        bulk.insert(connection, node.tables[block.type], (*_NEW, *block.fields), rows)
    log.append(connection, lines)
    node.touched((edit.record.key, edit.id) for edit in edits)
    return True


def _are_plain(node: Node, blocks: Sequence[Block]) -> bool:
    """Say whether every field is a column that goes into the log as it is, and nobody else has to be asked or told."""
    hears = node.host.hears
    return (
        bool(blocks)
        and not hears("entry_outgoing")
        and not (hears("channels") and any(block.type == NOTICE for block in blocks))
        and all(_is_plain(node.catalog.records[block.type], block) for block in blocks)
    )


def _is_plain(record: RecordType, block: Block) -> bool:
    known = record.fields.keys() | set(DECIDED)
    return known.issuperset(block.fields) and record.sync.hide.isdisjoint(block.fields)


def _blocks(edits: Sequence[Edit]) -> list[Block]:
    """Return the edits gathered by their type and the fields that they fill."""
    gathered: dict[tuple[str, ...], tuple[list[int], list[tuple[Cell, ...]]]] = {}
    for place, edit in enumerate(edits):
        filled = {name: cell for name, cell in edit.values.items() if cell is not None}
        places, rows = gathered.setdefault((edit.record.key, *filled), ([], []))
        places.append(place)
        rows.append(tuple(filled.values()))
    return [
        Block(type_, "create", tuple(fields), places, _paired(list(zip(*rows, strict=True))))
        for (type_, *fields), (places, rows) in gathered.items()
    ]


def _paired(columns: Sequence[Sequence[Cell]]) -> list[Sequence[Cell]]:
    """Put before each column of new values that of the old ones, which are empty."""
    return [each for column in columns for each in ([None] * len(column), column)]


def _rows(columns: Sequence[Sequence[Cell]], count: int) -> Sequence[tuple[Cell, ...]]:
    return list(zip(*columns, strict=True)) if columns else [()] * count


def _lines(
    node: Node,
    standing: Counters,
    deeds: Sequence[tuple[Deed, Sequence[Edit]]],
    edits: Sequence[Edit],
    bodies: Sequence[str],
) -> tuple[list[FieldStamp], Lines]:
    """Return the stamp of each edit, one for all of a deed, and their lines."""
    stamps: list[FieldStamp] = []
    own: list[tuple[object, ...]] = []
    for deed, some in deeds:
        standing.hlc = node.clock.tick()
        stamp = FieldStamp(standing.next_hs() if node.is_hub else 0, standing.hlc, standing.origin)
        stamps += [stamp] * len(some)
        told = (deed.tx, len(some), deed.action, stamp.hlc, iso(deed.at), deed.actor)
        own += [(*told, nth, _facts(node, deed, edit)) for nth, edit in enumerate(some, start=1)]
    columns: dict[str, Sequence[object]] = dict(zip(_OF_THE_DEED, zip(*own, strict=True), strict=True))
    here = {"received": iso(node.now()), "mono": node.mono(), "boot": node.boot, "kind": "create", "base_hs": 0}
    columns |= {name: [value] * len(edits) for name, value in here.items()}
    columns |= {"store": [edit.store for edit in edits], "pk": [edit.id for edit in edits]}
    columns |= {"type": [edit.record.key for edit in edits], "body": bodies}
    hashes = chained(standing.hash, standing.origin, standing.seq + 1, columns)
    return stamps, Lines(standing.origin, standing.seq + 1, columns, hashes)


def _facts(node: Node, deed: Deed, edit: Edit) -> str | None:
    facts = {**version_of(node.catalog, edit.record), **(deed.facts or {})}
    return canonical_json(facts) if facts else None
