"""A restored headquarters gets back what it has forgotten of the logs a node wrote before it was reborn.

The log a node writes is sent from wherever headquarters stands. Those of its earlier incarnations are complete and were
acknowledged long ago; only a headquarters that was put back can lack their ends.
"""

from __future__ import annotations

from dataclasses import replace

from stores.node import Node
from stores.storage import checkpoints, state
from stores.storage.database import Connection
from sync.branch import push, rebirth
from sync.branch.disputes import LogDamaged, LogDisputed
from sync.protocol import Head, Hello, Limits, Standing
from sync.wire.link import Link

PENDING = "push.former"  # node_state: set while earlier logs are to be offered


def begin(connection: Connection) -> None:
    """Note, with the new epoch, that earlier logs are to be offered."""
    state.put_int(connection, PENDING, 1)


def send(node: Node, link: Link, hello: Hello, limits: Limits) -> int:
    """Send what headquarters lacks of this node's earlier logs; return how many lines that was.

    ``hello`` says where the node stands. It comes before the present log, which speaks of what they made. A log of
    which headquarters holds more is left alone: the node was reborn because of that. Where a copy of the node has
    meanwhile written other lines in the places of ours, ours begin the log of another incarnation, and the one that was
    written until now is an earlier one too.
    """
    with node.database.read() as connection:
        if not state.get_int(connection, PENDING):
            return 0
    sent, incarnation = 0, 0
    while (following := _following(node, incarnation)) is not None:
        incarnation = following
        sent += _send(node, link, replace(hello, incarnation=incarnation), limits)
    with node.database.write() as connection:
        state.put(connection, PENDING, None)
    return sent


def _following(node: Node, incarnation: int) -> int | None:
    """Return the next incarnation that has written a log, before the present one."""
    with node.database.read() as connection:
        known = checkpoints.incarnations(connection, node.identity.node)
    return next((each for each in known if incarnation < each < node.identity.incarnation), None)


def _send(node: Node, link: Link, hello: Hello, limits: Limits) -> int:
    with node.database.read() as connection:
        hello = replace(hello, head=Head(*checkpoints.head(connection, hello.origin)))
    answer = link.hello(hello)
    if answer.standing is Standing.BEHIND:
        return 0
    if answer.standing is Standing.OK:
        try:
            return push.push(node, link, answer.head, limits, origin=hello.origin).changes
        except LogDamaged:
            raise
        except LogDisputed:
            pass  # what headquarters holds is shorter than ours, and other than ours
    rebirth.start_anew(node, link, hello)
    return 0
