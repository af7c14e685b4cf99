"""The silence alarm: headquarters tells its administrators of a node that has not been heard of for too long, once."""

from __future__ import annotations

from datetime import timedelta

from core.model.clock import iso
from core.model.errors import Text
from stores.changes import alarms
from stores.node import Node
from stores.reads import oversight
from stores.storage import state
from sync.leases import Lease, leases

ALARM = "core.node_silent"
_TOLD = "silent."  # node_state, with the node's name: since when it is silent, if that has been told


def watch(node: Node, after: timedelta) -> list[str]:
    """Sound the alarm for every node that has been silent for longer than ``after``; return the names of those told of.

    One silence is told once, however long it lasts. Who calls again may fall silent again.
    """
    limit = node.now() - after
    with node.database.read() as connection:
        silent = [each for each in leases(connection, node, after) if each.heard_at < limit]
        new = [each for each in silent if state.get(connection, _TOLD + each.node) != iso(each.heard_at)]
    for each in new:
        _tell(node, each)
    return [each.node for each in new]


def _tell(node: Node, lease: Lease) -> None:
    since = lease.heard_at.astimezone(node.zone)
    with node.database.write() as connection:
        values = {"node": lease.node, "since": f"{since:%Y-%m-%d %H:%M}"}
        told = oversight.told(connection, node, _SILENT, lease.store, values)
        state.put(connection, _TOLD + lease.node, iso(lease.heard_at))
        alarms.sound(connection, node, ALARM, lease.node, told)
    node.committed()


_SILENT = Text(
    "{store} (node {node}) has not been heard of since {since}: is its PC off, or its network down?",
    "{store}（节点 {node}）自 {since} 起未与总部联系，请检查电脑是否关机、网络是否中断",
)
