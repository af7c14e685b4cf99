"""Signing in and out: a login and a password become a token; a token becomes the person who acts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.signin.passwords import Passwords
from app.signin.throttle import Throttle, TooManyAttempts
from core.model.errors import NodeError, SignInNeeded, Text
from stores.actor import Actor
from stores.node import Node
from stores.staff import by_badge, person
from stores.storage import people
from stores.storage.database import Connection

EXTEND_AFTER = timedelta(minutes=5)  # a session in use is prolonged, but not with a write for every click


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session. ``token`` is shown once, here; the node keeps only its hash."""

    token: str
    expires_at: datetime
    actor: Actor


@dataclass
class Sessions:
    """Signs people in at one node. ``lasts`` is how long a session lives without being used."""

    node: Node
    passwords: Passwords
    throttle: Throttle
    new_token: Callable[[], str]
    lasts: timedelta

    def sign_in(self, login: str, password: str, address: str, agent: str | None = None) -> SignedIn:
        """Check a login and start a session; the refusal never says which of the two was wrong."""
        self.throttle.enter(login.strip().casefold(), address)
        now = self.node.now()
        if vouched := self._vouched_for(login, password):
            self.throttle.succeeded(login.strip().casefold(), address)
            return self._begin(vouched, agent, now)
        with self.node.database.read() as connection:
            account = people.account_by_login(connection, login) or by_badge(connection, self.node, login)
        actor = self._person(account.staff_id) if account else None
        if account is not None and account.locked_until is not None and account.locked_until > now:
            raise TooManyAttempts.after(max(1, round((account.locked_until - now).total_seconds())))
        right = self.passwords.verify(account.password_hash if account else None, password)
        if account is None or actor is None or not account.active or not right:
            if account is not None and not right:
                self._count_failure(account.staff_id, now)
            raise _refused()
        self.throttle.succeeded(login.strip().casefold(), address)
        fresh = self.passwords.again(password) if self.passwords.outdated(account.password_hash) else None
        if fresh is not None:
            with self.node.database.write() as connection:
                people.change_password(connection, account.staff_id, fresh, now)
        return self._begin(actor, agent, now)

    def actor(self, token: str) -> Actor:
        """Return who a token stands for, with the roles held now; raise SignInNeeded when it stands for nobody."""
        now = self.node.now()
        with self.node.database.read() as connection:
            found = people.session(connection, hash_token(token), now)
            actor = self._known(connection, found.staff_id) if found else None
        if found is None or actor is None:
            raise SignInNeeded.of("session-ended", "you are signed out; sign in again", "登录已失效，请重新登录")
        if now - found.seen_at > EXTEND_AFTER:
            with self.node.database.write() as connection:
                people.extend_session(connection, hash_token(token), now, self.lasts)
        return actor

    def sign_out(self, token: str) -> None:
        """End a session; ending it twice is fine."""
        with self.node.database.write() as connection:
            people.end_session(connection, hash_token(token))

    def _vouched_for(self, login: str, password: str) -> Actor | None:
        """Return the person a plugin vouches for; one who does not work here any more is nobody."""
        credentials = {"login": login, "password": password}
        staff_id = self.node.host.ask("authenticate", credentials=credentials, store=self.node.store)
        return self._person(str(staff_id)) if staff_id is not None else None

    def _begin(self, actor: Actor, agent: str | None, now: datetime) -> SignedIn:
        """Start a session for a person whose word has been checked."""
        token = self.new_token()
        with self.node.database.write() as connection:
            people.signed_in(connection, actor.id)
            people.start_session(connection, hash_token(token), actor.id, now, self.lasts, agent)
        return SignedIn(token, now + self.lasts, actor)

    def _person(self, staff_id: str) -> Actor | None:
        """Return the person as staff records have them now, or None when they have left."""
        with self.node.database.read() as connection:
            return self._known(connection, staff_id)

    def _known(self, connection: Connection, staff_id: str) -> Actor | None:
        try:
            return person(connection, self.node, staff_id)
        except NodeError:
            return None

    def _count_failure(self, staff_id: str, now: datetime) -> None:
        with self.node.database.write() as connection:
            people.sign_in_failed(connection, staff_id, now)


def hash_token(token: str) -> str:
    """Return what is kept of a token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def _refused() -> NodeError:
    return SignInNeeded.of(
        "wrong-login",
        "login or password is wrong",
        "登录名或密码错误",
        fix=Text("check both; the administrator can set a new password", "请检查后重试；管理员可重设密码"),
    )
