"""A node's database as one file that can be put back: made while the node works, checked before anybody relies on it.

SQLite's own backup copies a consistent picture without stopping the writer (sync.md 21). PostgreSQL has tools of its
own for this, and they are better.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, make_url

from core.model.errors import NodeError, Problem, Text
from stores.changes import log
from stores.storage import checkpoints, identity
from stores.storage.database import Connection, Database
from stores.storage.identity import Identity

_BESIDE = ("-wal", "-shm")  # files that belong to a SQLite database


@dataclass(frozen=True, slots=True)
class Backup:
    """A file that was read from end to end. ``heads`` are its logs with their last numbers, each chain intact."""

    file: Path
    identity: Identity
    heads: dict[str, int]
    size: int


class BadBackup(NodeError):
    """The file is no backup, is damaged, or belongs to another node. Nothing was changed."""


def make(database: Database, file: Path) -> Backup:
    """Copy the database to ``file`` while others write to it, check the copy, and only then give it its name.

    Raises NodeError where the database keeps no file or the place takes none, ``BadBackup`` when the copy does not read
    back.
    """
    file_of(database.url)
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _copy(database, part)
        check(part)
        _flush(part)
        part.replace(file)
    except (sqlite3.OperationalError, OSError) as error:
        with suppress(OSError):
            part.unlink()
        raise _no_room(file, str(error)) from error
    return check(file)


def _copy(database: Database, part: Path) -> None:
    with suppress(FileNotFoundError):
        part.unlink()
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(part)) as copy:
        database.copy_into(copy)
        copy.execute("PRAGMA journal_mode = DELETE").fetchall()  # one file, nothing beside it


def check(file: Path) -> Backup:
    """Read a backup from end to end: its pages, whose it is, and the hash chain of every log in it.

    Raises ``BadBackup`` with what is wrong.
    """
    if not file.is_file():
        raise _bad(file, "there is no such file", "文件不存在")
    _check_pages(file)
    database = Database(f"sqlite:///{file}")
    try:
        with database.read() as connection:
            known = identity.load(connection)
            heads = {origin: seq for origin, (seq, _) in checkpoints.heads(connection).items()}
            touched = [f"{each}:{seq}" for each in heads if (seq := log.verify(connection, each)) is not None]
    finally:
        database.close()
    if known is None:
        raise _bad(file, "it is not a node's database", "并非节点数据库")
    if touched:
        raise _bad(file, f"its log was altered at {', '.join(touched)}", f"日志被改动：{'、'.join(touched)}")
    return Backup(file, known, heads, file.stat().st_size)


def restore(
    backup: Backup, target: Path, now: datetime, prepare: Callable[[Connection], None] | None = None
) -> Path | None:
    """Put a checked backup in the place of ``target``; return where the database that was there is kept.

    Nobody may have ``target`` open. ``prepare`` is done to it in a transaction before it takes its place: a
    headquarters begins a new epoch. A branch needs nothing: it finds out by itself what has happened since
    (decision 0013).
    """
    part = target.with_name(target.name + ".part")
    with suppress(FileNotFoundError):
        part.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(backup.file)) as source, closing(sqlite3.connect(part)) as copy:
        source.backup(copy)
    if prepare is not None:
        _prepare(part, prepare)
    return take_place(part, target, now)


def take_place(new: Path, target: Path, now: datetime) -> Path | None:
    """Put a database that nobody has open in the place of ``target``; return where the one that was there is kept."""
    with closing(sqlite3.connect(new)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    _flush(new)
    aside = put_aside(target, now)
    new.replace(target)
    return aside


def prune(folder: Path, node: str, keep: int) -> list[Path]:
    """Delete all but the newest ``keep`` backups of a node in a folder; return what was deleted."""
    made = re.compile(re.escape(node) + r"-\d{8}-\d{6}\.db")  # not what `restore` and `rebuild` put aside
    old = sorted((file for file in folder.iterdir() if made.fullmatch(file.name)), reverse=True)[keep:]
    for file in old:
        file.unlink()
    return old


def name_of(node: str, now: datetime) -> str:
    """Return the file name of a backup made ``now`` (branch time); names sort by age."""
    return f"{node}-{now:%Y%m%d-%H%M%S}.db"


def _prepare(file: Path, prepare: Callable[[Connection], None]) -> None:
    database = Database(f"sqlite:///{file}")
    try:
        with database.write() as connection:
            prepare(connection)
    finally:
        database.close()


def put_aside(target: Path, now: datetime) -> Path | None:
    """Give a node's database, which nobody may have open, another name; return it, None when there is none."""
    if not target.exists():
        return None
    aside = target.with_name(f"{target.stem}-before-{now:%Y%m%d-%H%M%S}{target.suffix}")
    try:
        with closing(sqlite3.connect(target)) as old:  # what its WAL still holds belongs to it
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.DatabaseError:  # damaged: it is kept as it is, with what lies beside it
        for ending in _BESIDE:
            with suppress(FileNotFoundError):
                target.with_name(target.name + ending).replace(aside.with_name(aside.name + ending))
    for ending in _BESIDE:
        with suppress(FileNotFoundError):
            target.with_name(target.name + ending).unlink()
    target.replace(aside)
    return aside


def _check_pages(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as read:
            said = read.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise _bad(file, str(error), "文件损坏或并非 SQLite 数据库") from error
    if said != "ok":
        raise _bad(file, said, "文件损坏")


def file_of(url: URL | str) -> Path:
    """Return the file a node keeps its data in. Raises NodeError for one whose data is with PostgreSQL."""
    found = make_url(url)
    if found.get_backend_name() == "sqlite" and found.database not in {None, "", ":memory:"}:
        return Path(str(found.database))
    what = Text("this node keeps its data in PostgreSQL", "本节点的数据保存在 PostgreSQL 中")
    fix = Text("use pg_dump, or the base backups of your server", "请使用 pg_dump 或数据库服务器的备份工具")
    raise NodeError((Problem("backup-elsewhere", what, fix=fix),))


def _flush(file: Path) -> None:
    """Make sure the disk has the file before anything gives way to it."""
    with file.open("rb+") as handle:
        os.fsync(handle.fileno())


def _no_room(file: Path, why: str) -> NodeError:
    return NodeError.of(
        "backup-unwritten",
        f"no backup was made: {file.parent} does not take it ({why})",
        f"未能备份：{file.parent} 无法写入（{why}）",
        fix=Text("make room there, or choose another place with --to", "请腾出空间，或用 --to 另选位置"),
    )


def _bad(file: Path, en: str, zh: str) -> BadBackup:
    what = Text(f"{file.name} cannot be used as a backup: {en}", f"{file.name} 不能用作备份：{zh}")
    return BadBackup((Problem("bad-backup", what, fix=Text("choose another backup", "请选择其他备份")),))
