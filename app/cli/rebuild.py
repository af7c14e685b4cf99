"""`rebuild`: a new PC in the place of a dead one, or a node that has been away for too long."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from app.background.upstream import open_link
from app.cli.backup import check_stopped, local_now
from app.cli.common import Config, opened, say
from app.service import Service
from app.settings import Settings, read_settings
from core.model.errors import NodeError, Text
from stores import backup as backups
from stores import inheriting
from stores.changes import log
from stores.node import Node
from stores.storage import identity, people
from stores.storage.database import StorageFault
from sync import enrolment, keys
from sync.branch import comparing
from sync.branch import push as up
from sync.branch.round import Round, greet, sync_round
from sync.keys import Upstream
from sync.wire.link import Link

ROUNDS_MAX = 20
NOTHING = inheriting.Inherited()


def rebuild(
    config: Config,
    store: Annotated[str, typer.Argument(help="The store, as in the settings file. 门店。")],
    url: Annotated[str | None, typer.Argument(help="Address of headquarters; on a new PC. 总部地址。")] = None,
    code: Annotated[str | None, typer.Argument(help="Code from `branchline invite`. 注册码。")] = None,
    leave_unsent: Annotated[
        bool, typer.Option("--leave-unsent", help="Go on although changes cannot be sent. 放弃未发送的更改。")
    ] = False,
) -> None:
    """Make the node of STORE anew from headquarters; what is here is sent first and kept. 从总部重建节点。"""
    settings = read_settings(config)
    _check_is_branch(settings, store)
    check_stopped(settings)
    target = backups.file_of(settings.database_url)
    old = _sent(config, leave_unsent=leave_unsent) if target.exists() else None
    if (old is None or old.upstream is None) and (url is None or code is None):
        raise NodeError.of(
            "code-needed",
            "this PC has not joined the chain: name the address of headquarters and a code",
            "本机尚未加入总部：请给出总部地址和注册码",
            fix=Text(f"ask headquarters for: branchline invite {store}", f"请总部运行：branchline invite {store}"),
        )
    aside = backups.put_aside(target, local_now(settings))
    with opened(config) as service:
        _join(service, old, url, code)
        link = open_link(service.node, settings)
        try:
            rows, agrees = _fill(service.node, link)
        finally:
            link.close()
        taken = inheriting.inherit(service.node, aside) if old is not None and aside is not None else NOTHING
        _tell(service.node, rows, agrees, aside, taken)


@dataclass(frozen=True, slots=True)
class _Old:
    """The database that was here: how it is known to headquarters (None: it never joined), and its incarnation."""

    upstream: Upstream | None
    incarnation: int


def _sent(config: Path, *, leave_unsent: bool) -> _Old | None:
    """Send what the database here has left to send; None when it cannot be opened and may be left as it is.

    Raises NodeError when something would be lost.
    """
    try:
        with opened(config) as service:
            return _emptied(service, leave_unsent=leave_unsent)
    except StorageFault as error:
        if leave_unsent:
            say(error.problems[0].what, error=True)
            return None
        raise NodeError.of(
            "old-unreadable",
            "the database that is here cannot be read, so nobody knows whether all of it was sent",
            "本机原有数据库无法读取，不能确定是否已全部发送",
            fix=Text(
                "restore the newest backup first, or go on with --leave-unsent",
                "请先恢复最近的备份，或使用 --leave-unsent",
            ),
        ) from error


def _emptied(service: Service, *, leave_unsent: bool) -> _Old:
    node = service.node
    with node.database.read() as connection:
        upstream = keys.upstream(connection)
    if upstream is not None:
        _push(service)
    with node.database.read() as connection:
        left, oldest = log.unsent(connection)
    if left and upstream is not None and not leave_unsent:
        raise NodeError.of(
            "unsent",
            f"{left} changes could not be sent, the oldest of {oldest}",
            f"有 {left} 条更改未能发送，最早为 {oldest}",
            fix=Text(
                "mend the connection and try again, or leave them behind with --leave-unsent",
                "请修复网络后重试；或用 --leave-unsent 放弃这些更改",
            ),
        )
    return _Old(upstream, node.identity.incarnation)


def _push(service: Service) -> None:
    """Send the log as far as it goes; why it does not is told, and what remains is counted afterwards."""
    try:
        link = open_link(service.node, service.settings)
    except NodeError as error:
        say(error.problems[0].what, error=True)
        return
    try:
        answer, _ = greet(service.node, link)
        up.push(service.node, link, answer.head, answer.limits)
    except NodeError as error:
        say(error.problems[0].what, error=True)
    finally:
        link.close()


def _join(service: Service, old: _Old | None, url: str | None, code: str | None) -> None:
    """Enrol the new database with the code, or let it go on with the credential the old one had."""
    node = service.node
    if url is not None and code is not None:
        enrolment.enrol(node, url, code, dice=service.world.dice, plain_http=service.settings.sync.plain_http)
    elif old is not None and old.upstream is not None:
        born = replace(node.identity, incarnation=old.incarnation + 1, upstream=old.upstream.url)
        with node.database.write() as connection:
            keys.keep_upstream(connection, old.upstream)
            identity.save(connection, born)
        node.identity = born


def _fill(node: Node, link: Link) -> tuple[int, bool]:
    """Bring everything down and compare; return how many records came, and whether both hold the same."""
    rows = 0
    for _ in range(ROUNDS_MAX):
        with suppress(up.LogDisputed):  # the next round goes on under the next incarnation
            done: Round = sync_round(node, link)
            rows += done.pulled
            if not done.pushed and not done.pulled:
                found = comparing.compare(node, link, done.skew)
                return rows, found is None or found.same
    return rows, False


def _tell(node: Node, rows: int, agrees: bool, aside: Path | None, taken: inheriting.Inherited) -> None:
    say(
        Text(
            f"{node.identity.node} is rebuilt: {rows} records"
            + (", the same as at headquarters" if agrees else "; headquarters is still changing"),
            f"{node.identity.node} 已重建：{rows} 条记录" + ("，与总部一致" if agrees else "；总部数据仍在变动"),
        )
    )
    if aside is not None:
        say(
            Text(
                f"what was there is kept as {aside.name}; {taken.hidden} fields that never leave it were taken over",
                f"原数据已保留为 {aside.name}；已取回仅存于本店的字段 {taken.hidden} 个",
            )
        )
    with node.database.read() as connection:
        if not people.any_account(connection):
            say(
                Text(
                    "nobody can sign in yet: branchline person add",
                    "尚无人可登录：请运行 branchline person add",
                ),
                error=True,
            )


def _check_is_branch(settings: Settings, store: str) -> None:
    if settings.upstream is None:
        raise NodeError.of("is-headquarters", "headquarters is restored from a backup", "总部须用备份恢复")
    if settings.store != store:
        raise NodeError.of(
            "other-node",
            f"these settings are for store `{settings.store}`",
            f"该设置文件属于门店 `{settings.store}`",
            fix=Text("use the settings file of that store", "请使用该门店的设置文件"),
        )
