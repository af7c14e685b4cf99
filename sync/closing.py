"""The closing of a day: the branch says what it did, headquarters counts the same in its own log and signs for it.

"Day closed: 412 records, all at headquarters, counter-signed." Neither side can deny it later, and a till that was
tampered with on the way home does not add up.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from core.model.clock import from_iso, iso
from core.model.errors import NodeError, Problem, Text
from stores.changes import log
from stores.node import Node
from stores.storage import checkpoints, closings
from stores.storage.closings import Closing
from stores.storage.credentials import Credential
from stores.storage.database import Connection
from sync import keys, receipts
from sync.callers import check_caller
from sync.protocol import Close, CloseAnswer, Head
from sync.wire.link import Link

DAYS_MAX = 31  # closed at once after a holiday


class ClosingFault(NodeError):
    """Headquarters and this node do not agree about a day, or the signature is not headquarters'."""

    status = 502


def close_due(node: Node, link: Link, ends: timedelta) -> list[Closing]:
    """Have every day closed that has ended (``ends`` after midnight) and is at headquarters; return what was closed."""
    ended = business_day(node, node.now(), ends) - timedelta(days=1)
    found = []
    with node.database.read() as connection:
        asked = [
            each for origin in checkpoints.heads(connection) for each in _open(connection, node, origin, ended, ends)
        ]
        upstream = keys.upstream(connection)
    for question in asked:
        answer = link.close_day(question)
        closing = _closing(node, question, answer)
        if upstream is not None:
            _verify(upstream.key, closing)
        with node.database.write() as connection:
            if closing.records != log.records_in(connection, question.origin, question.after, question.head.seq):
                raise _fault("headquarters counts other records than this node", "总部统计的记录数与本节点不一致")
            closings.keep(connection, closing)
        found.append(closing)
    return found


def is_closed(node: Node, day: date) -> bool:
    """Say whether a day of this node, and with it every day before, is closed."""
    with node.database.read() as connection:
        last = closings.last_of(connection, node.identity.origin)
    return last is not None and last.day >= day.isoformat()


def close_day(node: Node, caller: Credential, question: Close) -> CloseAnswer:
    """Sign, at headquarters, for what its own copy of the caller's log says about a day."""
    check_caller(caller, question.origin, caller.store)
    with node.database.write() as connection:
        hub = keys.hub(connection)
        seq = question.head.seq
        known = Head().hash if seq == 0 else log.hashes(connection, question.origin, seq, seq).get(seq, "")
        if question.after > seq or known != question.head.hash:
            raise _fault("headquarters does not hold this log as the node says", "总部保存的日志与节点所述不符")
        records = log.records_in(connection, question.origin, question.after, seq)
        waiting = log.waiting_in(connection, question.origin, question.after, seq)
        now = int(node.now().timestamp() * 1000)
        answer = CloseAnswer(records, waiting, hub.epoch, now, "")
        closing = _closing(caller, question, answer)
        signed = hub.key.sign(_words(closing)).hex()
        closings.keep(connection, _closing(caller, question, CloseAnswer(records, waiting, hub.epoch, now, signed)))
    return CloseAnswer(records, waiting, hub.epoch, now, signed)


def is_signed(public_key: str, closing: Closing) -> bool:
    """Say whether a closing bears headquarters' signature; ``public_key`` is the one that was pinned."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(closing.signature), _words(closing)
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def signing_key(connection: Connection, node: Node) -> str | None:
    """Return the public key (hex) that closings kept here bear: headquarters' own, or the one that enrolment pinned."""
    if node.is_hub:
        return receipts.public_of(keys.hub(connection).key)
    upstream = keys.upstream(connection)
    return upstream.key if upstream else None


def is_proven(connection: Connection, public_key: str, closing: Closing) -> bool:
    """Say whether a closing bears headquarters' signature and the log kept here, if any, still ends that day so."""
    lines = log.hashes(connection, closing.origin, closing.seq, closing.seq)
    return is_signed(public_key, closing) and lines.get(closing.seq, closing.hash) == closing.hash


def business_day(node: Node, moment: datetime, ends: timedelta) -> date:
    """Return the day to which a moment belongs: a night ends in the morning."""
    return (moment.astimezone(node.zone) - ends).date()


def _open(connection: Connection, node: Node, origin: str, ended: date, ends: timedelta) -> list[Close]:
    """Return the days of a log that are to be closed, oldest first: days with changes in them, and the last one."""
    last = closings.last_of(connection, origin)
    after = last.seq if last else 0
    first = date.fromisoformat(last.day) + timedelta(days=1) if last else _first_day(connection, node, origin, ends)
    if first is None or first > ended:
        return []
    acked, found = checkpoints.acked(connection, origin), list[Close]()
    for back in range(min((ended - first).days, DAYS_MAX), -1, -1):
        day = ended - timedelta(days=back)
        end = datetime.combine(day + timedelta(days=1), time(), node.zone) + ends
        seq = log.last_before(connection, origin, after, iso(end))
        if seq > acked:
            break
        if seq > after or (day == ended and origin == node.identity.origin):
            digest = log.hashes(connection, origin, seq, seq).get(seq, Head().hash)
            found.append(Close(origin, day.isoformat(), after, Head(seq, digest)))
            after = seq
    return found


def _first_day(connection: Connection, node: Node, origin: str, ends: timedelta) -> date | None:
    received = log.received_at(connection, origin, 1)
    return None if received is None else business_day(node, from_iso(received), ends)


def _closing(who: Node | Credential, question: Close, answer: CloseAnswer) -> Closing:
    changes = question.head.seq - question.after
    return Closing(
        question.origin, question.day, who.store, question.after, question.head.seq, question.head.hash, changes,
        answer.records, answer.waiting, answer.epoch, answer.time, answer.signature,
    )  # fmt: skip


def _verify(public_key: str, closing: Closing) -> None:
    if not is_signed(public_key, closing):
        raise _fault("the closing is not signed by our headquarters", "日结未经本总部签署")


def _words(closing: Closing) -> bytes:
    """Return the bytes that are signed: one JSON list, so that no two statements read the same."""
    return json.dumps(["branchline closing", 1, *closing.statement]).encode()


def _fault(en: str, zh: str) -> ClosingFault:
    fix = Text(
        "compare the node with headquarters: branchline verify --compare", "请运行 branchline verify --compare 比对"
    )
    return ClosingFault((Problem("closing-fault", Text(en, zh), fix=fix),))
