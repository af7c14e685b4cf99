"""A branch holds its records against headquarters' when nothing is on its way, and has put right what differs.

Equal sums are the rule: then one question and one short answer are all. Where sums differ, four questions lead from
everything to the single record.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

from core.model.clock import iso
from stores.changes import buckets, feed, log
from stores.changes import repair as repairs
from stores.changes.buckets import Fresh, Part, Reread, Sum
from stores.changes.feed import StateRow
from stores.node import Node
from stores.storage import checkpoints, state
from stores.storage.database import Connection
from sync import arrival
from sync.journal import journal
from sync.protocol import PATHS_MAX, Compare, Head, Repair, RepairAnswer
from sync.sums import keep, sums_at
from sync.wire.link import Link

LAST = "compared"  # node_state: how the last comparison ended
CURSOR = "compared.reread"  # node_state: up to where rows have been read again
REPAIRS_MAX = 500  # records a comparison; the next one goes on
REREAD_ROWS = 20_000  # rows a comparison reads again although nothing should have changed in them
DEPTH = 4  # everything, part, bucket, shard; what is listed at a shard are records

Key = tuple[str, str]  # record type and id
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """How a comparison ended. ``at`` is a cell; ``same``: no record differed. ``waiting`` ones are in quarantine at
    headquarters; ``skipped`` plugins are of another version there and cannot be compared."""

    at: str
    same: bool
    repaired: int = 0
    removed: int = 0
    waiting: int = 0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where this node stands while nothing is on its way. It stays the same through a comparison, or that ends."""

    epoch: str
    after: int
    head: Head


class _Moving(Exception):
    """Something is on its way after all: sums taken now would differ and mean nothing."""


def compare(node: Node, link: Link, skew: Collection[str] = ()) -> Compared | None:
    """Compare everything this node holds with headquarters and repair what differs; None when something is on its way.

    ``skew`` are the plugins whose versions differ: their records cannot be compared. Raises LinkDown.
    """
    reread(node, REREAD_ROWS)
    held = {name: part for name, part in buckets.parts(node, node.store).items() if part.record.plugin not in skew}
    try:
        place, unseen = _standing(node, held)
        wrong = dict.fromkeys([*unseen, *_wrong(node, link, place, held)])
        done = _repair(node, link, place, list(wrong)[:REPAIRS_MAX])
    except _Moving:
        return None
    told = Compared(
        at=iso(node.now()),
        same=not (done.rows or done.gone or done.waiting),
        repaired=len(done.rows),
        removed=len(done.gone),
        waiting=done.waiting,
        skipped=tuple(sorted(skew)),
    )
    with node.database.write() as connection:
        state.put(connection, LAST, json.dumps(asdict(told)))
    return told


def forget(connection: Connection) -> None:
    """Have the next quiet moment used for a comparison: this node has begun to read everything again."""
    buckets.forget(connection)
    state.put(connection, LAST, None)


def last(connection: Connection) -> Compared | None:
    """Return how the last comparison ended, or None before the first."""
    kept = state.get(connection, LAST)
    if kept is None:
        return None
    told = json.loads(kept)
    return Compared(**{**told, "skipped": tuple(told["skipped"])})


def keep_sums(node: Node, stores: Collection[str]) -> None:
    """Bring the sums of what ``stores`` hold up to date, so that the next reading has something to go by."""
    for store in stores:
        with node.database.read() as connection:
            _, fresh = buckets.totals(connection, node, buckets.parts(node, store).values())
        keep(node, [fresh])


def reread(node: Node, rows_max: int | None = None) -> Reread:
    """Read rows again whose sums are kept, and return what was found: buckets that hold something else now.

    With ``rows_max`` it goes on where it ended the last time. What it finds is put into the sums, so that the next
    comparison leads to the record.
    """
    with node.database.read() as connection:
        kept = state.get(connection, CURSOR) if rows_max is not None else None
        found = buckets.reread(connection, node, tuple(json.loads(kept)) if kept else None, rows_max)
    cursor = json.dumps(found.cursor) if found.cursor else None
    if found.fresh or cursor != kept:
        with node.database.write() as connection:
            buckets.keep(connection, found.fresh)
            if rows_max is not None:
                state.put(connection, CURSOR, cursor)
    if found.touched:
        journal.error("records were changed behind the node's back", extra={"types": [t for t, _, _ in found.touched]})
    return found


def _standing(node: Node, held: dict[str, Part]) -> tuple[_Place, list[Key]]:
    """Return where the node stands, with the records that headquarters should know and has never given a place."""
    with node.database.read() as connection:
        place = _place(connection, node)
        unseen = [
            (part.record.key, id_) for part in held.values() for id_ in buckets.unseen(connection, part, REPAIRS_MAX)
        ]
    return place, unseen


def _place(connection: Connection, node: Node) -> _Place:
    if log.unsent(connection)[0]:
        raise _Moving
    head = Head(*checkpoints.head(connection, node.identity.origin))
    return _Place(checkpoints.epoch(connection), checkpoints.pulled(connection), head)


def _wrong(node: Node, link: Link, place: _Place, held: dict[str, Part]) -> list[Key]:
    """Descend where sums differ, from everything to the records."""
    paths: list[Path] = [()]
    for _ in range(DEPTH):
        paths = [
            (*path, name)
            for path, names in _differing(node, link, place, held, paths)
            for name in names
            if path or name in held
        ]
        if not paths:
            return []
    return [(held[path[0]].record.key, path[-1]) for path in paths]


def _differing(
    node: Node, link: Link, place: _Place, held: dict[str, Part], paths: Sequence[Path]
) -> Iterator[tuple[Path, list[str]]]:
    """Yield for each path, as far as one comparison goes, the names of what differs below it."""
    some = tuple(paths[:PATHS_MAX])
    fresh: list[Fresh] = []
    with node.database.read() as connection:
        if _place(connection, node) != place:
            raise _Moving
        ours = [sums_at(connection, node, held, path, fresh) for path in some]
    keep(node, fresh)
    answer = link.compare(Compare(node.identity.origin, place.epoch, place.after, place.head, some))
    if not answer.steady or len(answer.sums) != len(some):
        raise _Moving
    for path, mine, theirs in zip(some, ours, answer.sums, strict=True):
        yield path, _names(mine, theirs)


def _names(mine: Sequence[Sum], theirs: Sequence[Sum]) -> list[str]:
    return list(dict.fromkeys(each.name for each in sorted(set(mine) ^ set(theirs), key=lambda each: each.name)))


def _repair(node: Node, link: Link, place: _Place, wrong: Sequence[Key]) -> RepairAnswer:
    if not wrong:
        return RepairAnswer((), (), 0, 0, 0, 0)
    with node.database.read() as connection:
        if _place(connection, node) != place:
            raise _Moving
        rows = list(_versions(connection, node, wrong))
    here = {(row.type, row.id) for row in rows}
    missing = tuple(key for key in wrong if key not in here)
    answer = link.repair(Repair(node.identity.origin, place.epoch, place.after, tuple(rows), missing))
    with node.database.write() as connection:
        if _place(connection, node) != place:
            raise _Moving
        touched = repairs.take_over(connection, node, answer.rows, answer.gone, applied=answer.acked, hlc=answer.hlc)
        arrival.arm(connection, node, touched)
    arrival.settle(node, touched)
    if answer.rows or answer.gone:
        extra = {"repaired": len(answer.rows), "removed": len(answer.gone)}
        journal.warning("records differed from headquarters", extra=extra)
    return answer


def _versions(connection: Connection, node: Node, keys: Sequence[Key]) -> Iterator[StateRow]:
    by_type: dict[str, list[str]] = defaultdict(list)
    for type_, id_ in keys:
        by_type[type_].append(id_)
    for type_, ids in by_type.items():
        yield from feed.rows_of(connection, node, node.catalog.records[type_], ids, node.store)
