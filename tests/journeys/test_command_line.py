"""The command line as an administrator uses it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.journey
HOUSE = Path(__file__).parents[2]


def test_people_are_added_listed_and_given_new_passwords(new_node: Callable[..., Any]) -> None:
    node = new_node("hq", "hq")
    node.hire("wu")  # no role named: the administrator

    listed = node.run("person", "list")
    assert "hq_admin" in listed.stdout
    taken = node.run("person", "add", "Other", "--login", "WU", "--password-stdin", typed="a long enough password\n")
    assert (taken.returncode, "signs in as" in taken.stderr) == (1, True)
    wrong = node.run("person", "add", "X", "--login", "x", "--role", "cuonter", "--password-stdin", typed="short\n")
    assert "did you mean `counter`?" in wrong.stderr
    weak = node.run("person", "passwd", "wu", "--password-stdin", typed="short\n")
    assert (weak.returncode, "at least 10 characters" in weak.stderr) == (1, True)
    assert node.run("person", "passwd", "wu", "--password-stdin", typed="another good password\n").returncode == 0
    assert "Traceback" not in listed.stderr + taken.stderr + wrong.stderr + weak.stderr


def test_codes_are_good_once_and_for_their_store_only(new_node: Callable[..., Any]) -> None:
    hq = new_node("hq", "hq")
    hq.switch_on()
    lakeside = new_node("lakeside-1", "lakeside", hq.address)
    hillside = new_node("hillside-1", "hillside", hq.address)
    code = hq.run("invite", "lakeside").stdout.strip()

    wrong = lakeside.run("enrol", hq.address, "AAAA-AAAA-AAAA-AAAA")
    other = hillside.run("enrol", hq.address, code)
    good = lakeside.run("enrol", hq.address, code.lower().replace("-", " "))

    assert [each.returncode for each in (wrong, other, good)] == [1, 1, 0], good.stderr
    assert lakeside.run("invite", "somewhere").returncode == 1
    assert hq.run("enrol", hq.address, code).returncode == 1


def test_a_branch_works_before_it_has_joined(new_node: Callable[..., Any]) -> None:
    branch = new_node("lakeside-1", "lakeside", "http://127.0.0.1:9")
    branch.hire("li", "counter")
    branch.switch_on()
    counter = branch.person("li")

    counter.act("bicycle_rental.bicycle", "add", {"frame": "F-1"})

    told = counter.read("status")["sync"]
    assert told["waiting"] > 0
    assert told["safe_to_switch_off"] is False


def test_a_port_in_use_and_a_broken_settings_file_are_told_in_words(new_node: Callable[..., Any]) -> None:
    node = new_node("hq", "hq")
    node.switch_on()
    taken = node.run("serve", "--port", str(node.port))
    assert (taken.returncode, "cannot listen" in taken.stderr) == (1, True)

    node.config.write_text("node: hq\nlisten: {prot: 1}\n", encoding="utf-8")
    broken = node.run("status")
    assert broken.returncode == 1
    assert "hq.yaml:2:" in broken.stderr
    assert "did you mean `port`?" in broken.stderr


def test_a_row_of_the_log_edited_behind_the_nodes_back_is_found(new_node: Callable[..., Any]) -> None:
    node = new_node("hq", "hq")
    node.hire("wu", "boss")
    assert node.run("verify").returncode == 0
    connection = sqlite3.connect(node.folder / "data" / "hq.db")
    connection.execute("UPDATE log SET actor = 'somebody else' WHERE seq = 1")
    connection.commit()
    connection.close()

    found = node.run("verify")

    assert (found.returncode, "line 1" in found.stdout) == (3, True)


def test_the_demo_ends_with_every_node_in_agreement() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "demo", "--exit"],
        capture_output=True,
        text=True,
        cwd=HOUSE,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
