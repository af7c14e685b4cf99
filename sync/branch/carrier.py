"""A branch's side of carrying contents: what its records name goes up, and what it holds the names of comes down.

The last and slowest lane (sync.md 18, 19): it moves when no change waits, a little at a time, and goes on where it was
cut. What there is to carry is read from the log and from the records that came down, never remembered by those who
write: nothing on the way of an action knows of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from core.model.contents import OTHER as ANY_MEDIA
from core.model.contents import PIECE_BYTES, hash_of
from stores import contents
from stores.changes import naming
from stores.contents import Content
from stores.node import Node
from sync.protocol import OFFERED_MAX, PIECES_MAX, Deliver, Fetch, FrameError, Offer, Offered
from sync.wire.link import AskedToWait, Link, LinkDown

STEP_BYTES_MAX = 4 << 20  # then it is looked whether changes wait
LATER_S = 60  # doubled with every time that headquarters does not have it
LATER_S_MAX = 6 * 3_600


def carry(node: Node, link: Link, most: int = PIECES_MAX) -> bool:
    """Carry a little, at most so many pieces to a message, and return whether there is more to carry at once.

    Raises LinkDown when the network does not let it; what has arrived until then stays. What does not get through piece
    by piece either rests for a minute: on a line that carries no photo the records go on, and nothing is paid for.
    """
    more = naming.note(node)
    with node.database.read() as connection:
        waiting = contents.due(connection, node.now(), OFFERED_MAX)
    up = [each for each in waiting if each.whole]
    if up:
        return _send(node, link, up, most) or more
    return (bool(waiting) and _get(node, link, waiting[0], most)) or more


# --- up -----------------------------------------------------------------------------------------------------------


def _send(node: Node, link: Link, waiting: Sequence[Content], most: int) -> bool:
    offered = tuple(Offered(c.hash, c.size, c.pieces, str(c.type), str(c.pk)) for c in waiting)
    answer = link.offer(Offer(offered))
    room = STEP_BYTES_MAX
    moved = False
    for content in waiting:
        if content.hash in answer.later:
            _put_off(node, content)
            continue
        needs = answer.needs.get(content.hash, ())
        if room > 0:
            with _resting(node, content, most):
                room -= _deliver(node, link, content, needs, most)
            moved = True
    return moved


def _deliver(node: Node, link: Link, content: Content, needs: Sequence[int], most: int) -> int:
    """Send the pieces that are needed; return how many bytes that were."""
    whole = not needs
    sent = 0
    for first in range(0, len(needs), most):
        numbers = needs[first : first + most]
        with node.database.read() as connection:
            pieces = tuple((nth, data) for nth in numbers for data in contents.read(connection, content.hash, nth, 1))
        whole = link.deliver(Deliver(content.hash, pieces)).whole
        sent += sum(len(data) for _, data in pieces)
    if whole:
        with node.database.write() as connection:
            contents.held(connection, content.hash, node.now())
    else:
        _put_off(node, content)
    return sent


# --- down ---------------------------------------------------------------------------------------------------------


def _get(node: Node, link: Link, content: Content, most: int) -> bool:
    """Fetch what is missing of one content, up to the bytes of a step; return whether anything came."""
    with node.database.read() as connection:
        missing = contents.missing(connection, content) if content.pieces else [0]
    first, room = missing[0] if missing else len(content.pieces), STEP_BYTES_MAX
    while room > 0:
        with _resting(node, content, most):
            answer = link.fetch(Fetch(content.hash, str(content.type), str(content.pk), first, most))
        if not answer.data:
            _put_off(node, content)
            return False
        if hash_of(answer.hashes) != content.hash or first + len(answer.data) > len(answer.hashes):
            raise FrameError.of("content-false", "the pieces do not make up this file", "文件分片与文件不符")
        if _take(node, content, answer.size, answer.hashes, first, answer.data):
            return True
        first += len(answer.data)
        room -= len(answer.data) * PIECE_BYTES
    return True


def _take(node: Node, content: Content, size: int, hashes: Sequence[str], first: int, data: Sequence[bytes]) -> bool:
    """Keep the pieces that have come; return whether the content is whole now."""
    with node.database.write() as connection:
        contents.describe(connection, content.hash, size, hashes, ANY_MEDIA, node.now())
        known = contents.find(connection, content.hash)
        assert known is not None, "it was described just now"
        for nth, piece in enumerate(data, first):
            contents.put(connection, known, nth, piece)
        whole = contents.finish(connection, content.hash, node.now())
        if whole:
            contents.held(connection, content.hash, node.now())
    if whole:
        node.touched([(str(content.type), str(content.pk))])
        node.committed()
    return whole


@contextmanager
def _resting(node: Node, content: Content, most: int) -> Iterator[None]:
    """Let a content rest that did not get through even piece by piece; the failure goes on to whoever called."""
    try:
        yield
    except LinkDown as error:
        if most == 1 and not isinstance(error, AskedToWait):
            with node.database.write() as connection:
                contents.rest(connection, content, node.now() + timedelta(seconds=LATER_S))
        raise


def _put_off(node: Node, content: Content) -> None:
    wait_s = min(LATER_S << min(content.tries, 12), LATER_S_MAX)
    with node.database.write() as connection:
        contents.put_off(connection, content, node.now() + timedelta(seconds=wait_s))
