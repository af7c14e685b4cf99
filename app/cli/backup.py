"""Backups: make one while the node works, put one back, look whether one is good."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.bootstrap import Surroundings
from app.cli.common import Config, say
from app.cli.nodes import bind
from app.settings import BACKUPS, BACKUPS_KEPT, Settings, read_settings
from core.model.errors import NodeError, Problem, Text
from stores import backup as backups
from stores.backup import Backup
from stores.storage.database import Connection, Database
from sync import keys


def backup(
    config: Config,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder, or a file NAME.db; another disk is best. 保存位置。")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="How many to keep in the folder. 保留份数。")] = BACKUPS_KEPT,
) -> None:
    """Copy the node's data to a file while it works, and check the copy. 备份节点数据。"""
    settings = read_settings(config)
    now = local_now(settings)
    place = to or settings.data / BACKUPS
    folder = None if place.suffix == ".db" and not place.is_dir() else place
    file = place / backups.name_of(settings.node, now) if folder else place
    if file.exists() or (folder is not None and folder.is_file()):
        raise _in_the_way(file if file.exists() else place)
    database = Database(settings.database_url)
    try:
        made = backups.make(database, file)
    finally:
        database.close()
    _tell(made)
    for old in backups.prune(folder, settings.node, keep) if folder else ():
        say(Text(f"removed {old.name}", f"已删除 {old.name}"))


def restore(
    file: Annotated[Path, typer.Argument(help="The backup. 备份文件。")],
    config: Config,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 不再询问。")] = False,
) -> None:
    """Put a backup in the place of the node's data; what is there now is kept beside it. 恢复备份。"""
    settings = read_settings(config)
    found = backups.check(file)
    _check_belongs(found, settings)
    check_stopped(settings)
    _tell(found)
    if not yes:
        question = Text("Put it in the place of the node's data?", "用它替换节点现有数据？")
        typer.confirm(question.say("zh") + " " + question.en, abort=True)
    world = Surroundings()
    target = backups.file_of(settings.database_url)

    def begin(connection: Connection) -> None:
        keys.begin_epoch(connection, world.dice, world.now_ms())

    aside = backups.restore(found, target, local_now(settings), begin if found.identity.is_hub else None)
    if aside is not None:
        say(Text(f"what was there is kept as {aside.name}", f"原数据已保留为 {aside.name}"))
    say(_NEXT_HUB if found.identity.is_hub else _NEXT)


_NEXT = Text(
    "restored; start the node: what it missed comes down by itself",
    "已恢复，请启动节点：缺少的数据会自动从总部补回",
)
_NEXT_HUB = Text(
    "restored; start the node: its branches send what it lost as they call; what of headquarters' own had gone down to "
    "a branch is told in the conflicts",
    "已恢复，请启动节点：各店联系后会补传丢失的数据；总部自身已下发到门店的更改将列于冲突列表",
)


def _tell(found: Backup) -> None:
    lines = sum(found.heads.values())
    megabytes = found.size / 1_000_000
    say(
        Text(
            f"{found.file}: {megabytes:.1f} MB, {lines} lines of log, intact",
            f"{found.file}：{megabytes:.1f} MB，日志 {lines} 行，完好",
        )
    )


def _in_the_way(file: Path) -> NodeError:
    """No file gives way to a backup: it may be yesterday's, or the database that is backed up."""
    return NodeError.of(
        "file-in-the-way",
        f"there is a file {file} already",
        f"文件 {file} 已存在",
        fix=Text("name a folder, or a new file NAME.db", "请指定文件夹，或一个新的 NAME.db 文件"),
    )


def _check_belongs(found: Backup, settings: Settings) -> None:
    if (found.identity.node, found.identity.store) == (settings.node, settings.store):
        return
    raise NodeError.of(
        "other-node",
        f"this is a backup of node `{found.identity.node}` of store `{found.identity.store}`",
        f"此备份属于节点 `{found.identity.node}`（门店 `{found.identity.store}`）",
        fix=Text("use the settings file of that node", "请使用该节点的设置文件"),
    )


def check_stopped(settings: Settings) -> None:
    """A node that runs would go on writing into the file that is put aside. While it runs, its port is taken."""
    if settings.listen.port == 0:
        return
    try:
        bind(settings.listen.host, settings.listen.port).close()
    except NodeError as error:
        what = Text("the node seems to be running", "节点似乎正在运行")
        fix = Text("stop it first (Ctrl+C), then restore", "请先停止节点（Ctrl+C）再恢复")
        raise NodeError((Problem("node-running", what, fix=fix),)) from error


def local_now(settings: Settings) -> datetime:
    """Return the present moment in the branch's time."""
    return Surroundings().now().astimezone(settings.zone)
