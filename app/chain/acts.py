"""What headquarters does about the chain: try again, give up, shut out. Who may do it is asked before."""

from __future__ import annotations

from collections.abc import Callable

from core.model.errors import NodeError, NotFound, Problem, Text, suggest
from stores.actor import Actor
from stores.changes import alarms, apply, discarding, quarantine
from stores.node import Node
from stores.storage import credentials
from stores.storage.database import Connection
from sync import arrival


def try_again(node: Node) -> tuple[int, int]:
    """Merge what is in quarantine once more; return how many changes went through, and how many are left."""
    return _tried(node, apply.retry_all)


def try_what_is_due(node: Node) -> None:
    """Try again what has waited long enough to be tried by itself."""
    with node.database.read() as connection:
        deeds = quarantine.due(connection, node.now())
    if deeds:
        _tried(node, lambda connection, there: apply.retry(connection, there, deeds))


def _tried(node: Node, retry: Callable[[Connection, Node], apply.MergeReport]) -> tuple[int, int]:
    with node.database.write() as connection:
        report = retry(connection, node)
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


def revoke(node: Node, actor: Actor, name: str, reason: str) -> None:
    """Shut a node out of the chain; its administrators and auditors are told by whom and why. NodeError, NotFound."""
    if not reason.strip():
        raise NodeError.of(
            "reason-missing", "say why the node is shut out; it is told", "请填写停用原因，负责人将收到通知",
            fix=Text("enter a reason", "请填写原因"), field="reason",
        )  # fmt: skip
    with node.database.write() as connection:
        known = {each.node: each.store for each in credentials.nodes(connection)}
        if name not in known:
            what = Text(f"no node `{name}` is in the chain", f"没有已接入的节点 `{name}`")
            raise NotFound((Problem("no-such-node", what, fix=suggest(name, known)),))
        credentials.revoke_node(connection, name, node.now())
        told = {"node": name, "store": known[name], "who": actor.name, "why": reason.strip()}
        alarms.sound(connection, node, "core.node_revoked", f"{name}.{node.new_id()}", _SHUT_OUT.filled(told))
    node.committed()


_SHUT_OUT = Text(
    "{who} shut node `{node}` of store `{store}` out: {why}. Its data stays here; it joins again with a new code",
    "{who} 已停用门店 `{store}` 的节点 `{node}`，原因：{why}。其数据仍在总部；重新接入须用新注册码",
)
