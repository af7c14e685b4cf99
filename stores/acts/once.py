"""Actions tried out without writing, and actions carried out at most once: what an import is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from core.model.clock import iso
from core.model.errors import NodeError
from stores import rows
from stores.acts.act import perform
from stores.acts.calls import Call, Receipt
from stores.acts.many import Batch, Result
from stores.acts.requests import REQUEST
from stores.node import Node
from stores.storage import once

TURN_MS = 50  # a desk that books in the meantime waits so long for the rows that are under way, and no longer
Until = Callable[[], bool]
Outcome = tuple[Receipt | None, str] | NodeError


def rehearse(node: Node, calls: Sequence[Call], until: Until) -> list[Receipt | NodeError]:
    """Carry out each call as if it were the only one, and take everything back: nothing is saved or told.

    The list tells of those that were reached, the first at least, before ``TURN_MS`` had passed or ``until`` said so:
    the receipt it would get, or why it would be refused.
    """
    with node.database.write() as connection, connection.begin_nested() as taken_back:
        batch = Batch(connection, node, apart=True)
        _add(node, batch, calls, until)
        found = [result if isinstance(result, NodeError) else result[0] for result in batch.results()]
        taken_back.rollback()
    return found


def act_once(node: Node, calls: Sequence[tuple[Call, str]], until: Until) -> list[Outcome]:
    """Carry out calls, each unless something still stands that was carried out under its key before.

    They share a transaction. The list tells of those that were reached, as ``rehearse`` does: (receipt, id), (None, id
    of what stands), or why it was refused; then nothing of that one is saved. The notes are written in the actions' own
    transaction: a power cut leaves both or neither. What was made and then deleted is made again. Keys differ.
    """
    with node.database.write() as connection:
        standing = _standing(connection, node, [key for _, key in calls])
        todo = [(call, key) for call, key in calls if key not in standing]
        batch = Batch(connection, node)
        _add(node, batch, [call for call, _ in todo], until)
        results = dict(zip((key for _, key in todo), batch.results(), strict=False))
        made = {key: _made(result[0]) for key, result in results.items() if not isinstance(result, NodeError)}
        once.keep(connection, made, iso(node.now()))
    node.committed()
    for result in results.values():
        for later in () if isinstance(result, NodeError) else result[1]:
            later()
    return list(_outcomes(calls, standing, results, made))


def act_unless_done(node: Node, call: Call, key: str) -> Receipt | tuple[str, str]:
    """Carry out a call as ``act`` does, unless something still stands that was carried out under its key before.

    Then return (record type, id) of that: who asks again after a lost answer gets what he has made.
    """
    with node.database.write() as connection:
        known = once.found(connection, [key]).get(key)
        if known is not None and _alive(connection, node, *known):
            return known
        receipt, after = perform(connection, node, call)
        once.keep(connection, {key: _made(receipt)}, iso(node.now()))
    node.committed()
    for later in after:
        later()
    return receipt


def standing_of(node: Node, keys: Sequence[str]) -> dict[str, str]:
    """Return the ids of what was carried out under these keys and still stands."""
    with node.database.read() as connection:
        return _standing(connection, node, keys)


def _add(node: Node, batch: Batch, calls: Sequence[Call], until: Until) -> None:
    end = node.mono() + TURN_MS
    for call in calls:
        batch.add(call)
        if node.mono() > end or until():
            return


def _outcomes(
    calls: Sequence[tuple[Call, str]],
    standing: Mapping[str, str],
    results: Mapping[str, Result],
    made: Mapping[str, tuple[str, str]],
) -> Iterator[Outcome]:
    for _, key in calls:
        if key in standing:
            yield None, standing[key]
        elif key not in results:
            return
        elif isinstance(result := results[key], NodeError):
            yield result
        else:
            yield result[0], made[key][1]


def _made(receipt: Receipt) -> tuple[str, str]:
    """Return what an action has made or changed: the record, or the request that waits for its home."""
    return (receipt.record.key, receipt.id) if receipt.request is None else (REQUEST, receipt.request)


def _standing(connection: Connection, node: Node, keys: Sequence[str]) -> dict[str, str]:
    parts = [keys[start : start + once.KEYS_MAX] for start in range(0, len(keys), once.KEYS_MAX)]
    known = {key: told for part in parts for key, told in once.found(connection, part).items()}
    return {key: pk for key, (type_, pk) in known.items() if _alive(connection, node, type_, pk)}


def _alive(connection: Connection, node: Node, type_: str, pk: str) -> bool:
    record = node.catalog.records.get(type_)
    row = rows.load(connection, node, record, pk) if record is not None else None
    return row is not None and rows.alive(row)
