"""`branchline settings`: what holds on a node, and `drift`: where the stores of the chain differ from it."""

from __future__ import annotations

from datetime import time
from typing import Annotated

import typer

from app.cli.common import Config, language, opened, say, table
from core.language.definition import Setting
from core.model.clock import from_iso
from core.model.errors import Text
from core.model.fields import time_text
from stores.layers import Layer, Standing
from stores.node import Node
from stores.reads.settings import deviations, standings

app = typer.Typer(no_args_is_help=True, help="Settings in their layers. 分层设置。")
_WHOSE = {"default": Text("default", "默认"), "chain": Text("chain", "总部"), "store": Text("store", "门店")}


@app.command("list")
def list_(
    config: Config,
    plugin: Annotated[str | None, typer.Option(help="Only this business. 仅限该业务。")] = None,
    store: Annotated[str | None, typer.Option(help="Another store, at headquarters. 总部查看其他门店。")] = None,
) -> None:
    """Show every setting as it stands, and whose value it is. 显示各项设置及其来源。"""
    with opened(config) as service, service.node.database.read() as connection:
        node, tongue = service.node, language()
        wanted = [node.catalog.plugin(plugin)] if plugin else list(node.catalog.plugins.values())
        shown = [
            (
                f"{each.name}.{standing.setting.name}",
                standing.setting.label.say(tongue),
                _said(node, standing.setting, standing.value),
                _WHOSE[standing.layer].say(tongue),
                _lock(standing).say(tongue),
            )
            for each in wanted
            for standing in standings(connection, node, each, store or node.store)
        ]
    say(table(("setting", "", "value", "from", ""), shown))


@app.command()
def drift(config: Config) -> None:
    """Show what stores have set for themselves, beside what the chain has. 显示门店与总部设置的差异。"""
    with opened(config) as service, service.node.database.read() as connection:
        node, tongue = service.node, language()
        shown = []
        for one in deviations(connection, node):
            reason = one.standing.passed.get(one.layer.id)
            note = Text(f"does not count: {reason.en}", f"不生效：{reason.zh}") if reason else Text("", "")
            shown.append(
                (
                    one.store,
                    f"{one.plugin.name}.{one.standing.setting.name}",
                    _said(node, one.standing.setting, one.standing.value),
                    _said(node, one.chain.setting, one.chain.value),
                    _when(node, one.layer),
                    note.say(tongue),
                )
            )
    say(table(("store", "setting", "there", "chain", "set", ""), shown))


def _said(node: Node, setting: Setting, value: object) -> str:
    if value is None:
        return Text("not configured", "未配置").say(language())
    return time_text(value) if isinstance(value, time) else str(setting.spec.json(value, node.zone))


def _lock(standing: Standing) -> Text:
    return Text("locked", "已锁定") if standing.locked else Text("", "")


def _when(node: Node, layer: Layer) -> str:
    return from_iso(layer.at).astimezone(node.zone).isoformat(" ", "minutes")
