from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def config(settings_for: Any, run: Any) -> Path:
    config = Path(settings_for("hq", "hq"))
    run("person", "add", "Wu", "--login", "wu", "--password-stdin", "-c", config, typed="a long enough password\n")
    return config


def backups(config: Path) -> list[Path]:
    return sorted((config.parent / "backups").glob("hq-*.db"))


def test_a_backup_is_made_checked_and_put_back(run: Any, config: Path) -> None:
    made = run("backup", "-c", config)
    assert (made.status, "1 lines of log, intact" in made.out) == (0, True)
    run("person", "add", "Li", "--login", "li", "--password-stdin", "-c", config, typed="a long enough password\n")

    done = run("restore", backups(config)[0], "--yes", "-c", config)

    assert (done.status, "kept as hq-before-" in done.out) == (0, True)
    assert "hq.1: 1 lines, intact" in run("verify", "-c", config).out


def test_a_folder_that_is_not_there_yet_is_made_and_no_file_gives_way(run: Any, config: Path, tmp_path: Path) -> None:
    stick, named = tmp_path / "stick", tmp_path / "one.db"

    made = run("backup", "-c", config, "--to", stick)
    first = run("backup", "-c", config, "--to", named)
    before = named.read_bytes()
    again = run("backup", "-c", config, "--to", named)
    live = run("backup", "-c", config, "--to", config.parent / "hq.db")
    under_a_file = run("backup", "-c", config, "--to", named / "deeper")

    assert (made.status, len(list(stick.glob("hq-*.db"))), first.status) == (0, 1, 0)
    assert [each.status for each in (again, live, under_a_file)] == [1, 1, 1]
    assert "already" in again.err
    assert "already" in live.err
    assert "does not take it" in under_a_file.err
    assert named.read_bytes() == before


def test_somebody_must_say_yes(run: Any, config: Path) -> None:
    run("backup", "-c", config)
    before = (config.parent / "hq.db").read_bytes()

    assert run("restore", backups(config)[0], "-c", config, typed="n\n").status != 0
    assert (config.parent / "hq.db").read_bytes() == before


def test_a_backup_of_another_node_is_refused(run: Any, config: Path, settings_for: Any) -> None:
    run("backup", "-c", config)
    other = settings_for("pudong", "pudong", "https://hq.example.com")

    refused = run("restore", backups(config)[0], "--yes", "-c", other)

    assert (refused.status, "node `hq`" in refused.err) == (1, True)


def test_nothing_is_put_under_a_node_that_runs(run: Any, config: Path) -> None:
    run("backup", "-c", config)
    with socket.socket() as running:
        running.bind(("127.0.0.1", 0))
        running.listen()
        port = running.getsockname()[1]
        config.write_text(config.read_text(encoding="utf-8") + f"listen: {{port: {port}}}\n", encoding="utf-8")

        refused = run("restore", backups(config)[0], "--yes", "-c", config)

    assert (refused.status, "seems to be running" in refused.err) == (1, True)


def test_a_named_file_is_written_there_and_nothing_else_is_removed(run: Any, config: Path, tmp_path: Path) -> None:
    made = run("backup", "--to", tmp_path / "usb.db", "--keep", 1, "-c", config)

    assert made.status == 0
    assert (tmp_path / "usb.db").is_file()
    assert not (config.parent / "backups").exists()
