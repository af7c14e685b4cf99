"""Headquarters' signatures are kept as they came, and the newest is found."""

from __future__ import annotations

from dataclasses import replace

from stores.storage import signatures
from stores.storage.database import Database
from stores.storage.signatures import Signature
from stores.storage.system import SYSTEM

FIRST = Signature("bund.1", 7, "ab" * 16, "e1", 1_760_000_000_000, "cd" * 64)


def test_the_newest_signature_of_a_log_is_found_and_another_log_has_its_own() -> None:
    database = Database("sqlite:///:memory:")
    with database.write() as connection:
        SYSTEM.create_all(connection)
        second = replace(FIRST, seq=12)
        for kept in (FIRST, second, replace(FIRST, origin="jingan.1", seq=99), replace(second, epoch="e2")):
            signatures.keep(connection, kept)

        assert signatures.latest(connection, "bund.1") == replace(second, epoch="e2")
        assert signatures.latest(connection, "xuhui.1") is None
    database.close()
