"""How people sign in: accounts and sessions. Hashes come in from outside; no password and no token is kept here."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Row, Update, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.model.clock import from_iso, iso
from core.model.errors import Clash, Problem, Text
from stores.storage import bulk
from stores.storage.system import ACCOUNT, SESSION

FAILURES_MAX = 5  # wrong passwords in a row before the account rests
REST = timedelta(minutes=5)
_SESSION = (
    "SELECT s.staff_id, s.created_at, s.seen_at, s.expires_at, s.agent FROM session AS s "
    "JOIN account AS a ON a.staff_id = s.staff_id WHERE s.token_hash = ? AND s.expires_at > ? AND a.active = 1"
)


@dataclass(frozen=True, slots=True)
class Account:
    """How one member of staff signs in."""

    staff_id: str
    login: str
    password_hash: str
    active: bool
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser or program."""

    staff_id: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    agent: str | None


class LoginTaken(Clash):
    """Somebody else signs in by that name."""


# --- accounts -------------------------------------------------------------------------------------------------------


def create_account(connection: Connection, staff_id: str, login: str, password_hash: str, now: datetime) -> None:
    """Let a member of staff sign in; raise ``LoginTaken`` when the login, in any case, belongs to someone else."""
    values = {"login": _folded(login), "password_hash": password_hash, "changed_at": iso(now), "active": 1}
    try:
        with connection.begin_nested():
            if account_of(connection, staff_id) is None:
                connection.execute(insert(ACCOUNT).values(staff_id=staff_id, created_at=iso(now), failures=0, **values))
            else:
                connection.execute(_of_staff(staff_id).values(failures=0, locked_until=None, **values))
    except IntegrityError:
        raise LoginTaken((_login_taken(login),)) from None


def account_by_login(connection: Connection, login: str) -> Account | None:
    """Return the account that signs in as ``login``, active or not."""
    return _account(connection.execute(select(ACCOUNT).where(ACCOUNT.c.login == _folded(login))).first())


def account_of(connection: Connection, staff_id: str) -> Account | None:
    """Return the account of a member of staff."""
    return _account(connection.execute(select(ACCOUNT).where(ACCOUNT.c.staff_id == staff_id)).first())


def accounts_of(connection: Connection, staff_ids: Collection[str]) -> dict[str, Account]:
    """Return the accounts of some members of staff, by who it is."""
    found = (_account(row) for row in connection.execute(select(ACCOUNT).where(ACCOUNT.c.staff_id.in_(staff_ids))))
    return {each.staff_id: each for each in found if each is not None}


def any_account(connection: Connection) -> bool:
    """Say whether anybody can sign in; a new node has nobody."""
    return connection.execute(select(ACCOUNT.c.staff_id).limit(1)).first() is not None


def change_password(connection: Connection, staff_id: str, password_hash: str, now: datetime) -> None:
    """Set a new password; whoever is signed in with the old one is signed out."""
    statement = _of_staff(staff_id).values(
        password_hash=password_hash, changed_at=iso(now), failures=0, locked_until=None
    )
    connection.execute(statement)
    end_sessions(connection, staff_id)


def close_account(connection: Connection, staff_id: str, now: datetime) -> None:
    """Keep a member of staff from signing in, at once; the row stays, as what it did stays."""
    connection.execute(_of_staff(staff_id).values(active=0, changed_at=iso(now)))
    end_sessions(connection, staff_id)


def signed_in(connection: Connection, staff_id: str) -> None:
    """Forget the wrong passwords before the right one."""
    connection.execute(_of_staff(staff_id).where(ACCOUNT.c.failures > 0).values(failures=0, locked_until=None))


def sign_in_failed(connection: Connection, staff_id: str, now: datetime) -> datetime | None:
    """Count a wrong password; from the fifth in a row return until when the account rests."""
    connection.execute(_of_staff(staff_id).values(failures=ACCOUNT.c.failures + 1))
    failures = connection.execute(select(ACCOUNT.c.failures).where(ACCOUNT.c.staff_id == staff_id)).scalar()
    if failures is None or failures < FAILURES_MAX:
        return None
    until = now + REST
    connection.execute(_of_staff(staff_id).values(locked_until=iso(until)))
    return until


# --- sessions -------------------------------------------------------------------------------------------------------


def start_session(
    connection: Connection, token_hash: str, staff_id: str, now: datetime, lasts: timedelta, agent: str | None = None
) -> None:
    """Sign someone in, and clear away the sessions that have ended."""
    connection.execute(delete(SESSION).where(SESSION.c.expires_at <= iso(now)))
    connection.execute(
        insert(SESSION).values(
            token_hash=token_hash,
            staff_id=staff_id,
            created_at=iso(now),
            seen_at=iso(now),
            expires_at=iso(now + lasts),
            agent=agent,
        )
    )


def session(connection: Connection, token_hash: str, now: datetime) -> Session | None:
    """Return the session of a token, or None when there is none, it ended, or the account was closed."""
    rows = bulk.run(connection, _SESSION, token_hash, iso(now))  # every call of every page asks this
    if not rows:
        return None
    staff_id, created_at, seen_at, expires_at, agent = rows[0]
    return Session(staff_id, from_iso(created_at), from_iso(seen_at), from_iso(expires_at), agent)


def sessions_of(connection: Connection, staff_id: str, now: datetime) -> list[Session]:
    """Return where a person is signed in, newest first."""
    mine = and_(SESSION.c.staff_id == staff_id, SESSION.c.expires_at > iso(now))
    rows = connection.execute(select(SESSION).where(mine).order_by(SESSION.c.created_at.desc()))
    return [_session(row) for row in rows]


def extend_session(connection: Connection, token_hash: str, now: datetime, lasts: timedelta) -> None:
    """Note that the session is in use and let it last from now on."""
    mine = SESSION.c.token_hash == token_hash
    connection.execute(update(SESSION).where(mine).values(seen_at=iso(now), expires_at=iso(now + lasts)))


def end_session(connection: Connection, token_hash: str) -> None:
    """Sign one browser out."""
    connection.execute(delete(SESSION).where(SESSION.c.token_hash == token_hash))


def end_sessions(connection: Connection, staff_id: str) -> None:
    """Sign a person out everywhere."""
    connection.execute(delete(SESSION).where(SESSION.c.staff_id == staff_id))


def _of_staff(staff_id: str) -> Update:
    return update(ACCOUNT).where(ACCOUNT.c.staff_id == staff_id)


def _folded(login: str) -> str:
    """Return the login as it is compared: full-width letters, case and spaces around it do not matter."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def _account(row: Row[tuple[object, ...]] | None) -> Account | None:
    if row is None:
        return None
    locked = from_iso(row.locked_until) if row.locked_until else None
    return Account(row.staff_id, row.login, row.password_hash, bool(row.active), locked)


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(row.staff_id, from_iso(row.created_at), from_iso(row.seen_at), from_iso(row.expires_at), row.agent)


def _login_taken(login: str) -> Problem:
    what = Text(f"somebody else signs in as `{login}`", f"登录名 `{login}` 已被他人使用")
    return Problem("login-taken", what, fix=Text("choose another login", "请换一个登录名"), field="login")
