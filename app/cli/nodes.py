"""One node: `serve`, `status`, `verify`."""

from __future__ import annotations

import gc
import json
import socket
from contextlib import suppress
from typing import Annotated

import typer

from app.cli.common import DISAGREE, Config, language, opened, say
from app.logs import start_logging
from app.service import open_service
from app.settings import read_settings
from app.standing import standing
from app.web.server import create_app, server_for
from core.model.errors import NodeError, Text
from stores.changes import log
from stores.storage import checkpoints, people


def serve(
    config: Config,
    host: Annotated[str | None, typer.Option(help="Listen on this address instead. 监听地址。")] = None,
    port: Annotated[int | None, typer.Option(help="Listen on this port instead; 0 = any free one. 端口。")] = None,
) -> None:
    """Start one node and serve it until Ctrl+C. 启动一个节点。"""
    settings = read_settings(config)
    start_logging(settings.log.level)
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
    with service.node.database.read() as connection:
        if not people.any_account(connection):
            say(
                Text("nobody can sign in yet: branchline person add", "尚无人可登录：请运行 branchline person add"),
                error=True,
            )
    _collect_less_often()
    with suppress(KeyboardInterrupt):  # raised again by the server once it has shut down in good order
        server_for(create_app(service), address, number).run(sockets=[bound])


def _collect_less_often() -> None:
    """Let the garbage collector pass over the catalog, which stays, and wait until more has gathered.

    A merge makes hundreds of thousands of small values that no cycle holds; looking through them every 700 took a
    fifth of its time (benchmarks/results.md).
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def status(
    config: Config, as_json: Annotated[bool, typer.Option("--json", help="As JSON. 输出 JSON。")] = False
) -> None:
    """Show how a node stands: what waits, what conflicts, what is wrong. 查看节点状态。"""
    with opened(config) as service:
        told = {"node": service.node.identity.node, "store": service.node.store, **standing(service, language())}
    if as_json:
        say(json.dumps(told, ensure_ascii=False, indent=2, default=str))
        return
    for name, value in told.items():
        say(
            f"{name:18} {value if isinstance(value, str | int) else json.dumps(value, ensure_ascii=False, default=str)}"
        )


def verify(config: Config) -> None:
    """Check the hash chain of every log kept here; exit 3 and name the first bad line if one was touched. 校验日志。"""
    touched = False
    with opened(config) as service, service.node.database.read() as connection:
        for origin, (seq, _) in checkpoints.heads(connection).items():
            bad = log.verify(connection, origin)
            touched = touched or bad is not None
            said = Text(f"{origin}: {seq} lines, intact", f"{origin}：{seq} 行，完好")
            if bad is not None:
                said = Text(f"{origin}: line {bad} is not what was written", f"{origin}：第 {bad} 行与写入时不符")
            say(said)
    if touched:
        raise typer.Exit(DISAGREE)


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
