"""The first load of a node: a snapshot, fetched and put beside piece by piece, then taken over at once.

The ordinary feed would bring the same; a snapshot brings a year of records in the time the feed takes for a month.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace

from stores.changes import loading, unarmed
from stores.changes.loading import Loaded, Under
from stores.changes.snapshot import BadSnapshot, digest_of
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import StorageFault
from sync import arrival
from sync.journal import journal
from sync.protocol import FrameError, Snapshot, SnapshotAnswer
from sync.wire.link import Link
from sync.wire.squeezing import unsqueezed

TRIES_MAX = 3  # how often a snapshot is begun, and a piece that does not add up fetched, before the feed is used


def first_load(node: Node, link: Link) -> Loaded | None:
    """Fetch and take over a snapshot; None when the feed is to be used instead. ``finish`` comes next.

    It may be cut at any byte and called again, also by another process. Raises LinkDown when the network does not let
    it finish; the pieces that have arrived stay.
    """
    with node.database.read() as connection:
        if node.database.dialect != "sqlite" or not loading.is_new(connection, node):
            return None
    try:
        with ThreadPoolExecutor(2) as helpers:
            _fetch(node, link, helpers)
            loaded = loading.take_over(node)
    except (BadSnapshot, FrameError, StorageFault) as error:
        journal.error("a snapshot cannot be used; the feed is used instead", extra={"codes": [error.problems[0].code]})
        with node.database.write() as connection:
            loading.forget(connection)
        return None
    if loaded is not None:
        journal.info("first load", extra={"rows": loaded.rows})
    return loaded


def finish(node: Node, loaded: Loaded | None = None) -> None:
    """Arm the timers of loaded records; also what a power cut has left of it. Call it at start."""
    while _is_unfinished(node):
        with node.database.write() as connection:
            arrival.arm(connection, node, unarmed.take(connection, node))
    if loaded is not None:
        arrival.settle(node, [*loaded.touched, *((type_, "") for type_ in loaded.types)])


def _is_unfinished(node: Node) -> bool:
    with node.database.read() as connection:
        return unarmed.are_left(connection)


def _fetch(node: Node, link: Link, helpers: Executor) -> None:
    """Put the whole snapshot beside; what becomes another one on the way is begun anew."""
    for _ in range(TRIES_MAX):
        if _pieces(node, link, helpers):
            return
        with node.database.write() as connection:
            loading.forget(connection)
    raise loading.bad("it is never the same for long", "内容反复变化")


def _pieces(node: Node, link: Link, helpers: Executor) -> bool:
    """Fetch what is missing. False: begin anew.

    The next piece is made and on its way while this one is written, and what was written before is carried out of the
    database's log.
    """
    with node.database.read() as connection:
        known, epoch = loading.under(connection), checkpoints.epoch(connection)
    if known is not None and known.about.epoch != epoch:
        return False
    question = _first(node, epoch, known)
    coming = helpers.submit(_sound, link, question) if question else None
    carrying: Future[None] | None = None
    while question is not None and coming is not None:
        answer = coming.result()
        if answer.restart:
            return False
        next_ = _behind(question, answer)
        coming = helpers.submit(_sound, link, next_) if next_ else None
        known = loading.add(node, loading.opened(unsqueezed(answer.data), answer.seal, answer.after), known)
        if known is None:
            return False
        question = next_
        if carrying is None or carrying.done():
            carrying = helpers.submit(_carry_over, node)
    return True


def _first(node: Node, epoch: str, known: Under | None) -> Snapshot | None:
    """Return what is to be asked for first, behind what is here already; None when all of it is."""
    if known is None:
        return Snapshot(node.identity.origin, epoch)
    return Snapshot(node.identity.origin, epoch, known.about.at, known.seal, known.after) if known.after else None


def _behind(asked: Snapshot, answer: SnapshotAnswer) -> Snapshot | None:
    """Return what is to be asked for after an answer; None after the last."""
    if answer.after is None:
        return None
    if answer.after == asked.after:
        raise loading.bad("headquarters sends the same piece again", "总部重复发送同一片段")
    return replace(asked, at=answer.at, seal=answer.seal, after=answer.after)


def _sound(link: Link, question: Snapshot) -> SnapshotAnswer:
    """Fetch an answer that has arrived as it was sent; where the next piece begins is read off no other."""
    for _ in range(TRIES_MAX):
        answer = link.snapshot(question)
        if answer.restart or digest_of(answer.data) == answer.digest:
            return answer
    raise loading.bad("it arrives with other contents than it was sent", "内容与发送时不一致")


def _carry_over(node: Node) -> None:
    try:
        node.database.carry_over()
    except StorageFault as error:  # what is in the log is safe there; the next commit tries again
        journal.warning("the database's log cannot be carried over", extra={"codes": [error.problems[0].code]})
