from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

PASSWORD = "a long enough password\n"


@pytest.fixture
def config(settings_for: Any) -> Path:
    return Path(settings_for("hq", "hq"))


def test_the_first_person_is_the_administrator_and_is_listed(run: Any, config: Path) -> None:
    added = run("person", "add", "吴敏", "--login", "wu", "--password-stdin", "-c", config, typed=PASSWORD)
    assert added.status == 0, added.err

    listed = run("person", "list", "-c", config)

    assert "hq_admin" in listed.out
    assert "吴敏" in listed.out


def test_a_login_is_taken_once_whatever_its_case(run: Any, config: Path) -> None:
    run("person", "add", "Wu", "--login", "wu", "--password-stdin", "-c", config, typed=PASSWORD)

    taken = run("person", "add", "Other", "--login", "WU", "--password-stdin", "-c", config, typed=PASSWORD)

    assert taken.status == 1
    assert "somebody signs in as `WU` already" in taken.err
    assert "Other" not in run("person", "list", "-c", config).out


def test_a_role_nobody_knows_is_refused_with_the_nearest(run: Any, config: Path) -> None:
    asked = ("person", "add", "X", "--login", "x", "--role", "cuonter", "--password-stdin", "-c", config)

    refused = run(*asked, typed=PASSWORD)

    assert (refused.status, "did you mean `counter`?" in refused.err) == (1, True)


def test_a_password_is_set_anew_but_not_to_a_weak_one_nor_for_a_stranger(run: Any, config: Path) -> None:
    run("person", "add", "Wu", "--login", "wu", "--password-stdin", "-c", config, typed=PASSWORD)

    weak = run("person", "passwd", "wu", "--password-stdin", "-c", config, typed="short\n")
    stranger = run("person", "passwd", "li", "--password-stdin", "-c", config, typed=PASSWORD)
    good = run("person", "passwd", "wu", "--password-stdin", "-c", config, typed="another good password\n")

    assert [each.status for each in (weak, stranger, good)] == [1, 1, 0]
    assert "at least 10 characters" in weak.err


def test_who_is_on_file_is_let_in_by_badge_or_name(run: Any, config: Path) -> None:
    for name, login, badge in (("吴敏", "wu", "B01"), ("李伟", "li", "B02"), ("李伟", "li2", "B03")):
        run("person", "add", name, "--login", login, "--badge", badge, "--password-stdin", "-c", config, typed=PASSWORD)
    with closing(sqlite3.connect(config.parent / "hq.db")) as new_pc:
        new_pc.execute("DELETE FROM account")
        new_pc.commit()
    let_in = ("person", "login", "--password-stdin", "-c", config)

    by_badge = run(*let_in, "B01", "--login", "wu", typed=PASSWORD)
    taken = run(*let_in, "B02", "--login", "wu", typed=PASSWORD)
    twice = run(*let_in, "李伟", "--login", "li", typed=PASSWORD)
    nobody = run(*let_in, "B20", "--login", "x", typed=PASSWORD)

    assert (by_badge.status, by_badge.out) == (0, "吴敏 signs in as wu\n"), by_badge.err
    assert [each.status for each in (taken, twice, nobody)] == [1, 1, 1]
    assert "somebody else signs in" in taken.err
    assert "name the badge instead" in twice.err
    assert "did you mean `B0" in nobody.err
    assert run("person", "list", "-c", config).out.count("吴敏") == 1, "nobody is on file twice"


def test_without_a_terminal_the_password_must_come_from_somewhere(run: Any, config: Path) -> None:
    refused = run("person", "add", "Wu", "--login", "wu", "-c", config)

    assert (refused.status, "--password-stdin" in refused.err) == (1, True)
