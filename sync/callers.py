"""What headquarters asks of every caller: that it speaks for itself, and the same protocol."""

from __future__ import annotations

from core.model.errors import Problem, Text
from stores.storage.credentials import Credential
from sync.protocol import PROTOCOL_VERSION, NotYours


def check_caller(caller: Credential, origin: str, store: str) -> None:
    """Refuse a caller that speaks for another node. ``origin`` is ``node.incarnation``."""
    node, _, incarnation = origin.rpartition(".")
    if node != caller.node or store != caller.store or not (incarnation.isascii() and incarnation.isdigit()):
        what = Text("a node may only speak for itself", "节点只能代表自己")
        fix = Text("enrol this node under its own name", "请以本节点自己的名称注册")
        raise NotYours((Problem("not-yours", what, fix=fix),))


def check_version(protocol: int) -> None:
    """Refuse a node that speaks another version of the protocol."""
    if protocol != PROTOCOL_VERSION:
        what = Text(
            f"headquarters speaks protocol {PROTOCOL_VERSION}, this node {protocol}",
            f"总部协议版本为 {PROTOCOL_VERSION}，本节点为 {protocol}",
        )
        fix = Text("install the same version on both", "请在两端安装相同版本")
        raise NotYours((Problem("protocol-version", what, fix=fix),))
