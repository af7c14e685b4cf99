"""Joining and leaving the chain: `invite` and `revoke` at headquarters, `enrol` at the branch."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli.common import Config, opened, say
from app.settings import Settings
from core.model.errors import NodeError, NotFound, Problem, Text, suggest
from stores.storage import credentials
from sync import enrolment


def invite(config: Config, store: Annotated[str, typer.Argument(help="The store that joins. 加入的门店。")]) -> None:
    """Give out a one-time code with which one node of STORE may join. 生成门店的一次性注册码。"""
    with opened(config) as service:
        if not service.node.is_hub:
            raise NodeError.of("not-headquarters", "only headquarters invites stores", "只有总部可以邀请门店")
        made = enrolment.invite(service.node, store, dice=service.world.dice)
        until = made.expires_at.astimezone(service.node.zone).isoformat(" ", "minutes")
    say(made.code)
    say(Text(f"for one node of {store}, until {until}", f"供门店 {store} 的一个节点使用，有效期至 {until}"), error=True)


def enrol(
    config: Config,
    url: Annotated[str, typer.Argument(help="Address of headquarters. 总部地址。")],
    code: Annotated[str, typer.Argument(help="Code from `branchline invite`. 注册码。")],
) -> None:
    """Join the chain with a code from headquarters. 用注册码加入总部。"""
    with opened(config) as service:
        if service.node.is_hub:
            raise NodeError.of(
                "is-headquarters",
                "these settings describe a headquarters; it has nobody above it",
                "该设置为总部，没有上级可加入",
                fix=Text("use the branch's settings file", "请使用门店的设置文件"),
            )
        plain_http = service.settings.sync.plain_http
        _check_same_address(url, service.settings)
        answer = enrolment.enrol(service.node, url, code, dice=service.world.dice, plain_http=plain_http)
    say(Text(f"joined {answer.hub} as store {answer.store}", f"已以门店 {answer.store} 加入 {answer.hub}"))


def _check_same_address(url: str, settings: Settings) -> None:
    """Refuse to join at one address and to work at another: the settings say where the node finds headquarters."""
    plain_http = settings.sync.plain_http
    known = settings.upstream and enrolment.check_url(settings.upstream, plain_http=plain_http)
    if known and known != enrolment.check_url(url, plain_http=plain_http):
        raise NodeError.of(
            "address-differs",
            f"the settings say that headquarters is at {known}",
            f"设置中的总部地址为 {known}",
            fix=Text("write the same address into `upstream` first", "请先在设置的 `upstream` 中填写相同地址"),
        )


def revoke(
    config: Config, node: Annotated[str, typer.Argument(help="The node's name, see `status`. 节点名称。")]
) -> None:
    """Shut a node out, a stolen PC for instance; what it sends is refused from now on. 停用一个节点（如设备被盗）。"""
    with opened(config) as service, service.node.database.write() as connection:
        known = {each.node for each in credentials.nodes(connection)}
        if not credentials.revoke_node(connection, node, service.world.now()):
            what = Text(f"no node `{node}` has joined here", f"没有名为 `{node}` 的已加入节点")
            raise NotFound((Problem("no-such-node", what, fix=suggest(node, known)),))
    say(Text(f"{node} is shut out; invite its store anew", f"{node} 已停用；如需恢复请重新邀请该门店"))
