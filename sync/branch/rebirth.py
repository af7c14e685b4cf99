"""A node whose log and headquarters' have parted: an old backup was put back, or a copy of the node went on elsewhere.

Nothing is thrown away and no number is used twice. What both hold stays as it is; what only this node holds goes on
in a new log, under the node's next incarnation; what only headquarters holds comes down as records.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.model.clock import iso
from stores.changes import log, proofs
from stores.node import Node
from stores.storage import checkpoints, identity
from sync.journal import journal
from sync.protocol import Head, Hello, Standing
from sync.wire.link import Link


@dataclass(frozen=True, slots=True)
class Rebirth:
    """What became of the old log: ``kept`` lines are headquarters' too, ``moved`` begin the log of ``origin``."""

    origin: str
    kept: int
    moved: int


def start_anew(node: Node, link: Link, hello: Hello) -> Rebirth | None:
    """Let the node go on under its next incarnation; return what that meant for its lines, None if nothing parted.

    ``hello`` says where the node stands, or stood in an earlier log of its own. Where the two logs part is found by
    asking after ever fewer lines, and everything is changed in one transaction: an interruption before its end changes
    nothing, one after it leaves a node that says hello under its new name.
    """
    held = link.hello(hello).head
    common = _parting(node, link, hello, min(hello.head.seq, held.seq))
    if common == held.seq:
        return None
    before = node.identity
    try:
        with node.database.write() as connection:
            born = identity.reincarnate(connection)
            moved = log.move(connection, hello.origin, common, born.origin)
            proofs.move(connection, hello.origin, common, born.origin)
            checkpoints.ack(connection, hello.origin, common, iso(node.now()))
            node.identity = born  # while it is our turn: whoever writes next counts under the new name
    except BaseException:
        node.identity = before
        raise
    journal.warning("the log goes on under a new name", extra={"origin": born.origin, "kept": common, "moved": moved})
    return Rebirth(born.origin, common, moved)


def _parting(node: Node, link: Link, hello: Hello, last: int) -> int:
    """Return the last line that both logs share. A hash vouches for all lines before it, so halving finds it."""
    shared, beyond = 0, last + 1
    while beyond - shared > 1:
        middle = (shared + beyond) // 2
        with node.database.read() as connection:
            digest = log.hashes(connection, hello.origin, middle, middle)[middle]
        if link.hello(replace(hello, head=Head(middle, digest))).standing is Standing.FORKED:
            beyond = middle
        else:
            shared = middle
    return shared
