from __future__ import annotations

import json
import socket
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.cli.nodes import bind


@pytest.fixture
def config(settings_for: Any, run: Any) -> Path:
    """A headquarters with one person, so that its log has a line."""
    config = Path(settings_for("hq", "hq"))
    run("person", "add", "Wu", "--login", "wu", "--password-stdin", "-c", config, typed="a long enough password\n")
    return config


def test_status_is_told_to_people_and_to_programs(run: Any, config: Path) -> None:
    shown = run("status", "-c", config).out
    assert "conflicts            0\n" in shown
    assert "log\n  hq.1                 1\n" in shown
    assert "{" not in shown

    told = json.loads(run("status", "--json", "-c", config).out)
    assert (told["node"], told["store"], told["conflicts"], told["log"]) == ("hq", "hq", 0, {"hq.1": 1})


def test_a_log_edited_behind_the_nodes_back_is_found_by_its_first_bad_line(run: Any, config: Path) -> None:
    assert run("verify", "-c", config).status == 0
    connection = sqlite3.connect(config.parent / "hq.db")
    connection.execute("UPDATE log SET actor = 'somebody else' WHERE seq = 1")
    connection.commit()
    connection.close()

    found = run("verify", "-c", config)

    assert (found.status, "line 1" in found.out) == (3, True)


def test_a_record_edited_with_another_program_is_found_when_rows_are_read_again(run: Any, config: Path) -> None:
    run("invite", "club", "-c", config)
    connection = sqlite3.connect(config.parent / "hq.db")
    connection.execute(
        "INSERT INTO credential (token_hash, node, store, created_at) VALUES ('x', 'club-1', 'club', '2026-03-14')"
    )
    connection.commit()
    assert "0 rows" in run("verify", "-c", config).out, "nothing was summed yet"
    assert "1 rows as their sums say" in run("verify", "-c", config).out
    connection.execute("UPDATE core_staff SET name = 'Somebody'")
    connection.commit()
    connection.close()

    found = run("verify", "-c", config)

    assert (found.status, "core.staff (Staff): records were changed" in found.out) == (3, True)
    assert run("verify", "-c", config).status == 0, "told once; the next comparison finds the record"


def test_headquarters_has_nobody_to_compare_with(run: Any, config: Path) -> None:
    assert run("verify", "--compare", "-c", config).status == 1


def test_a_port_in_use_is_told_in_words(run: Any, config: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()

        taken = run("serve", "--port", busy.getsockname()[1], "-c", config)

    assert (taken.status, "cannot listen on 127.0.0.1" in taken.err) == (1, True)


def test_a_database_of_another_node_is_not_opened(run: Any, config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("node: hq", f"node: other\ndatabase: sqlite:///{config.parent / 'hq.db'}"), encoding="utf-8"
    )

    refused = run("status", "-c", config)

    assert (refused.status, "belongs to node `hq`" in refused.err) == (1, True)


def test_a_broken_settings_file_is_told_with_its_line(run: Any, config: Path) -> None:
    config.write_text("node: hq\nlisten: {prot: 1}\n", encoding="utf-8")

    broken = run("status", "-c", config)

    assert broken.status == 1
    assert "node.yaml:2:" in broken.err
    assert "did you mean `port`?" in broken.err


def test_errors_are_told_in_the_language_of_the_terminal(
    run: Any, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRANCHLINE_LANG", "zh_CN.UTF-8")

    assert "找不到设置文件" in run("status", "-c", config.parent / "nowhere.yaml").err


def test_an_answer_is_not_held_back_by_nagles_algorithm() -> None:
    """The event loop turns it off for connections of a socket whose protocol is named, and for no other."""
    with bind("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP


def test_only_a_headquarters_on_postgresql_has_processes_beside_it(run: Any, config: Path) -> None:
    refused = run("serve", "--sync-only", "--port", 0, "-c", config)

    assert (refused.status, "only a headquarters on PostgreSQL" in refused.err) == (1, True)
