"""Which lines of this node's logs prove nothing to a headquarters that has another order since they were written.

A line says up to which place of headquarters' order its author had seen the record (``base_hs``): the order that was
headquarters' when it was written. One that is put back to a time before its last epoch, or without being told, cannot
say where the orders part: what was a place there may be another's here, and proves that its author has seen what he
has not. The node that wrote the lines remembers until which of them that is so, and says it with what it sends. They
are then merged as if their author had seen nothing: more conflicts than due, never fewer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection

from core.model.change import Entry
from core.model.lines import Lines
from stores.storage import checkpoints, state

_KEPT = "push.unproven"  # node_state, JSON: log -> the last line of it that proves nothing
_OPEN = 2**63 - 1  # the last line of a log in which the node writes while it reads headquarters' order anew


def begin(connection: Connection, node: str, origin: str) -> None:
    """Note that nobody knows how much of what this node has seen is part of headquarters' present order.

    Nothing it has written until now proves anything, in whichever log, nor what it writes to ``origin`` before it has
    read everything again.
    """
    logs = {f"{node}.{each}" for each in checkpoints.incarnations(connection, node)}
    kept = {log: checkpoints.head(connection, log)[0] for log in logs} | {origin: _OPEN}
    state.put(connection, _KEPT, json.dumps(kept))


def is_open(connection: Connection) -> bool:
    """Say whether what is written now proves nothing yet."""
    return _OPEN in _all(connection).values()


def settle(connection: Connection) -> None:
    """Note that everything has been read again: what is written from now on proves what it says."""
    if is_open(connection):
        _keep(connection, _settled(connection))


def move(connection: Connection, origin: str, after: int, born: str) -> None:
    """Note that the lines of a log after ``after`` have begun the log ``born``, in which the node writes on."""
    if kept := _all(connection):
        last = _OPEN if _OPEN in kept.values() else max(0, kept.get(origin, 0) - after)
        _keep(connection, _settled(connection) | {born: last})


def unproven(connection: Connection, lines: Lines) -> int:
    """Return the last of these lines that proves nothing; 0 when all prove what they say, as they mostly do."""
    last = min(_all(connection).get(lines.origin, 0), lines.last)
    return last if last >= lines.first else 0


def believed(entries: Sequence[Entry], last: int) -> Sequence[Entry]:
    """Return lines as they are to be merged when those up to ``last`` prove nothing. The log keeps what was written."""
    if not last or not entries or entries[0].seq > last:
        return entries
    if not isinstance(entries, Lines):
        return [entry if entry.seq > last else entry._replace(base_hs=0) for entry in entries]
    doubted = min(last + 1 - entries.first, len(entries))
    bases = [0] * doubted + list(entries.columns["base_hs"][doubted:])
    columns = {**entries.columns, "base_hs": bases}
    return Lines(entries.origin, entries.first, columns, entries.hashes, entries.blocks())


def _all(connection: Connection) -> dict[str, int]:
    kept: dict[str, int] = json.loads(state.get(connection, _KEPT) or "{}")
    return kept


def _settled(connection: Connection) -> dict[str, int]:
    """Return what is kept, with the last line that has been written where nothing was the last."""
    return {log: min(last, checkpoints.head(connection, log)[0]) for log, last in _all(connection).items()}


def _keep(connection: Connection, kept: dict[str, int]) -> None:
    state.put(connection, _KEPT, json.dumps(kept))
