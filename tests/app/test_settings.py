from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import SettingsError, read_settings

HOUSE = Path(__file__).parents[2]


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "node.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_settings(write(tmp_path, text))
    return [problem.render("en") for problem in refused.value.problems]


@pytest.mark.parametrize("name", ["headquarters", "branch-club", "branch-renovation", "branch-accounts"])
def test_the_examples_in_config_are_good(name: str) -> None:
    settings = read_settings(HOUSE / "config" / f"{name}.yaml")

    assert settings.plugins.folders == (HOUSE / "plugins",)
    assert (settings.upstream is None) == (settings.store == "hq")


def test_durations_zones_and_paths_are_read(tmp_path: Path) -> None:
    settings = read_settings(write(tmp_path, "node: club-1\ndata: here\nsign_in: {session: 90m}\nzone: Asia/Urumqi\n"))

    assert settings.sign_in.session == 5400
    assert settings.zone.key == "Asia/Urumqi"
    assert settings.database_url == f"sqlite:///{tmp_path / 'here' / 'club-1.db'}"


def test_a_wrong_key_is_told_with_its_line_and_the_right_word(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "node: hq\nlisten:\n  prot: 8800\n")

    assert "node.yaml:3:3" in told
    assert "unknown key `listen.prot`" in told
    assert "did you mean `port`?" in told


def test_every_mistake_is_told_at_once_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(write(tmp_path, "node: Club One\nlisten: {port: 99999}\nzone: Mars/Base\nlanguage: fr\n"))

    assert {problem.field for problem in refused.value.problems} == {"node", "listen.port", "zone", "language"}
    assert all(problem.what.zh and problem.place for problem in refused.value.problems)


def test_a_branch_needs_to_know_where_headquarters_is(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "node: club-1\nstore: club\n")

    assert "store `club` needs `upstream`" in told


def test_a_database_password_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(write(tmp_path, "node: hq\ndatabase: env:CHAIN_DATABASE\n"))
    with pytest.raises(SettingsError):
        _ = settings.database_url

    monkeypatch.setenv("CHAIN_DATABASE", "postgresql://chain:secret@db/chain")
    assert settings.database_url == "postgresql://chain:secret@db/chain"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no settings file"):
        read_settings(tmp_path / "nowhere.yaml")


def test_calendar_units_are_no_session_length(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "node: hq\nsign_in: {session: 2bd}\n")

    assert "sign_in.session" in told
