"""Who can sign in, for how long, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from stores.storage import people
from stores.storage.database import Database
from stores.storage.system import SYSTEM

NOW = datetime(2026, 3, 7, 12, 0, tzinfo=UTC)
SHIFT = timedelta(hours=10)


@pytest.fixture
def database(database: Database) -> Database:
    """A node on which Li and Wang can sign in."""
    with database.write() as connection:
        SYSTEM.create_all(connection)
        people.create_account(connection, "li", "Li", "hash-1", NOW)
        people.create_account(connection, "wang", "wang", "hash-2", NOW)
    return database


def sign_in(connection: Connection, token: str, staff: str = "li", at: datetime = NOW) -> None:
    people.start_session(connection, token, staff, at, SHIFT, agent="desk")


def test_a_login_is_found_whatever_its_case_or_width(database: Database) -> None:
    with database.read() as connection:
        found = [people.account_by_login(connection, login) for login in ("li", "LI", " Ｌｉ ")]

    assert [account.staff_id if account else None for account in found] == ["li", "li", "li"]


def test_two_people_cannot_have_one_login_and_the_rest_of_the_transaction_stands(database: Database) -> None:
    with database.write() as connection:
        sign_in(connection, "t1")
        with pytest.raises(people.LoginTaken, match="WANG") as refusal:
            people.create_account(connection, "chen", "WANG", "hash-3", NOW)

    assert refusal.value.problems[0].field == "login"
    with database.read() as connection:
        assert people.session(connection, "t1", NOW) is not None
        assert people.account_of(connection, "chen") is None


def test_a_session_ends_when_its_time_is_up(database: Database) -> None:
    with database.write() as connection:
        sign_in(connection, "t1")

    with database.read() as connection:
        just_before = people.session(connection, "t1", NOW + SHIFT - timedelta(milliseconds=1))
        assert just_before is not None
        assert (just_before.staff_id, just_before.agent) == ("li", "desk")
        assert people.session(connection, "t1", NOW + SHIFT) is None
        assert people.session(connection, "t2", NOW) is None


def test_a_session_in_use_lasts_on(database: Database) -> None:
    later = NOW + timedelta(hours=9)
    with database.write() as connection:
        sign_in(connection, "t1")
        people.extend_session(connection, "t1", later, SHIFT)
        found = people.session(connection, "t1", later + timedelta(hours=9))

    assert found is not None
    assert (found.created_at, found.seen_at) == (NOW, later)


def test_signing_in_clears_away_the_sessions_of_yesterday(database: Database) -> None:
    tomorrow = NOW + timedelta(days=1)
    with database.write() as connection:
        sign_in(connection, "t1")
        sign_in(connection, "t2", at=tomorrow)

        assert [session.created_at for session in people.sessions_of(connection, "li", NOW)] == [tomorrow]


def test_a_new_password_signs_the_person_out_everywhere_and_nobody_else(database: Database) -> None:
    with database.write() as connection:
        sign_in(connection, "t1")
        sign_in(connection, "t2")
        sign_in(connection, "t3", staff="wang")
        people.change_password(connection, "li", "hash-9", NOW)

        assert [people.session(connection, token, NOW) is None for token in ("t1", "t2", "t3")] == [True, True, False]
        account = people.account_of(connection, "li")
        assert account is not None
        assert account.password_hash == "hash-9"


def test_who_leaves_is_signed_out_at_once_and_stays_on_file(database: Database) -> None:
    with database.write() as connection:
        sign_in(connection, "t1")
        people.close_account(connection, "li", NOW)

        assert people.session(connection, "t1", NOW) is None
        sign_in(connection, "t2")  # at another door, in the same moment
        assert people.session(connection, "t2", NOW) is None
        account = people.account_by_login(connection, "li")
        assert account is not None
        assert not account.active


def test_signing_out_ends_one_browser_only(database: Database) -> None:
    with database.write() as connection:
        sign_in(connection, "t1")
        sign_in(connection, "t2")
        people.end_session(connection, "t1")

        assert len(people.sessions_of(connection, "li", NOW)) == 1


def test_the_fifth_wrong_password_in_a_row_lets_the_account_rest(database: Database) -> None:
    with database.write() as connection:
        tries = [people.sign_in_failed(connection, "li", NOW) for _ in range(5)]
        assert tries == [None, None, None, None, NOW + people.REST]
        resting = people.account_of(connection, "li")
        assert resting is not None
        assert resting.locked_until == NOW + people.REST

        people.signed_in(connection, "li")
        awake = people.account_of(connection, "li")
        assert awake is not None
        assert awake.locked_until is None
        assert people.sign_in_failed(connection, "li", NOW) is None


def test_a_failed_sign_in_of_somebody_unknown_is_no_error(database: Database) -> None:
    with database.write() as connection:
        assert people.sign_in_failed(connection, "nobody", NOW) is None


def test_a_new_node_knows_that_nobody_can_sign_in_yet() -> None:
    database = Database("sqlite:///:memory:")
    with database.write() as connection:
        SYSTEM.create_all(connection)
        assert not people.any_account(connection)
        people.create_account(connection, "li", "li", "hash", NOW)
        assert people.any_account(connection)
    database.close()


def test_an_account_made_again_takes_the_new_login_and_the_old_one_is_free(database: Database) -> None:
    with database.write() as connection:
        people.create_account(connection, "li", "li.na", "hash-9", NOW)
        people.create_account(connection, "chen", "li", "hash-3", NOW)

    with database.read() as connection:
        found = [people.account_by_login(connection, login) for login in ("li.na", "li")]
    assert [(each.staff_id, each.password_hash) if each else None for each in found] == [
        ("li", "hash-9"),
        ("chen", "hash-3"),
    ]
