"""Plain transactions of a store, merged set-wise: what makes new records of its own or goes on from what it last saw.

A store's log is mostly that, at first contact nearly all of it. Such lines are checked by column and written with one
statement per set of fields; there is nothing to decide. Whatever is not so plain is left to ``batch``, line by line,
and both come to the same records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

from sqlalchemy import Connection

from core.language.definition import SYSTEM, RecordType
from core.model.lines import Block, Lines
from core.model.scope import is_home
from core.model.stamps import pack_each, pack_over_each
from stores.changes.held import LIFE
from stores.changes.limits import all_within
from stores.changes.merging import Shape, Unfit, check_column, is_moment, just_stands, shape_of
from stores.changes.people import People
from stores.changes.permits import CORE, speaks_for
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk

_NEW = ("id", "_store", "_hs", "_life", "_at", "_by", "_m")
_KNOWN = ("id", "_store", "_hs", "_life", "_at", "_by", "_m")

OnFile = Mapping[str, Sequence[Any]]  # id -> ``_KNOWN``


@dataclass(frozen=True, slots=True)
class Stamps:
    """Of each line its place in the hub's order and its clock stamp; all are of one origin."""

    hs: Sequence[int]
    hlc: Sequence[int]


@dataclass(frozen=True, slots=True)
class Merged:
    """What has been written: the records, and for each line whether it is dealt with and its transaction's number."""

    keys: list[Key]
    done: Sequence[int]
    number: Sequence[int]
    newest: int = 0  # the highest stamp given
    hs: int = 0  # the last place taken


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms lines are merged. Transaction n takes place ``after`` + 1 + n.

    ``latest`` is the highest stamp that a line may claim. Without ``looking``, a record that a line creates is taken
    for new: the database refuses one that is on file.
    """

    sender: str
    after: int
    latest: int
    looking: bool = True


def merge_plain(
    connection: Connection, node: Node, lines: Lines, people: People, waiting: set[Key], terms: Terms
) -> Merged:
    """Write what all plain transactions among ``lines`` do. It is what merging line by line would write."""
    sender = terms.sender
    blocks = [block for block in lines.blocks() if _is_plain(node, block, sender)]
    plain = bytearray(len(lines))
    for block in blocks:
        for place in block.places:
            plain[place] = 1
    number = lines.transactions()
    if not blocks:
        return Merged([], plain, number)
    _leave_strangers(lines, plain, people, sender)
    _leave_second_words(lines, plain, waiting)
    on_file = [
        _leave_changed(connection, node, block, lines, plain, sender) if terms.looking or block.kind != "create" else {}
        for block in blocks
    ]
    _leave_mixed(number, plain)
    stamps = _stamps(lines, number, terms.after, terms.latest)
    for block, known in zip(blocks, on_file, strict=True):
        places = [n for n, place in enumerate(block.places) if plain[place]]
        if block.kind == "create":
            _create(connection, node, block, lines, places, stamps)
        else:
            _go_on(connection, node, block, lines, places, stamps, known)
    keys = list(compress(zip(lines.columns["type"], lines.columns["pk"], strict=True), plain))
    newest, last = (max(compress(column, plain), default=0) for column in (stamps.hlc, stamps.hs))
    return Merged(keys, plain, number, newest, last)


def _is_plain(node: Node, block: Block, sender: str) -> bool:
    """Say whether the lines of a block may be plain: the sender is the home of their records and writes known fields.

    Core's own records are looked at line by line (``permits``), a unique field asks who else holds its value, and what
    an older plugin version wrote has to be read anew.
    """
    record = node.catalog.records.get(block.type)
    if record is None or record.plugin == CORE or node.catalog.plugins[record.plugin].migrations:
        return False
    shape, names = shape_of(record), set(block.fields)
    if not is_home(record.sync.home, sender, sender) or LIFE in names or not names <= shape.policies.keys():
        return False
    if block.kind == "create":
        free = not _unique(record, record.fields)
    else:
        free = block.kind == "update" and just_stands(names, shape, is_home=True) and not _unique(record, names)
    return free and _fits(shape, block)


def _unique(record: RecordType, names: Mapping[str, object] | set[str]) -> bool:
    return any(field.stored and field.unique for name, field in record.fields.items() if name in names)


def _fits(shape: Shape, block: Block) -> bool:
    try:
        for name in block.fields:
            check_column(shape, name, block.new(name))
    except Unfit:
        return False
    return all(all_within(shape.limited[name], block.new(name)) for name in shape.limited.keys() & set(block.fields))


def _leave_strangers(lines: Lines, plain: bytearray, people: People, sender: str) -> None:
    """Leave what is of another store, in the name of somebody who may not, or at no moment."""
    stores, actors = lines.columns["store"], lines.columns["actor"]
    strange = {actor for actor in set(actors) if actor != SYSTEM and not speaks_for(actor, sender, people)}
    for place, (store, actor, at) in enumerate(zip(stores, actors, lines.columns["at"], strict=True)):
        if store != sender or actor in strange or not is_moment(at):
            plain[place] = 0


def _leave_second_words(lines: Lines, plain: bytearray, waiting: set[Key]) -> None:
    """Leave what is not the first that is said of a record, here or in quarantine."""
    pks = lines.columns["pk"]
    if not waiting and len(set(pks)) == len(pks):
        return
    said = set(waiting)
    for place, key in enumerate(zip(lines.columns["type"], pks, strict=True)):
        if key in said:
            plain[place] = 0
        said.add(key)


def _leave_changed(
    connection: Connection, node: Node, block: Block, lines: Lines, plain: bytearray, sender: str
) -> OnFile:
    """Leave new records that are on file, and edits that did not see the record as it is; return what is on file."""
    ids, seen = lines.columns["pk"], lines.columns["base_hs"]
    asked = [ids[place] for place in block.places if plain[place]]
    on_file = {row[0]: row for row in bulk.select(connection, node.tables[block.type], _KNOWN, "id", asked)}
    for place in block.places:
        known = on_file.get(ids[place])
        if known is None:
            fits = block.kind == "create"
        else:
            _, store, hs, life, *_ = known
            fits = block.kind == "update" and store == sender and hs <= seen[place] and life % 2 == 1
        if not fits:
            plain[place] = 0
    return on_file


def _leave_mixed(number: Sequence[int], plain: bytearray) -> None:
    """Leave a transaction of which anything is left: it is merged whole."""
    left = {number[place] for place, kept in enumerate(plain) if not kept}
    for place, transaction in enumerate(number) if left else ():
        if transaction in left:
            plain[place] = 0


def _stamps(lines: Lines, number: Sequence[int], after: int, latest: int) -> Stamps:
    """Return the stamp of each line: the first line of a transaction gives it to all."""
    claimed, hlc = lines.columns["hlc"], list[int]()
    for place, transaction in enumerate(number):
        goes_on = place > 0 and number[place - 1] == transaction
        hlc.append(hlc[-1] if goes_on else min(claimed[place], latest))
    return Stamps([after + 1 + transaction for transaction in number], hlc)


def _create(
    connection: Connection, node: Node, block: Block, lines: Lines, places: Sequence[int], stamps: Stamps
) -> None:
    some = [block.places[n] for n in places]
    ids, stores, ats, actors = (_some(lines.columns[name], some) for name in ("pk", "store", "at", "actor"))
    hs, hlc = _some(stamps.hs, some), _some(stamps.hlc, some)
    values = [_some(block.new(name), places) for name in block.fields]
    packed = pack_each(hs, hlc, lines.origin)
    rows = list(zip(ids, stores, hs, [1] * len(ids), ats, actors, packed, *values, strict=True))
    bulk.insert(connection, node.tables[block.type], (*_NEW, *block.fields), rows)


def _go_on(
    connection: Connection,
    node: Node,
    block: Block,
    lines: Lines,
    places: Sequence[int],
    stamps: Stamps,
    on_file: OnFile,
) -> None:
    some, names = [block.places[n] for n in places], tuple(sorted(block.fields))
    ids, ats, actors = (_some(lines.columns[name], some) for name in ("pk", "at", "actor"))
    hs, hlc = _some(stamps.hs, some), _some(stamps.hlc, some)
    packed = pack_over_each([on_file[id_][-1] or "" for id_ in ids], names, hs, hlc, lines.origin)
    columns = [_some(block.new(name), places) for name in names]
    values = zip(*columns, strict=True) if columns else [()] * len(ids)
    rows = []
    for cells, id_, place, at, by, text in zip(values, ids, hs, ats, actors, packed, strict=True):
        _, _, _, _, was, who, _ = on_file[id_]
        shown = (at, by) if at >= (was or "") else (was, who)
        rows.append((*cells, place, *shown, text, id_))
    bulk.update(connection, node.tables[block.type], (*names, "_hs", "_at", "_by", "_m"), rows)


def _some(column: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Return the values of a column at some places, rising."""
    return column if len(places) == len(column) else [column[n] for n in places]
