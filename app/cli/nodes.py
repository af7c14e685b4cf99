"""One node: `serve`, `status`, `verify`."""

from __future__ import annotations

import gc
import json
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated

import typer

from app.background.upstream import open_link
from app.chain.standing import standing
from app.cli.common import DISAGREE, Config, language, nobody_signs_in, opened, say
from app.logs import start_logging
from app.pages.frame.drawing import read_all
from app.service import Service, open_service
from app.settings import read_settings
from app.web.server import create_app, create_sync_app, server_for
from core.model.errors import NodeError, Text
from stores.changes import log
from stores.node import Node
from stores.storage import checkpoints, credentials
from sync.branch import comparing
from sync.branch.round import sync_round

LIVE = frozenset(
    ["online", "since", "last_sync", "clock_offset_ms", "pushed", "pulled", "plugins_differ", "problem", "unclosed"]
)  # only the process that serves the node knows
TURN_S = 0.001  # of Python's lock, between the threads of a node that serves


def serve(
    config: Config,
    host: Annotated[str | None, typer.Option(help="Listen on this address instead. 监听地址。")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port instead; 0 = any free one. 端口。")] = None,
    sync_only: Annotated[
        bool,
        typer.Option("--sync-only", help="Only answer branches, beside the node itself (PostgreSQL). 仅处理门店同步。"),
    ] = False,
) -> None:
    """Start one node and serve it until Ctrl+C. 启动一个节点。"""
    settings = read_settings(config)
    start_logging(settings.log.level)
    if sync_only and (settings.upstream or not settings.database_url.startswith("postgresql:")):
        raise _alone()
    bound = bind(host or settings.listen.host, settings.listen.port if port is None else port)
    service = open_service(settings)
    address, number = bound.getsockname()[:2]
    say(
        Text(
            f"{settings.node} ({settings.store}): http://{address}:{number}",
            f"{settings.node}（{settings.store}）：http://{address}:{number}",
        )
    )
    for fault in service.node.catalog.faults:
        say(Text(f"plugin {fault.plugin} has faults:", f"插件 {fault.plugin} 有错误："), error=True)
        for problem in fault.problems:
            say(problem.render(language()), error=True)
    if (nobody := nobody_signs_in(service.node)) is not None:
        say(nobody, error=True)
    read_all()
    collect_less_often()
    _take_turns_more_often()
    with suppress(KeyboardInterrupt):  # raised again by the server once it has shut down in good order
        app = create_sync_app(service) if sync_only else create_app(service)
        server_for(app, address, number).run(sockets=[bound])


def _alone() -> NodeError:
    return NodeError.of(
        "one-process",
        "only a headquarters on PostgreSQL is served by several processes",
        "只有使用 PostgreSQL 的总部才能由多个进程提供服务",
        fix=Text("start this node without --sync-only", "请不带 --sync-only 启动本节点"),
    )


def collect_less_often() -> None:
    """Let the garbage collector pass over the catalog, which stays, and wait until more has gathered.

    A merge makes hundreds of thousands of small values that no cycle holds; looking through them every 700 took a
    fifth of its time (benchmarks/results.md).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _take_turns_more_often() -> None:
    """Let whoever waits for Python's lock have it after a millisecond instead of five.

    A request changes threads a dozen times. While a merge works on thousands of lines beside it, it would wait that
    often, and a person at headquarters half a second (docs/performance.md).
    """
    sys.setswitchinterval(TURN_S)


def status(
    config: Config, as_json: Annotated[bool, typer.Option("--json", help="As JSON. 输出 JSON。")] = False
) -> None:
    """Show how a node stands: what waits, what conflicts, what is wrong. 查看节点状态。"""
    with opened(config) as service:
        told = {"node": service.node.identity.node, "store": service.node.store, **standing(service, language())}
        address = f"http://{service.settings.listen.host}:{service.settings.listen.port}/api/status"
    sync = told.get("sync")
    if isinstance(sync, dict):
        told["sync"] = {name: value for name, value in sync.items() if name not in LIVE}
    if as_json:
        say(json.dumps(told, ensure_ascii=False, indent=2, default=str))
        return
    for line in _lines(told):
        say(line)
    say(Text(f"as the database says; whether the line is up: {address}", f"以上取自数据库；线路是否在线见 {address}"))


def _lines(told: Mapping[str, object], indent: str = "") -> Iterator[str]:
    """Yield what a person reads: a line per figure, what belongs together under one heading, nothing as a dash."""
    for name, value in told.items():
        if isinstance(value, Mapping) and value:
            yield f"{indent}{name}"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and value:
            yield f"{indent}{name}"
            for each in value:
                yield from _lines(each, indent + "  ") if isinstance(each, Mapping) else [f"{indent}  {each}"]
        else:
            empty = value is None or value in ({}, [])
            shown = ("no", "yes")[value] if isinstance(value, bool) else "-" if empty else value
            yield f"{indent}{name:20} {shown}"


def verify(
    config: Config,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also compare with headquarters and repair. 同时与总部比对并修复。")
    ] = False,
) -> None:
    """Check every log's hash chain and read all records again; exit 3 if anything was touched. 校验日志与记录。"""
    with opened(config) as service:
        touched = _verify_logs(service.node) + _verify_rows(service.node)
        if compare:
            touched += _compare(service)
    if touched:
        raise typer.Exit(DISAGREE)


def _verify_logs(node: Node) -> int:
    """Name the first bad line of every log that is not what was written; return how many there are."""
    touched = 0
    with node.database.read() as connection:
        for origin, (seq, _) in checkpoints.heads(connection).items():
            bad = log.verify(connection, origin)
            touched += bad is not None
            said = Text(f"{origin}: {seq} lines, intact", f"{origin}：{seq} 行，完好")
            if bad is not None:
                said = Text(f"{origin}: line {bad} is not what was written", f"{origin}：第 {bad} 行与写入时不符")
            say(said)
    return touched


def _verify_rows(node: Node) -> int:
    """Name the types whose rows are not what their sums say; which record it is, a comparison finds out."""
    found = comparing.reread(node)
    touched = sorted({type_ for type_, _, _ in found.touched})
    for type_ in touched:
        label = node.catalog.records[type_].label
        say(
            Text(
                f"{type_} ({label.en}): records were changed behind the node's back",
                f"{type_}（{label.zh}）：有记录被绕过程序改动",
            )
        )
    if not touched:
        say(Text(f"records: {found.rows} rows as their sums say", f"记录：{found.rows} 行与校验和一致"))
    with node.database.read() as connection:
        stores = {each.store for each in credentials.nodes(connection)} if node.is_hub else {node.store}
    comparing.keep_sums(node, stores)
    return len(touched)


def _compare(service: Service) -> int:
    """Bring the node and headquarters together, compare and repair; return how many records differed."""
    if service.node.is_hub:
        raise NodeError.of("is-headquarters", "headquarters has nobody to compare with", "总部没有上级可比对")
    link = open_link(service.node, service.settings)
    try:
        done = sync_round(service.node, link)
        found = comparing.compare(service.node, link, done.skew)
    finally:
        link.close()
    if found is None:
        raise NodeError.of(
            "still-moving", "records are still on their way", "仍有记录在同步中", fix=Text("try again", "请稍后重试")
        )
    count = found.repaired + found.removed
    if found.same:
        say(Text("headquarters holds the same", "与总部一致"))
    else:
        say(
            Text(
                f"{count} records differed and were put right (see conflicts), {found.waiting} wait in quarantine",
                f"{count} 条记录与总部不一致，已修复（见冲突列表）；{found.waiting} 条在隔离中等待",
            )
        )
    return 0 if found.same else 1


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket, or say in words that the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named: without it every answer takes 40 ms more
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise NodeError.of(
            "cannot-listen",
            f"cannot listen on {host}:{port}: {error.strerror}",
            f"无法监听 {host}:{port}：{error.strerror}",
            fix=Text(
                "stop what uses the port, or choose another one with --port",
                "请停止占用该端口的程序，或用 --port 另选端口",
            ),
        ) from None
    return bound
