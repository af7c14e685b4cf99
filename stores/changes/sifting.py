"""A piece of another node's log, held against what is stored of it: what is new, what is known, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.model.change import Entry, chain
from core.model.errors import NodeError, Problem, Text
from core.model.lines import Lines
from core.model.lines import chained as chain_lines
from stores.changes import log
from stores.storage.checkpoints import head, incarnations


class BrokenChain(NodeError):
    """A frame lies about its hashes, or continues a log that is not the one held here. Nothing was saved."""

    status = 400


class ForkedLog(NodeError):
    """Two changes claim one place of one log: the node was copied, or restored and then used. Nothing was saved."""

    status = 409


@dataclass(frozen=True, slots=True)
class Sifted:
    """``fresh`` continues the log up to ``seq`` and ``hash``. With ``expected``, lines are missing from there on."""

    origin: str
    fresh: Sequence[Entry]
    repeated: int
    seq: int
    hash: str
    expected: int | None


def sift(connection: Connection, entries: Sequence[Entry], *, chained: bool = False) -> Sifted:
    """Return what of ``entries``, one log's lines in order, is new here.

    A repetition is compared by its hash and skipped: an answer may be lost after the work was done. Raises
    ``ForkedLog`` when a stored place holds another line, ``BrokenChain`` when a hash does not follow from the last.
    ``chained``: the caller has worked out every hash from the one before, so only the first must be tied to the log.
    """
    if isinstance(entries, Lines):
        return _sift_lines(connection, entries, chained=chained)
    origin = entries[0].origin
    if any(entry.origin != origin for entry in entries):
        raise BrokenChain((_problem("frame-mixed", origin, entries[0].seq),))
    seq, digest = head(connection, origin)
    repeated = [entry for entry in entries if entry.seq <= seq]
    _compare(connection, origin, repeated)
    fresh: list[Entry] = []
    expected = None
    for entry in entries:
        if entry.seq <= seq:
            continue
        if entry.seq != seq + 1:
            expected = seq + 1
            break
        digest = entry.hash if chained and fresh else _linked(digest, entry)
        seq = entry.seq
        fresh.append(entry)
    return Sifted(origin, fresh, len(repeated), seq, digest, expected)


def not_yet_told(connection: Connection, fresh: Sequence[Entry]) -> Sequence[Entry]:
    """Leave out the actions that the log here has already under another name of the same node.

    A node that was reborn lets the lines that it alone holds begin a new log. A copy of it, or a backup that is put
    back, may yet send them under the old name, before or after. The log keeps both, but what they did is done once.
    Asked only of lines that were moved, and of what comes under a name that has a successor: hardly ever.
    """
    if not fresh:
        return fresh
    node, _, incarnation = fresh[0].origin.rpartition(".")
    known = incarnations(connection, node)
    if len(known) < 2:
        return fresh
    suspects = fresh if int(incarnation) < max(known) else _moved(fresh)
    told = {entry.tx for entry in suspects if log.is_told(connection, node, entry)}
    return [entry for entry in fresh if entry.tx not in told] if told else fresh


def _moved(fresh: Sequence[Entry]) -> list[Entry]:
    """Return the lines that stood in an earlier log of their node."""
    if isinstance(fresh, Lines):
        sign = f'"{log.MOVED}":'
        return [fresh[place] for place, facts in enumerate(fresh.columns["facts"]) if facts and sign in facts]
    return [entry for entry in fresh if entry.facts and log.MOVED in entry.facts]


def _sift_lines(connection: Connection, lines: Lines, *, chained: bool) -> Sifted:
    """Do the same for lines without a gap: only the ends of what is known and what is new have to be looked at."""
    seq, digest = head(connection, lines.origin)
    if lines.first > seq + 1:
        return Sifted(lines.origin, (), 0, seq, digest, seq + 1)
    known = min(seq + 1 - lines.first, len(lines))
    _compare(connection, lines.origin, lines[:known])
    fresh = lines[known:]
    if not fresh:
        return Sifted(lines.origin, (), known, seq, digest, None)
    _linked(digest, fresh[0])
    if not chained:
        _rechained(digest, fresh)
    return Sifted(lines.origin, fresh, known, fresh.last, fresh.hashes[-1], None)


def _rechained(digest: str, lines: Lines) -> None:
    follows = chain_lines(digest, lines.origin, lines.first, lines.columns)
    for seq, (found, claimed) in enumerate(zip(follows, lines.hashes, strict=True), start=lines.first):
        if found != claimed:
            raise BrokenChain((_problem("chain-broken", lines.origin, seq),))


def _linked(digest: str, entry: Entry) -> str:
    try:
        follows = chain(digest, entry)
    except (ValueError, TypeError):  # what has no canonical form was never written into a log
        follows = ""
    if follows != entry.hash:
        raise BrokenChain((_problem("chain-broken", entry.origin, entry.seq),))
    return follows


def _compare(connection: Connection, origin: str, repeated: Sequence[Entry]) -> None:
    if not repeated:
        return
    stored = log.hashes(connection, origin, min(e.seq for e in repeated), max(e.seq for e in repeated))
    for entry in repeated:
        if stored.get(entry.seq) != entry.hash:
            raise ForkedLog((_problem("log-forked", origin, entry.seq),))


_TOLD = {
    "frame-mixed": (
        Text("lines of several logs came in one piece", "一批数据中混入了多个日志"),
        Text("send each log by itself", "请逐个日志发送"),
    ),
    "chain-broken": (
        Text("line {seq} of log {origin} does not follow from the line before", "日志 {origin} 第 {seq} 行不衔接"),
        Text("say hello again; the node resumes where headquarters stands", "请重新握手，节点将从总部所在位置继续"),
    ),
    "log-forked": (
        Text("line {seq} of log {origin} is stored with other contents", "日志 {origin} 第 {seq} 行已存有不同内容"),
        Text("the node starts a new incarnation; nothing is lost", "该节点须以新的编号继续，数据不会丢失"),
    ),
}


def _problem(code: str, origin: str, seq: int) -> Problem:
    what, fix = _TOLD[code]
    return Problem(code, what.filled({"origin": origin, "seq": seq}), fix=fix)
