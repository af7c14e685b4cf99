"""`rebuild`: a new PC in the place of a dead one, or a node that has been away for too long."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from app.background.upstream import open_link
from app.cli.backup import check_stopped, local_now
from app.cli.common import Config, nobody_signs_in, opened, say
from app.service import Service
from app.settings import Settings, read_settings
from core.model.errors import NodeError, Text
from stores import backup as backups
from stores import inheriting
from stores.changes import log
from stores.node import Node
from stores.storage import identity
from stores.storage.database import StorageFault
from sync import enrolment, keys
from sync.branch import comparing
from sync.branch import push as up
from sync.branch.disputes import LogDisputed
from sync.branch.round import Round, greet, sync_round
from sync.journal import journal
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
    """Make the node of STORE anew from headquarters; what is here is sent first and kept. 从总部重建节点。

    The new database is made beside the old one, which gives way when all of it is there. Whatever goes wrong before,
    the node is as it was, and the same command goes on where it stopped. With a code that is the only way on once the
    new database has called: headquarters no longer listens to the old one.
    """
    settings = read_settings(config)
    _check_is_branch(settings, store)
    check_stopped(settings)
    target = backups.file_of(settings.database_url)
    old = _sent(settings, leave_unsent=leave_unsent) if target.exists() else None
    beside = target.with_name(f"{target.stem}-rebuilding{target.suffix}")
    with opened(settings.model_copy(update={"database": f"sqlite:///{beside}"})) as service:
        _join(service, old, url, code)
        with _linked(service) as link, _quiet():
            done = _fill(service.node, link)
        taken = inheriting.inherit(service.node, target) if old is not None else NOTHING
        nobody = nobody_signs_in(service.node)
    aside = backups.take_place(beside, target, local_now(settings))
    _tell(settings.node, done, aside, taken)
    if nobody is not None:
        say(nobody, error=True)


@dataclass(frozen=True, slots=True)
class _Old:
    """The database that was here: how it is known to headquarters (None: it never joined), and its incarnation."""

    upstream: Upstream | None
    incarnation: int


@dataclass(frozen=True, slots=True)
class _Done:
    """How many records came down, and whether headquarters holds the same."""

    rows: int
    agrees: bool


def _sent(settings: Settings, *, leave_unsent: bool) -> _Old | None:
    """Send what the database here has left to send; None when it cannot be opened and may be left as it is.

    Raises NodeError when something would be lost.
    """
    try:
        with opened(settings) as service:
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
        with _linked(service) as link:
            answer, _ = greet(service.node, link)
            up.push(service.node, link, answer.head, answer.limits)
    except NodeError as error:
        say(error.problems[0].what, error=True)


@contextmanager
def _linked(service: Service) -> Iterator[Link]:
    link = open_link(service.node, service.settings)
    try:
        yield link
    finally:
        link.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the journal of sync off the terminal, but its errors: what came of it is told at the end, in words."""
    before = journal.level
    journal.setLevel(logging.ERROR)
    try:
        yield
    finally:
        journal.setLevel(before)


def _join(service: Service, old: _Old | None, url: str | None, code: str | None) -> None:
    """Enrol the new database with the code, or let it go on with the credential the old one had.

    One that was begun earlier has joined already, and perhaps with this very code.
    """
    node = service.node
    with node.database.read() as connection:
        begun = keys.upstream(connection)
    if url is not None and code is not None:
        try:
            enrolment.enrol(node, url, code, dice=service.world.dice, plain_http=service.settings.sync.plain_http)
        except NodeError as error:
            if begun is None:
                raise
            say(error.problems[0].what, error=True)  # and on it goes with what it was given when it was begun
        return
    known = begun or (old.upstream if old is not None else None)
    if known is None:
        raise _code_needed(node.store)
    incarnation = max(node.identity.incarnation, old.incarnation + 1 if old is not None else 1)
    born = replace(node.identity, incarnation=incarnation, upstream=known.url)
    with node.database.write() as connection:
        keys.keep_upstream(connection, known)
        identity.save(connection, born)
    node.identity = born


def _fill(node: Node, link: Link) -> _Done:
    """Bring everything down and compare."""
    rows = 0
    for _ in range(ROUNDS_MAX):
        with suppress(LogDisputed):  # the next round goes on under the next incarnation
            done: Round = sync_round(node, link)
            rows += done.pulled
            if not done.pushed and not done.pulled:
                found = comparing.compare(node, link, done.skew)
                return _Done(rows, found is None or found.same)
    return _Done(rows, agrees=False)


def _tell(name: str, done: _Done, aside: Path | None, taken: inheriting.Inherited) -> None:
    say(
        Text(
            f"{name} is rebuilt: {done.rows} records"
            + (", the same as at headquarters" if done.agrees else "; headquarters is still changing"),
            f"{name} 已重建：{done.rows} 条记录" + ("，与总部一致" if done.agrees else "；总部数据仍在变动"),
        )
    )
    if aside is not None:
        say(Text(f"what was there is kept as {aside.name}", f"原数据已保留为 {aside.name}"))
    if taken != NOTHING:
        say(
            Text(
                f"taken over from it: how people sign in ({taken.accounts}), "
                f"fields that never leave the node ({taken.hidden}), and files",
                f"已从中取回：登录账户 {taken.accounts} 个、仅存于本店的字段 {taken.hidden} 个，以及附件",
            )
        )


def _code_needed(store: str) -> NodeError:
    return NodeError.of(
        "code-needed",
        "this PC has not joined the chain: name the address of headquarters and a code",
        "本机尚未加入总部：请给出总部地址和注册码",
        fix=Text(f"ask headquarters for: branchline invite {store}", f"请总部运行：branchline invite {store}"),
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
