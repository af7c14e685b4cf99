"""How much money the changes speak of that headquarters does not have yet. Each line is read once, not every time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from sqlalchemy import Connection

from core.language.definition import RecordType
from core.model.change import Entry
from stores.changes import log
from stores.node import Node
from stores.storage.checkpoints import acked, heads

_PAGE_LINES = 2_000


@dataclass
class _Tail:
    """What waits of one log: up to where it has been read, and the lines with money in them."""

    upto: int = 0
    lines: deque[tuple[int, tuple[str, str], int]] = field(default_factory=deque)  # seq, record, fen


class UnsentMoney:
    """Keeps count for one node. A record counts once, with the largest amount of it that waits.

    A booking that was entered with a deposit and a total, and changed twice, is one booking of that total.
    """

    def __init__(self) -> None:
        self._tails: dict[str, _Tail] = {}
        self._lock = Lock()

    def fen(self, connection: Connection, node: Node) -> int:
        """Return the amount in fen."""
        with self._lock:
            largest: dict[tuple[str, str], int] = {}
            for origin, (head, _) in heads(connection).items():
                for _, record, fen in self._tail(connection, node, origin, head).lines:
                    largest[record] = max(fen, largest.get(record, 0))
        return sum(largest.values())

    def _tail(self, connection: Connection, node: Node, origin: str, head: int) -> _Tail:
        tail, sent = self._tails.setdefault(origin, _Tail()), acked(connection, origin)
        if tail.upto > head:  # the log has been moved under another name
            tail = self._tails[origin] = _Tail()
        while tail.lines and tail.lines[0][0] <= sent:
            tail.lines.popleft()
        tail.upto = max(tail.upto, sent)
        while tail.upto < head:
            page = log.entries_after(connection, origin, tail.upto, _PAGE_LINES)
            if not page:
                break
            tail.lines.extend((entry.seq, (entry.type, entry.pk), fen) for entry in page if (fen := _fen(node, entry)))
            tail.upto = page[-1].seq
        return tail


def _fen(node: Node, entry: Entry) -> int:
    record = node.catalog.records.get(entry.type)
    return max(_amounts(record, entry), default=0) if record is not None else 0


def _amounts(record: RecordType, entry: Entry) -> Iterator[int]:
    for name, (_, new) in entry.body.items():
        one = record.fields.get(name)
        if one is not None and one.spec.type == "money" and isinstance(new, int):
            yield abs(new)
