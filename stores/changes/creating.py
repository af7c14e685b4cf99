"""New records that came up, put down set-wise: nothing is there to merge them with, so nothing is asked one by one.

A store's log is mostly records that it makes, at first contact nearly all of it. A transaction that only makes new
records of its own store, each the first word about it, is checked by column and written with one statement per set of
fields. Whatever is not so plain is left to ``batch``, and both come to the same records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.language.definition import SYSTEM
from core.model.lines import Block, Lines
from core.model.merge import FieldStamp
from core.model.scope import is_home
from core.model.stamps import pack_one
from stores.changes.held import LIFE
from stores.changes.merging import Shape, Unfit, check_column, is_moment, shape_of
from stores.changes.people import People
from stores.changes.permits import CORE, speaks_for
from stores.changes.quarantine import Key
from stores.node import Node
from stores.storage import bulk

_HIDDEN = ("id", "_store", "_hs", "_life", "_at", "_by", "_m")


@dataclass(frozen=True, slots=True)
class Made:
    """What has been written: the records, in the order of the log, and for each line whether it is dealt with."""

    keys: list[Key]
    done: Sequence[int]
    newest: int = 0  # the highest stamp given
    hs: int = 0  # the last place taken


def create(
    connection: Connection,
    node: Node,
    lines: Lines,
    people: People,
    waiting: set[Key],
    *,
    sender: str,
    after: int,
    latest: int,
) -> Made:
    """Write the records of all plain transactions among ``lines``; transaction n takes place ``after`` + 1 + n.

    ``latest`` is the highest stamp that a line may claim. What is written is what merging line by line would write.
    """
    blocks = [block for block in lines.blocks() if _is_plain(node, block, sender)]
    plain = bytearray(len(lines))
    for block in blocks:
        for place in block.places:
            plain[place] = 1
    if not blocks:
        return Made([], plain)
    _leave_strangers(lines, plain, people, sender)
    _leave_second_words(lines, plain, waiting)
    for block in blocks:
        _leave_known(connection, node, block, lines, plain)
    number = lines.transactions()
    _leave_mixed(number, plain)
    stamps = _stamps(lines, number, after, latest)
    keys: list[Key] = []
    for block in blocks:
        keys += _write(connection, node, block, lines, plain, stamps)
    given = [stamp for stamp, kept in zip(stamps, plain, strict=True) if kept]
    newest = max((stamp.hlc for stamp in given), default=0)
    return Made(keys, plain, newest, given[-1].hs if given else 0)


def _is_plain(node: Node, block: Block, sender: str) -> bool:
    """Say whether the lines of a block may be plain: new records of a type that the sender is the home of.

    Core's own records are looked at line by line (``permits``), a unique field asks who else holds its value, and what
    an older plugin version wrote has to be read anew.
    """
    record = node.catalog.records.get(block.type)
    if (
        record is None
        or block.kind != "create"
        or record.plugin == CORE
        or node.catalog.plugins[record.plugin].migrations
    ):
        return False
    shape = shape_of(record)
    own = is_home(record.sync.home, sender, sender) and LIFE not in block.fields
    stored = set(block.fields) <= shape.policies.keys()
    unique = any(field.stored and field.unique for field in record.fields.values())
    return own and stored and not unique and _fits(shape, block)


def _fits(shape: Shape, block: Block) -> bool:
    try:
        for name in block.fields:
            check_column(shape, name, block.new(name))
    except Unfit:
        return False
    return True


def _leave_strangers(lines: Lines, plain: bytearray, people: People, sender: str) -> None:
    """Leave what is of another store, in the name of somebody who may not, or at no moment."""
    stores, actors = lines.columns["store"], lines.columns["actor"]
    strange = {actor for actor in set(actors) if actor != SYSTEM and not speaks_for(actor, sender, people)}
    for place, (store, actor, at) in enumerate(zip(stores, actors, lines.columns["at"], strict=True)):
        if store != sender or actor in strange or not is_moment(at):
            plain[place] = 0


def _leave_second_words(lines: Lines, plain: bytearray, waiting: set[Key]) -> None:
    """Leave what is not the first that is said of a record, here or in quarantine."""
    said = set(waiting)
    for place, key in enumerate(zip(lines.columns["type"], lines.columns["pk"], strict=True)):
        if key in said:
            plain[place] = 0
        said.add(key)


def _leave_known(connection: Connection, node: Node, block: Block, lines: Lines, plain: bytearray) -> None:
    """Leave what is on file already."""
    ids = lines.columns["pk"]
    asked = [ids[place] for place in block.places if plain[place]]
    known = {id_ for (id_,) in bulk.select(connection, node.tables[block.type], ("id",), "id", asked)}
    for place in block.places if known else ():
        if ids[place] in known:
            plain[place] = 0


def _leave_mixed(number: Sequence[int], plain: bytearray) -> None:
    """Leave a transaction of which anything is left: it is merged whole."""
    left = {number[place] for place, kept in enumerate(plain) if not kept}
    for place, transaction in enumerate(number) if left else ():
        if transaction in left:
            plain[place] = 0


def _stamps(lines: Lines, number: Sequence[int], after: int, latest: int) -> list[FieldStamp]:
    """Return the stamp of each line: the first line of a transaction gives it to all."""
    given: dict[int, FieldStamp] = {}
    for transaction, hlc in zip(number, lines.columns["hlc"], strict=True):
        if transaction not in given:
            given[transaction] = FieldStamp(after + 1 + transaction, min(hlc, latest), lines.origin)
    return [given[transaction] for transaction in number]


def _write(
    connection: Connection, node: Node, block: Block, lines: Lines, plain: bytearray, stamps: Sequence[FieldStamp]
) -> Iterable[Key]:
    ids, at, by = (lines.columns[name] for name in ("pk", "at", "actor"))
    store = lines.columns["store"]
    cells = zip(*block.cells[1::2], strict=True) if block.fields else [()] * len(block.places)
    rows = [
        (ids[n], store[n], stamps[n].hs, 1, at[n], by[n], pack_one(stamps[n]), *values)
        for n, values in zip(block.places, cells, strict=True)
        if plain[n]
    ]
    bulk.insert(connection, node.tables[block.type], (*_HIDDEN, *block.fields), rows)
    return [(block.type, row[0]) for row in rows]
