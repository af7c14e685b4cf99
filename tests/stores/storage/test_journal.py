"""The journal beside a database file, before SQLite folds it in."""

from __future__ import annotations

import shutil
from pathlib import Path

from stores.storage import bulk, journal
from stores.storage.database import Database
from stores.storage.identity import Identity, save
from stores.storage.system import SYSTEM


def a_node(file: Path, name: str) -> Database:
    database = Database(f"sqlite:///{file}")
    with database.write() as connection:
        SYSTEM.create_all(connection)
        save(connection, Identity(name, 1, name, None))
    database.close()
    database = Database(f"sqlite:///{file}")
    with database.write() as connection:
        bulk.run_only(connection, "INSERT INTO node_state (key, value) VALUES ('hs', ?)", "1" * 9_000)
    return database


def test_a_journal_is_known_for_ones_own_or_for_anothers_and_none_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "bund.db"
    assert journal.foreign(file) is None
    mine, other = a_node(file, "bund"), a_node(tmp_path / "jingan.db", "jingan")

    assert (tmp_path / "bund.db-wal").stat().st_size > 0
    assert journal.foreign(file) is None
    mine.close()
    assert journal.foreign(file) is None
    shutil.copy(tmp_path / "jingan.db-wal", tmp_path / "bund.db-wal")
    told = journal.foreign(file)

    assert told is not None
    assert (told.code, "bund.db-wal" in told.what.en) == ("storage-foreign-journal", True)
    other.close()
