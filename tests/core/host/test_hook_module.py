from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.host.hook_module import import_hooks
from core.host.host import Host
from core.model.errors import DefinitionError

WritePlugin = Callable[..., Path]
OpenHost = Callable[..., Host]

COUNTS = """\
from core.host.hookspecs import hookimpl

@hookimpl
def authenticate(credentials):
    return "version %d"
"""


def test_hooks_of_a_plugin_folder_answer(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", hooks=COUNTS % 1)

    assert open_host().hooks.authenticate(credentials={}, store="0755") == "version 1"


def test_a_changed_hooks_file_answers_after_a_reload_and_the_old_one_is_still_whole(
    write_plugin: WritePlugin, open_host: OpenHost
) -> None:
    write_plugin("bicycle_rental", hooks=COUNTS % 1)
    host = open_host()
    under_way = host.hooks

    write_plugin("bicycle_rental", hooks=COUNTS % 2)
    host.reload()

    assert host.hooks.authenticate(credentials={}, store="0755") == "version 2"
    assert under_way.authenticate(credentials={}, store="0755") == "version 1"


def test_two_plugins_with_a_hooks_file_do_not_share_a_module(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", hooks="price = 10\n")
    write_plugin("boat_rental", record="boat", hooks="price = 90\n")
    host = open_host()

    modules = [sys.modules[name] for name in sys.modules if name.startswith("branchline_hooks_b")]

    assert sorted(module.price for module in modules if hasattr(module, "price")) == [10, 90]
    assert "hooks" not in sys.modules
    assert host.catalog.faults == ()


@pytest.mark.parametrize(
    ("hooks", "line", "word"),
    [
        ("import logging\nimport no_such_thing\n", 2, "no_such_thing"),
        ("x = 1\n\ndef broken(:\n", 3, "SyntaxError"),
        (
            "from core.host.hookspecs import hookimpl\n\n@hookimpl\ndef authenticate(credential):\n    return None\n",
            1,
            "credential",
        ),
        (
            "from core.host.hookspecs import hookimpl\n\n@hookimpl\ndef authenticated(credentials):\n    return None\n",
            1,
            "authenticated",
        ),
    ],
)
def test_a_hooks_file_that_cannot_be_used_is_a_fault_with_its_line(
    write_plugin: WritePlugin, open_host: OpenHost, hooks: str, line: int, word: str
) -> None:
    folder = write_plugin("bicycle_rental", hooks=hooks)

    host = open_host()

    (fault,) = host.catalog.faults
    place = fault.problems[0].place
    assert place is not None
    assert (place.file, place.line) == (str(folder / "hooks.py"), line)
    assert word in fault.problems[0].what.en
    assert "bicycle_rental" not in host.catalog.plugins
    assert not [name for name in host.plugin_names if name.startswith("bicycle")]


def test_a_hooks_file_that_breaks_keeps_the_last_good_one(write_plugin: WritePlugin, open_host: OpenHost) -> None:
    write_plugin("bicycle_rental", hooks=COUNTS % 1)
    host = open_host()

    write_plugin("bicycle_rental", hooks="raise SystemError\n")
    host.reload()

    assert host.hooks.authenticate(credentials={}, store="0755") == "version 1"
    assert [fault.kept_version for fault in host.catalog.faults] == ["1.0.0"]


def test_a_module_that_failed_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "hooks.py").write_text("1 / 0\n")

    with pytest.raises(DefinitionError, match="ZeroDivisionError"):
        import_hooks("bicycle_rental", tmp_path, "00ff00ff00ff00ff")

    assert "branchline_hooks_bicycle_rental_00ff00ff00ff" not in sys.modules
