"""Passwords and PINs: how they are judged, hashed and checked. The only home of argon2.

Hashing takes about 170 ms and 64 MiB on a shop PC, on purpose. It is called from plain ``def`` routes, which run in
the thread pool, never on the event loop; at most two hashes run at a time, so that a burst of sign-ins at 18:00
cannot eat the PC's memory.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError, VerificationError

from core.model.errors import NodeError, Problem, Text

LONGEST = 256  # characters; longer ones only cost time
_AT_ONCE = 2
_STAIRS = "01234567890123456789 98765432109876543210"


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """How long a password must be; ``pin`` (None = not allowed) is the length from which digits alone will do."""

    shortest: int = 10
    pin: int | None = None


@dataclass
class Passwords:
    """Judges, hashes and verifies. ``hasher`` is the library's; tests pass a cheap one."""

    rules: PasswordRules = field(default_factory=PasswordRules)
    hasher: PasswordHasher = field(default_factory=PasswordHasher)

    @classmethod
    def quick(cls, rules: PasswordRules | None = None) -> Passwords:
        """Return one with figures for the demo and for tests, where a dozen people sign in within a second."""
        return cls(rules or PasswordRules(), PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))

    def __post_init__(self) -> None:
        self._gate = BoundedSemaphore(_AT_ONCE)
        self._decoy: str | None = None

    def hash(self, password: str, login: str = "") -> str:
        """Return the hash to keep; raise NodeError with every reason why the password will not do."""
        problems = tuple(_problems(password, login, self.rules))
        if problems:
            raise NodeError(problems)
        with self._gate:
            return self.hasher.hash(_normal(password))

    def verify(self, kept: str | None, password: str) -> bool:
        """Return whether ``password`` is right. Without a kept hash it takes as long and says no.

        An unknown login must not answer faster than a known one, or guessing logins would be free.
        """
        if len(password) > LONGEST:
            return False
        known = kept is not None
        with self._gate:
            try:
                return self.hasher.verify(kept if kept is not None else self._a_decoy(), _normal(password)) and known
            except (VerificationError, InvalidHashError, Argon2Error):
                return False

    def outdated(self, kept: str) -> bool:
        """Return whether ``kept`` was made with weaker figures than today's and should be made anew."""
        return self.hasher.check_needs_rehash(kept)

    def again(self, password: str) -> str:
        """Return a fresh hash of a password already in use: today's rules for new ones do not apply to it."""
        with self._gate:
            return self.hasher.hash(_normal(password))

    def _a_decoy(self) -> str:
        if self._decoy is None:
            self._decoy = self.hasher.hash("nobody's password")
        return self._decoy


def _normal(password: str) -> str:
    """Return one spelling: a phone and a PC may send the same accented letter in two ways."""
    return unicodedata.normalize("NFC", password)


def _problems(password: str, login: str, rules: PasswordRules) -> list[Problem]:
    found = []
    if rules.pin is not None and password.isascii() and password.isdigit():
        if len(password) < rules.pin:
            found.append(_problem(f"a PIN needs at least {rules.pin} digits", f"PIN 至少需要 {rules.pin} 位数字"))
        elif len(set(password)) == 1 or password in _STAIRS:
            found.append(_problem("the PIN is too easy to guess", "PIN 过于简单"))
    elif len(password) < rules.shortest:
        found.append(
            _problem(f"a password needs at least {rules.shortest} characters", f"密码至少需要 {rules.shortest} 个字符")
        )
    elif len(set(password)) < 4:
        found.append(_problem("the password is too easy to guess", "密码过于简单"))
    if len(password) > LONGEST:
        found.append(_problem(f"a password has at most {LONGEST} characters", f"密码最多 {LONGEST} 个字符"))
    if login and login.casefold() == password.casefold():
        found.append(_problem("the password may not be the login", "密码不能与登录名相同"))
    return found


def _problem(en: str, zh: str) -> Problem:
    return Problem("weak-password", Text(en, zh), field="password")
