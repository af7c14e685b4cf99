"""How a node is let in, shows who it is, and is shut out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from stores.storage import credentials
from stores.storage.credentials import Credential, InvitationRefused
from stores.storage.database import Database
from stores.storage.system import SYSTEM

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture
def database(database: Database) -> Database:
    """Headquarters, which has invited a node for store 0755."""
    with database.write() as connection:
        SYSTEM.create_all(connection)
        credentials.invite(connection, "code", "0755", "hq-admin", NOW, WEEK)
    return database


def good(connection: Connection, *tokens: str) -> list[bool]:
    return [credentials.credential(connection, token) is not None for token in tokens]


def test_an_invitation_lets_one_node_in_and_again_the_same_one_whose_answer_was_lost(database: Database) -> None:
    with database.write() as connection:
        assert credentials.accept_invitation(connection, "code", "n1", NOW) == "0755"
        assert credentials.accept_invitation(connection, "code", "n1", NOW) == "0755"
        with pytest.raises(InvitationRefused):
            credentials.accept_invitation(connection, "code", "n2", NOW)


@pytest.mark.parametrize(("code", "at"), [("other", NOW), ("code", NOW + WEEK)])
def test_a_wrong_and_an_old_code_are_refused_in_the_same_words(database: Database, code: str, at: datetime) -> None:
    with database.write() as connection, pytest.raises(InvitationRefused, match="not valid, or no longer"):
        credentials.accept_invitation(connection, code, "n1", at)


def test_a_token_stands_for_its_node_and_store(database: Database) -> None:
    with database.write() as connection:
        credentials.add_credential(connection, "t1", "n1", "0755", NOW)

        assert credentials.use_credential(connection, "t1", NOW) == Credential("n1", "0755")
        assert credentials.use_credential(connection, "t2", NOW) is None


def test_the_old_token_ends_when_the_new_one_is_used_not_when_it_is_made(database: Database) -> None:
    # A node that never gets the new token would otherwise be locked out
    with database.write() as connection:
        credentials.add_credential(connection, "t1", "n1", "0755", NOW)
        credentials.add_credential(connection, "other", "n2", "0756", NOW)
        for token in ("t1", "other"):
            credentials.use_credential(connection, token, NOW)

        credentials.add_credential(connection, "t2", "n1", "0755", NOW)
        assert good(connection, "t1", "t2", "other") == [True, True, True]

        credentials.use_credential(connection, "t2", NOW)
        assert good(connection, "t1", "t2", "other") == [False, True, True]


def test_using_a_token_again_does_not_end_the_one_that_waits_to_replace_it(database: Database) -> None:
    with database.write() as connection:
        credentials.add_credential(connection, "t1", "n1", "0755", NOW)
        credentials.use_credential(connection, "t1", NOW)
        credentials.add_credential(connection, "t2", "n1", "0755", NOW)
        credentials.use_credential(connection, "t1", NOW)

        assert good(connection, "t1", "t2") == [True, True]


def test_a_stolen_pc_is_shut_out(database: Database) -> None:
    with database.write() as connection:
        for token, node in (("t1", "n1"), ("t2", "n1"), ("t3", "n2")):
            credentials.add_credential(connection, token, node, "0755", NOW)

        assert credentials.revoke_node(connection, "n1", NOW) == 2
        assert good(connection, "t1", "t2", "t3") == [False, False, True]
        assert credentials.nodes(connection) == [Credential("n2", "0755")]
