"""`branchline demo`: a whole chain on this machine, and an evening it lives through."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.common import DISAGREE, language, say, table
from app.demo.play import Options, play
from app.demo.report import Line
from app.demo.year.run import Size

PORT_BASE = 8800
SPEED = 60.0  # simulated minutes a second

Exit = Annotated[
    bool,
    typer.Option("--exit", help="End after the story; status 0 only if every node agrees. 演示后退出，一致才返回 0。"),
]
PortBase = Annotated[int | None, typer.Option(help="First of four ports; 0 = any free ones. 起始端口。")]
Folder = Annotated[
    Path | None, typer.Option("--dir", help="Keep the databases in this new folder. 数据库存放的新文件夹。")
]
Speed = Annotated[
    float | None, typer.Option(help="Simulated minutes a second; 0 = as fast as it goes. 每秒模拟的分钟数。")
]


YearSize = Annotated[
    Size | None,
    typer.Option("--size", help="A year of records instead of the evening: s, m or l. 生成一年数据（小、中、大）。"),
]
Seed = Annotated[int, typer.Option(help="The same seed makes the same year. 相同种子生成相同数据。")]


def demo(
    exit_: Exit = False,
    port_base: PortBase = None,
    dir_: Folder = None,
    speed: Speed = None,
    size: YearSize = None,
    seed: Seed = 2026,
) -> None:
    """Run headquarters and its branches here, for a simulated evening or year. 在本机演示总部与各门店的一晚或一年。"""
    options = Options(
        stay=not exit_,
        speed=speed if speed is not None else 0 if exit_ or not sys.stdout.isatty() else SPEED,
        port_base=port_base if port_base is not None else 0 if exit_ else PORT_BASE,
        folder=dir_,
        language=language(),
        size=size,
        seed=seed,
    )
    if not play(options, say, _table):
        raise typer.Exit(DISAGREE)


def _table(lines: list[Line]) -> str:
    zh = language() == "zh"
    head = ("门店", "记录", "已上传", "已下载", "未决冲突", "待传", "摘要", "一致") if zh else (
        "store", "records", "pushed", "pulled", "conflicts", "lag", "digest", "equal")  # fmt: skip
    yes, no = ("是", "否") if zh else ("yes", "NO")
    rows = [
        (x.node, x.records, x.pushed or "-", x.pulled or "-", x.conflicts, x.lag, x.digest, yes if x.agrees else no)
        for x in lines
    ]
    return table(head, rows)
