"""The first load of a node: a snapshot, fetched and put beside piece by piece, then taken over at once.

The ordinary feed would bring the same; a snapshot brings a year of records in the time the feed takes for a month.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor

from stores.changes import loading, unarmed
from stores.changes.loading import Loaded, Piece, Under
from stores.changes.snapshot import BadSnapshot, digest_of
from stores.node import Node
from stores.storage import checkpoints
from stores.storage.database import StorageFault
from sync import arrival
from sync.journal import journal
from sync.protocol import FrameError, Snapshot
from sync.wire.link import Link
from sync.wire.squeezing import unsqueezed

TRIES_MAX = (
    3  # how often a piece that does not add up is fetched, and a snapshot begun, before the feed is used instead
)


def first_load(node: Node, link: Link) -> Loaded | None:
    """Fetch and take over a snapshot; None when the feed is to be used instead. ``finish`` comes next.

    It may be cut at any byte and called again, also by another process. Raises LinkDown when the network does not let
    it finish; the pieces that have arrived stay.
    """
    with node.database.read() as connection:
        if node.database.dialect != "sqlite" or not loading.is_new(connection, node):
            return None
    try:
        _fetch(node, link)
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


def _fetch(node: Node, link: Link) -> None:
    """Put the whole snapshot beside; what becomes another one on the way is begun anew."""
    with ThreadPoolExecutor(1) as ahead:
        for _ in range(TRIES_MAX):
            if _pieces(node, link, ahead):
                return
            with node.database.write() as connection:
                loading.forget(connection)
    raise loading.bad("it is never the same for long", "内容反复变化")


def _pieces(node: Node, link: Link, ahead: Executor) -> bool:
    """Fetch what is missing; the next piece is made and on its way while this one is written. False: begin anew."""
    with node.database.read() as connection:
        known, epoch = loading.under(connection), checkpoints.epoch(connection)
    if known is not None and known.about.epoch != epoch:
        return False
    question = _behind(node, known) if known else Snapshot(node.identity.origin, epoch)
    coming = ahead.submit(_ask, link, question) if question else None
    while coming is not None:
        piece = coming.result()
        if piece is None:
            return False
        if known is not None and piece.after == known.after:
            raise loading.bad("headquarters sends the same piece again", "总部重复发送同一片段")
        question = _behind(node, piece)
        coming = ahead.submit(_ask, link, question) if question else None
        known = loading.add(node, piece, known)
        if known is None:
            return False
    return True


def _behind(node: Node, reached: Under | Piece) -> Snapshot | None:
    """Return what is to be asked for next."""
    about, after = reached.about, reached.after
    return Snapshot(node.identity.origin, about.epoch, about.at, reached.seal, after) if after else None


def _ask(link: Link, question: Snapshot) -> Piece | None:
    """Fetch a piece and look into it, again if it does not arrive as it was sent; None when the place is unknown."""
    for _ in range(TRIES_MAX):
        answer = link.snapshot(question)
        if answer.restart:
            return None
        if digest_of(answer.data) == answer.digest:
            return loading.opened(unsqueezed(answer.data), answer.seal, answer.after)
    raise loading.bad("it arrives with other contents than it was sent", "内容与发送时不一致")
