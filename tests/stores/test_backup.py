"""A backup is made while the node works, is read from end to end, and is put back without losing what was there."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.model.errors import NodeError
from stores import backup
from stores.backup import BadBackup
from stores.node import Node
from stores.storage import counters
from stores.storage.database import Database
from tests.sync.nodes import World, read, write

LI, WANG = "0190a0a0-0000-7000-8000-000000000001", "0190a0a0-0000-7000-8000-000000000002"
EVENING = datetime(2026, 3, 14, 23, 5, 9, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Node:
    node = World().node("bund", f"sqlite:///{tmp_path / 'bund.db'}")
    write(node, LI, "create", name="李")
    return node


def names(file: Path) -> list[str]:
    with sqlite3.connect(file) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM tea_house_guest ORDER BY id")]


def test_it_is_one_consistent_picture_taken_while_somebody_writes(shop: Node, tmp_path: Path) -> None:
    with shop.database.write():  # somebody is in the middle of an action
        made = backup.make(shop.database, tmp_path / "out" / "one.db")
    write(shop, WANG, "create", name="王")

    assert names(made.file) == ["李"]
    assert (made.identity.node, made.heads) == ("bund", {"bund.1": 1})
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert [file.name for file in made.file.parent.iterdir()] == ["one.db"]


def test_putting_it_back_keeps_what_was_there(shop: Node, tmp_path: Path) -> None:
    made = backup.make(shop.database, tmp_path / "one.db")
    write(shop, WANG, "create", name="王")
    shop.database.close()

    aside = backup.restore(made, tmp_path / "bund.db", EVENING)

    assert aside is not None
    assert aside.name == "bund-before-20260314-230509.db"
    assert names(aside) == ["李", "王"]
    assert names(tmp_path / "bund.db") == names(made.file) == ["李"]


def test_a_new_pc_has_nothing_to_keep(shop: Node, tmp_path: Path) -> None:
    made = backup.make(shop.database, tmp_path / "one.db")

    assert backup.restore(made, tmp_path / "new" / "bund.db", EVENING) is None
    assert names(tmp_path / "new" / "bund.db") == ["李"]


def test_what_a_headquarters_must_do_first_is_done_before_it_takes_its_place(shop: Node, tmp_path: Path) -> None:
    made = backup.make(shop.database, tmp_path / "one.db")
    target = tmp_path / "bund.db"
    with shop.database.read() as connection:
        before = counters.hub_sequence(connection)
    shop.database.close()

    def fails(_connection: object) -> None:
        raise OSError("power cut")

    with pytest.raises(OSError, match="power cut"):
        backup.restore(made, target, EVENING, fails)
    assert names(target) == ["李"]

    for now_ms in (1, 1_700_000_000_000, 1_700_000_000_001):  # put back again and again, it gives no place out twice
        backup.restore(made, target, EVENING, lambda connection, at=now_ms: counters.leap(connection, at))  # type: ignore[misc]
        with Database(f"sqlite:///{target}").read() as connection:
            after = counters.hub_sequence(connection)
            assert after > before
            before = after


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda file: file.write_bytes(b"not a database at all, but long enough to be taken for one" * 20), "database"),
        (lambda file: file.unlink(), "no such file"),
        (lambda file: _sql(file, "UPDATE log SET actor = 'somebody else'"), "bund.1:1"),
        (lambda file: _sql(file, "DELETE FROM node_state WHERE key = 'identity'"), "not a node's database"),
    ],
    ids=["no database", "no file", "an edited log", "no identity"],
)
def test_a_file_that_cannot_be_relied_on_is_refused_with_the_reason(
    shop: Node, tmp_path: Path, damage: object, said: str
) -> None:
    made = backup.make(shop.database, tmp_path / "one.db")
    damage(made.file)  # type: ignore[operator]

    with pytest.raises(BadBackup) as refused:
        backup.check(made.file)

    assert said in refused.value.problems[0].what.en


def test_a_torn_page_is_found(shop: Node, tmp_path: Path) -> None:
    for n in range(200):
        write(shop, f"0190a0a0-0000-7000-9000-{n:012}", "create", name="客" * 300)
    made = backup.make(shop.database, tmp_path / "one.db")
    with made.file.open("rb+") as file:
        file.seek(made.size // 2)
        file.write(b"\xff" * 8192)

    with pytest.raises(BadBackup):
        backup.check(made.file)


def test_a_disk_that_is_full_is_told_and_nothing_is_left_on_it(
    shop: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(shop.database, "copy_into", full)

    with pytest.raises(NodeError) as refused:
        backup.make(shop.database, tmp_path / "stick" / "one.db")

    assert "disk is full" in refused.value.problems[0].what.zh
    assert list((tmp_path / "stick").iterdir()) == []


def test_old_ones_of_the_same_node_make_room(tmp_path: Path) -> None:
    kept = [tmp_path / backup.name_of("bund", EVENING.replace(hour=hour)) for hour in (8, 9, 10)]
    others = [tmp_path / name for name in ("pudong-20260314-080000.db", "bund-before-20260314-080000.db", "bund.db")]
    for file in [*kept, *others]:
        file.touch()

    assert backup.prune(tmp_path, "bund", 2) == [kept[0]]
    assert set(tmp_path.iterdir()) == {*kept[1:], *others}


def test_postgresql_is_left_to_its_own_tools() -> None:
    with pytest.raises(NodeError) as refused:
        backup.file_of("postgresql://somewhere/chain")

    assert "pg_dump" in str(refused.value.problems[0].fix)


def test_the_clock_of_the_node_is_in_the_backup(shop: Node, tmp_path: Path) -> None:
    made = backup.make(shop.database, tmp_path / "one.db")

    with Database(f"sqlite:///{made.file}").read() as connection:
        assert counters.clock_stamp(connection) == shop.clock.last
    assert read(shop, LI)["name"] == "李"


def _sql(file: Path, statement: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(statement)
