"""What headquarters does about the chain, for pages and programs alike: try again, give up. Who may is asked before."""

from __future__ import annotations

from stores.actor import Actor
from stores.changes import apply, discarding, quarantine
from stores.node import Node
from sync import arrival


def try_again(node: Node) -> tuple[int, int]:
    """Merge what is in quarantine once more; return how many changes went through, and how many are left."""
    with node.database.write() as connection:
        report = apply.retry(connection, node)
        arrival.arm(connection, node, report.touched)
        left = quarantine.count(connection)
    arrival.settle(node, report.touched)
    node.committed()
    return report.merged, left


def discard(node: Node, actor: Actor, origin: str, tx: str, reason: str) -> None:
    """Give up the change that one action made, and try what waited behind it; raise NodeError without a reason."""
    with node.database.write() as connection:
        discarding.discard(connection, node, origin, tx, actor, reason)
    node.committed()
    try_again(node)
