from pathlib import Path

import pytest

from core.language.source import excerpt, load_source, load_yaml
from core.model.errors import DefinitionError, Place


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def codes(error: pytest.ExceptionInfo[DefinitionError]) -> list[str]:
    return [problem.code for problem in error.value.problems]


def test_a_plugin_may_be_split_into_files_and_folders(tmp_path: Path) -> None:
    write(
        tmp_path, {"plugin.yaml": "plugin: club\nrecords: {room: {}}", "records/booking.yaml": "records: {booking: {}}"}
    )
    source = load_source(tmp_path)
    assert source.root.plain() == {"plugin": "club", "records": {"room": {}, "booking": {}}}
    assert source.root.key_place(("records", "booking")).file.endswith("records/booking.yaml")
    assert [file.name for file in source.files] == ["plugin.yaml", "booking.yaml"]


def test_samples_of_one_record_may_stand_in_two_files(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "samples: {staff: {li: {}}}", "more.yaml": "samples: {staff: {wang: {}}}"})
    assert load_source(tmp_path).root.plain() == {"samples": {"staff": {"li": {}, "wang": {}}}}


def test_a_name_defined_in_two_files_names_both_places(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "roles: {desk: {}}", "more.yaml": "\nroles: {desk: {}}"})
    with pytest.raises(DefinitionError) as error:
        load_source(tmp_path)
    problem = error.value.problems[0]
    assert problem.code == "defined-twice"
    assert problem.place
    assert problem.place.file.endswith("more.yaml")
    assert problem.place.line == 2
    assert "plugin.yaml:1:9" in problem.what.en


def test_what_is_said_once_for_the_plugin_may_not_be_said_twice(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "version: 1.0.0", "more.yaml": "version: 1.0.1"})
    with pytest.raises(DefinitionError) as error:
        load_source(tmp_path)
    assert codes(error) == ["defined-twice"]


def test_a_subfolder_with_its_own_plugin_is_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"plugin.yaml": "plugin: club", "store_0755/plugin.yaml": "plugin: club.store_0755", ".git/x.yaml": "a: 1"},
    )
    assert load_source(tmp_path).root.plain() == {"plugin": "club"}


def test_the_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "a: 20:45", "more.yaml": "b: 007"})
    with pytest.raises(DefinitionError) as error:
        load_source(tmp_path)
    assert codes(error) == ["unquoted-time", "leading-zero"]


def test_a_folder_without_plugin_yaml_says_so(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as error:
        load_source(tmp_path)
    assert codes(error) == ["no-plugin-file"]


def test_a_file_that_is_a_list_is_no_plugin(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "- a\n"})
    with pytest.raises(DefinitionError) as error:
        load_source(tmp_path)
    assert codes(error) == ["wrong-shape"]


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "plugin.yaml").write_bytes("label: 夜总会".encode("gbk"))
    with pytest.raises(DefinitionError) as error:
        load_yaml(tmp_path / "plugin.yaml")
    assert codes(error) == ["not-utf8"]


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "plugin.yaml").write_bytes(b"\xef\xbb\xbfplugin: club\n")
    assert load_yaml(tmp_path / "plugin.yaml").plain() == {"plugin": "club"}


def test_a_file_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plugin.yaml").write_bytes(b"#" * 4_000_001)
    with pytest.raises(DefinitionError) as error:
        load_yaml(tmp_path / "plugin.yaml")
    assert codes(error) == ["yaml-too-large"]


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "plugin: club", "more.yaml": "roles: {}"})
    before = load_source(tmp_path).digest
    assert load_source(tmp_path).digest == before
    write(tmp_path, {"more.yaml": "roles: {desk: {}}"})
    assert load_source(tmp_path).digest != before


def test_an_excerpt_points_at_the_column(tmp_path: Path) -> None:
    write(tmp_path, {"plugin.yaml": "a: 1\nroles: {desk: 2}\n"})
    shown = excerpt(Place(str(tmp_path / "plugin.yaml"), 2, 9)).splitlines()
    assert shown[0].endswith("roles: {desk: 2}")
    assert shown[1].index("^") == shown[0].index("desk")
    assert excerpt(Place("gone.yaml", 1, 1)) == ""
