from __future__ import annotations

from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from watchfiles import Change

from core.host.watcher import is_plugin_file, watch_folders


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("plugins/bicycle_rental/plugin.yaml", True),
        ("plugins/bicycle_rental/records/bike.yaml", True),
        ("plugins/bicycle_rental/hooks.py", True),
        ("plugins/bicycle_rental/README.md", False),
        ("plugins/bicycle_rental/helper.py", False),
        ("plugins/bicycle_rental/.plugin.yaml.swp", False),
        ("plugins/bicycle_rental/.plugin.yaml", False),
    ],
)
def test_only_what_plugins_are_made_of_counts(path: str, counts: bool) -> None:
    assert is_plugin_file(Change.modified, path) is counts


def test_the_watch_ends_soon_after_it_is_told_to(tmp_path: Path) -> None:
    stop = Event()
    thread = watch_folders([tmp_path, tmp_path / "not there"], lambda: None, stop)

    stop.set()
    began = monotonic()
    thread.join(timeout=5)

    assert not thread.is_alive()
    assert monotonic() - began < 2


def test_a_reload_that_fails_does_not_end_the_watch(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stop, twice, calls = Event(), Event(), []

    def fail() -> None:
        calls.append(1)
        if len(calls) == 2:
            twice.set()
        raise RuntimeError("the disk is asleep")

    thread = watch_folders([tmp_path], fail, stop)
    try:
        for attempt in range(80):
            (tmp_path / "plugin.yaml").write_text(f"# {attempt}")
            if twice.wait(0.1):
                break
    finally:
        stop.set()
        thread.join(timeout=5)

    assert twice.is_set()
    assert "the disk is asleep" in caplog.text


def test_a_new_folder_counts_by_itself_because_its_first_file_may_escape_notice(tmp_path: Path) -> None:
    folder = tmp_path / "bicycle_rental"
    folder.mkdir()
    (tmp_path / "__pycache__").mkdir()

    assert is_plugin_file(Change.added, str(folder))
    assert not is_plugin_file(Change.modified, str(folder))
    assert not is_plugin_file(Change.added, str(tmp_path / "__pycache__"))
