from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.host.discovery import CORE_FOLDER, find, in_order, only_from, read_head, select
from core.model.errors import NodeError

WritePlugin = Callable[..., Path]


def names(found: object) -> list[str]:
    return [each.name for each in found]  # type: ignore[attr-defined]


def test_a_folder_of_plugins_and_a_plugin_folder_are_both_found(write_plugin: WritePlugin) -> None:
    bikes, boats = write_plugin("bicycle_rental"), write_plugin("boat_rental")

    assert names(find([bikes.parent])) == ["core", "bicycle_rental", "boat_rental"]
    assert names(find([boats])) == ["core", "boat_rental"]


def test_core_is_always_there(tmp_path: Path) -> None:
    (core,) = find([tmp_path])

    assert core.folder == CORE_FOLDER
    assert core.needs == frozenset()


def test_a_folder_that_is_not_there_is_an_error_a_person_can_mend(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="there is no folder"):
        find([tmp_path / "plugin"])


def test_the_second_folder_of_a_name_is_left_out_and_names_the_first(write_plugin: WritePlugin, tmp_path: Path) -> None:
    first = write_plugin("bicycle_rental")
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "plugin.yaml").write_bytes((first / "plugin.yaml").read_bytes())

    *_, double = in_order(find([first, copy]))

    assert double.folder == copy
    assert str(first) in double.problems[0].what.en


def test_each_plugin_comes_after_those_it_requires(write_plugin: WritePlugin) -> None:
    write_plugin("a_tandem", requires="core: ^1, z_bicycles: ^1")
    folder = write_plugin("z_bicycles")

    assert names(in_order(find([folder.parent]))) == ["core", "z_bicycles", "a_tandem"]


def test_a_circle_is_shown_as_one(write_plugin: WritePlugin) -> None:
    write_plugin("hen", requires="core: ^1, egg: ^1")
    folder = write_plugin("egg", requires="core: ^1, hen: ^1")

    core, egg, hen = in_order(find([folder.parent]))

    assert not core.problems
    assert "egg -> hen" in egg.problems[0].what.en
    assert "hen -> egg" in hen.problems[0].what.zh


def test_naming_a_plugin_selects_what_it_requires_too(write_plugin: WritePlugin) -> None:
    write_plugin("tandem", requires="core: ^1, bicycle_rental: ^1")
    write_plugin("boat_rental")
    folder = write_plugin("bicycle_rental")

    assert names(select(find([folder.parent]), ["tandem"])) == ["core", "bicycle_rental", "tandem"]


@pytest.mark.parametrize(
    ("variable", "asked", "selected"),
    [
        ("", None, None),
        ("", ["bikes"], {"bikes"}),
        ("bikes, boats", None, {"bikes", "boats"}),
        ("bikes,boats", ["boats", "cars"], {"boats"}),
        (" , ", None, frozenset()),
    ],
)
def test_the_environment_narrows_what_is_loaded(
    variable: str, asked: list[str] | None, selected: set[str] | None
) -> None:
    assert only_from({"BRANCHLINE_PLUGINS": variable}, asked) == selected


def test_an_overlay_is_taken_by_its_own_store_only(write_plugin: WritePlugin) -> None:
    folder = write_plugin("bicycle_rental")
    write_plugin("lake", yaml="plugin: bicycle_rental.store_0755\nversion: 1.0.0\nextends: bicycle_rental@^1\n")
    found = find([folder.parent])

    assert "bicycle_rental.store_0755" in names(select(found, None, "0755"))
    assert "bicycle_rental.store_0755" not in names(select(found, None, "0756"))
    assert "bicycle_rental.store_0755" not in names(select(found, None))


def test_the_digest_follows_the_yaml_and_the_hooks_and_nothing_else(write_plugin: WritePlugin) -> None:
    folder = write_plugin("bicycle_rental", hooks="")
    before = read_head(folder).digest

    (folder / "README.md").write_text("Notes")
    assert read_head(folder).digest == before
    (folder / "hooks.py").write_text("import logging\n")
    with_hooks = read_head(folder).digest
    (folder / "more.yaml").write_text("roles: {}\n")

    assert len({before, with_hooks, read_head(folder).digest}) == 3


def test_a_broken_file_keeps_the_name_it_had_before(write_plugin: WritePlugin) -> None:
    folder = write_plugin("bicycle_rental")
    renamed = folder.rename(folder.with_name("a_folder"))
    before = find([renamed])
    (renamed / "plugin.yaml").write_text("plugin: [")

    _, broken = find([renamed], before)

    assert broken.name == "bicycle_rental"
    assert broken.problems[0].place is not None
