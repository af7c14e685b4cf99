"""Records of different stores that may be the same one, found at headquarters: one record for each two of them.

A merge does not look for them. Headquarters walks along its own order of changes in a quiet moment, a page at a time,
and asks an index who else has the key. So it finds what has been there for years when a plugin begins to ask, and what
was brought back by a restore. Nothing is merged: each store goes on with its own record, and both are told what was
decided.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from core.language.definition import Alike, RecordType
from core.model.clock import iso
from core.model.scope import HEADQUARTERS
from core.model.values import Cell
from stores.actor import SYSTEM_ACTOR
from stores.changes.commit import Deed, Edit, commit
from stores.node import Node
from stores.storage import bulk, counters, state

MATCH = "core.match"
PAGE_ROWS = 500
PAIRS_MAX = 20  # of one record: a number that half the chain has typed in is no person's
_ALIVE = ' AND ("_life" & 1) = 1'
_LOOKED = "alike."  # node_state, with the rule's name: up to which place of the order has been looked


class Known(NamedTuple):
    """A record with the key that is compared."""

    id: str
    store: str
    number: str | None
    key: tuple[Cell, ...]


Pair = tuple[Known, Known]  # the one known first in front


def look(node: Node) -> int:
    """Look at one page of what has changed since the last look, for each rule; return how many pairs were found.

    Call it again while ``is_behind``. A node that orders nobody's changes has nothing to look at.
    """
    found = 0
    for record, rule in _rules(node):
        with node.database.write() as connection:
            found += _look(connection, node, record, rule)
    if found:
        node.committed()
    return found


def is_behind(node: Node) -> bool:
    """Return whether there is something that has not been looked at."""
    with node.database.read() as connection:
        now = counters.hub_sequence(connection)
        return any(_position(connection, record, rule) < now for record, rule in _rules(node))


def _rules(node: Node) -> list[tuple[RecordType, Alike]]:
    if not node.is_hub:
        return []
    return [(record, rule) for record in node.catalog.records.values() for rule in record.alike.values()]


def _position(connection: Connection, record: RecordType, rule: Alike) -> int:
    return state.get_int(connection, f"{_LOOKED}{record.key}.{rule.name}")


def _look(connection: Connection, node: Node, record: RecordType, rule: Alike) -> int:
    since, now = _position(connection, record, rule), counters.hub_sequence(connection)
    if since >= now:
        return 0
    upto = _page_end(connection, record, since) or now
    pairs = _unknown(connection, node, _pairs(connection, node, record, rule, since, upto))
    if pairs:
        edits = [_edit(node, record, rule, first, second) for first, second in pairs]
        commit(connection, node, Deed(node.new_id(), f"{MATCH}.find", SYSTEM_ACTOR.id, node.now()), edits)
    state.put_int(connection, f"{_LOOKED}{record.key}.{rule.name}", upto)
    return len(pairs)


def _page_end(connection: Connection, record: RecordType, since: int) -> int | None:
    """Return the place of the order at which a page ends, never inside a transaction; None when it is the last one."""
    sql = f'SELECT "_hs" FROM {bulk.quoted(record.table)} WHERE "_hs" > ? ORDER BY "_hs" LIMIT ?'  # noqa: S608 - our names
    places = bulk.run(connection, sql, since, PAGE_ROWS + 1)
    return int(places[PAGE_ROWS - 1][0]) if len(places) > PAGE_ROWS else None


def _pairs(
    connection: Connection, node: Node, record: RecordType, rule: Alike, since: int, upto: int
) -> Iterator[Pair]:
    """Yield the records changed in a stretch of the order, each with those of other stores that have its key.

    The first of all is set against every other one, so that five stores make four pairs and not ten.
    """
    columns = ("id", "_store", "number", *rule.key)
    names, table = ", ".join(map(bulk.quoted, columns)), bulk.quoted(record.table)
    sql = f'SELECT {names} FROM {table} WHERE "_hs" > ? AND "_hs" <= ?{_ALIVE}'  # noqa: S608 - our names
    changed = list(_known(bulk.run(connection, sql, since, upto)))
    groups: dict[tuple[Cell, ...], list[Known]] = defaultdict(list)
    keys = {each.key[0] for each in changed}
    alike = bulk.select(connection, node.table(record), columns, rule.key[0], keys, f"{_ALIVE} ORDER BY id")
    for each in _known(alike):
        groups[each.key].append(each)
    for one in changed:
        yield from _against(one, groups[one.key])


def _known(rows: Iterable[Sequence[Any]]) -> Iterator[Known]:
    """Yield the rows of stores that have a whole key; what headquarters keeps for all of them is of no store."""
    for id_, store, number, *key in rows:
        if store != HEADQUARTERS and None not in key:
            yield Known(id_, store, number, tuple(key))


def _against(one: Known, group: Sequence[Known]) -> list[Pair]:
    """Return what a record is set against: the first of the group, or, when it is that itself, all others."""
    others = [each for each in group if each.store != one.store]
    if one.id == group[0].id:
        return [(one, other) for other in others[:PAIRS_MAX]]
    first = group[0] if group[0].store != one.store else next(iter(others), None)
    if first is None:
        return []
    return [(first, one) if first.id < one.id else (one, first)]


def _unknown(connection: Connection, node: Node, pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs nobody has found before: what was decided once is not asked again."""
    found = list(dict.fromkeys(pairs))
    table = node.tables[MATCH]
    known = bulk.select(connection, table, ("first", "second"), "second", {second.id for _, second in found})
    there = {(first, second) for first, second in known}
    return [(first, second) for first, second in found if (first.id, second.id) not in there]


def _edit(node: Node, record: RecordType, rule: Alike, first: Known, second: Known) -> Edit:
    cells: dict[str, Cell] = {
        "record_type": record.key,
        "rule": rule.name,
        "first": first.id,
        "second": second.id,
        "first_number": first.number,
        "second_number": second.number,
        "second_store": second.store,
        "found_at": iso(node.now()),
        "state": "open",
    }
    return Edit(node.catalog.records[MATCH], node.new_id(), first.store, "create", cells)
