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
_KNOWN = ("_store", "_hs", "_life", "_at", "_m")


@dataclass(frozen=True, slots=True)
class OnFile:
    """The records that the edits of a block go on from: which lines of it those are, where the rows are, their stamps.

    One item of each for each record.
    """

    lines: Sequence[int]
    where: Sequence[int | str]
    stamps: Sequence[str]

    def some(self, kept: Sequence[bool]) -> OnFile:
        """Return those of which ``kept`` says so."""
        if all(kept):
            return self
        columns: list[list[Any]] = [list(compress(each, kept)) for each in (self.lines, self.where, self.stamps)]
        return OnFile(*columns)


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
    new, edits = ([block for block in blocks if (block.kind == "create") is wanted] for wanted in (True, False))
    for block in new if terms.looking else ():
        _leave_known(connection, node, block, lines, plain)
    on_file = [_leave_changed(connection, node, block, lines, plain, sender) for block in edits]
    _leave_mixed(number, plain)
    stamps = _stamps(lines, number, terms.after, terms.latest)
    for block in new:
        _create(connection, node, block, lines, [n for n, place in enumerate(block.places) if plain[place]], stamps)
    for block, known in zip(edits, on_file, strict=True):
        kept = [plain[block.places[n]] == 1 for n in known.lines]
        _go_on(connection, node, block, lines, known.some(kept), stamps)
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
    stores, actors, ats = (lines.columns[name] for name in ("store", "actor", "at"))
    strange = {actor for actor in set(actors) if actor != SYSTEM and not speaks_for(actor, sender, people)}
    never = {at for at in set(ats) if not is_moment(at)}
    if not strange and not never and stores.count(sender) == len(stores):
        return
    for place, (store, actor, at) in enumerate(zip(stores, actors, ats, strict=True)):
        if store != sender or actor in strange or at in never:
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


def _leave_known(connection: Connection, node: Node, block: Block, lines: Lines, plain: bytearray) -> None:
    """Leave new records that are on file already."""
    asked = [place for place in block.places if plain[place]]
    ids = _some(lines.columns["pk"], asked)
    for place, *_ in bulk.find(connection, node.tables[block.type], (), ids):
        plain[asked[place]] = 0


def _leave_changed(
    connection: Connection, node: Node, block: Block, lines: Lines, plain: bytearray, sender: str
) -> OnFile:
    """Leave edits that did not see the record as it is, or are older than what it shows; return what is on file."""
    asked = [n for n, place in enumerate(block.places) if plain[place]]
    ids = _some(lines.columns["pk"], _some(block.places, asked))
    rows = bulk.find(connection, node.tables[block.type], _KNOWN, ids)
    here = _some(asked, [row[0] for row in rows])
    some = _some(block.places, here)
    seen, ats = (_some(lines.columns[name], some) for name in ("base_hs", "at"))
    fits = [
        store == sender and hs <= last and life % 2 == 1 and (was or "") <= at
        for (_, _, store, hs, life, was, _), last, at in zip(rows, seen, ats, strict=True)
    ]
    found = OnFile(here, [row[1] for row in rows], [row[-1] or "" for row in rows]).some(fits)
    if len(found.lines) < len(asked):
        for n in set(asked).difference(found.lines):
            plain[block.places[n]] = 0
    return found


def _leave_mixed(number: Sequence[int], plain: bytearray) -> None:
    """Leave a transaction of which anything is left: it is merged whole."""
    left = {number[place] for place, kept in enumerate(plain) if not kept}
    for place, transaction in enumerate(number) if left else ():
        if transaction in left:
            plain[place] = 0


def _stamps(lines: Lines, number: Sequence[int], after: int, latest: int) -> Stamps:
    """Return the stamp of each line: the first line of a transaction gives it to all."""
    claimed: Sequence[int] = lines.columns["hlc"]
    if max(claimed) > latest:
        claimed = [min(stamp, latest) for stamp in claimed]
    if number[-1] < len(number) - 1:
        first: dict[int, int] = {}
        claimed = [first.setdefault(transaction, stamp) for transaction, stamp in zip(number, claimed, strict=True)]
    return Stamps([after + 1 + transaction for transaction in number], claimed)


def _create(
    connection: Connection, node: Node, block: Block, lines: Lines, places: Sequence[int], stamps: Stamps
) -> None:
    some = _some(block.places, places)
    ids, stores, ats, actors = (_some(lines.columns[name], some) for name in ("pk", "store", "at", "actor"))
    hs, hlc = _some(stamps.hs, some), _some(stamps.hlc, some)
    values = [_some(block.new(name), places) for name in block.fields]
    columns = (ids, stores, hs, [1] * len(ids), ats, actors, pack_each(hs, hlc, lines.origin), *values)
    bulk.insert_columns(connection, node.tables[block.type], (*_NEW, *block.fields), columns)


def _go_on(connection: Connection, node: Node, block: Block, lines: Lines, on_file: OnFile, stamps: Stamps) -> None:
    """Write what edits say over what is on file; ``_leave_changed`` has seen to it that each may."""
    some, names = _some(block.places, on_file.lines), tuple(sorted(block.fields))
    ats, actors = (_some(lines.columns[name], some) for name in ("at", "actor"))
    hs, hlc = _some(stamps.hs, some), _some(stamps.hlc, some)
    packed = pack_over_each(on_file.stamps, names, hs, hlc, lines.origin)
    values = [_some(block.new(name), on_file.lines) for name in names]
    columns = (*values, hs, ats, actors, packed, on_file.where)
    bulk.update_found(connection, node.tables[block.type], (*names, "_hs", "_at", "_by", "_m"), columns)


def _some(column: Sequence[Any], places: Sequence[int]) -> Sequence[Any]:
    """Return the values of a column at some places, rising."""
    return column if len(places) == len(column) else [column[n] for n in places]
