from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from app.signin.passwords import PasswordRules, Passwords
from core.model.errors import NodeError

QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(PasswordRules(shortest=10, pin=6), QUICK)


def test_the_right_password_opens_and_a_wrong_one_does_not(passwords: Passwords) -> None:
    kept = passwords.hash("咨客台的长密码一二三")

    assert passwords.verify(kept, "咨客台的长密码一二三")
    assert not passwords.verify(kept, "咨客台的长密码一二四")


def test_an_unknown_login_costs_a_hash_and_is_refused(passwords: Passwords) -> None:
    assert not passwords.verify(None, "nobody's password")


def test_a_damaged_hash_refuses_instead_of_failing(passwords: Passwords) -> None:
    assert not passwords.verify("not a hash", "whatever it is")


def test_two_spellings_of_one_letter_are_one_password(passwords: Passwords) -> None:
    kept = passwords.hash("cafe\u0301 at the corner")

    assert passwords.verify(kept, "caf\u00e9 at the corner")


@pytest.mark.parametrize(
    ("password", "login"),
    [
        ("short", ""),
        ("aaaaaaaaaaaa", ""),
        ("12345", ""),
        ("000000", ""),
        ("123456", ""),
        ("987654", ""),
        ("Li.Hostess.1", "li.hostess.1"),
    ],
)
def test_what_is_easy_to_guess_is_refused_with_the_reason(passwords: Passwords, password: str, login: str) -> None:
    with pytest.raises(NodeError) as refused:
        passwords.hash(password, login)

    assert [problem.field for problem in refused.value.problems] == ["password"]


def test_a_pin_opens_only_where_the_settings_allow_pins(passwords: Passwords) -> None:
    assert passwords.verify(passwords.hash("204517"), "204517")

    with pytest.raises(NodeError):
        Passwords(PasswordRules(shortest=10), QUICK).hash("204517")


def test_a_hash_of_weaker_figures_is_made_anew(passwords: Passwords) -> None:
    kept = passwords.hash("a long enough password")
    stronger = Passwords(hasher=PasswordHasher(time_cost=2, memory_cost=128, parallelism=1))

    assert stronger.outdated(kept)
    assert not stronger.outdated(stronger.again("a long enough password"))


def test_an_endless_password_is_not_even_hashed(passwords: Passwords) -> None:
    assert not passwords.verify(None, "x" * 100_000)
