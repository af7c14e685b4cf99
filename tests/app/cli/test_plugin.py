from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.plugin import plugin_app
from core.host.manual import hooks_manual

FAULTY = """\
plugin: bicycle_rental
version: 1.0.0
requires: {core: ^1}
label: {en: Bicycle rental, zh: 自行车租赁}
roles: {desk: {label: {en: Desk, zh: 前台}}}
records:
  bike:
    label: {en: Bicycle, zh: 自行车}
    fields: {plate: {type: text, label: {en: Plate, zh: 车牌}}}
    by: desk
    actions:
      buy: {from: new, ask: [plat], label: {en: Buy, zh: 购入}}
"""


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRANCHLINE_LANG", "en")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(plugin_app, [str(each) for each in arguments])


def written(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plugin.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """What ``branchline plugin new`` writes."""
    assert run("new", "corner_shop", "--into", tmp_path).exit_code == 0
    return tmp_path / "corner_shop"


def test_a_new_plugin_has_no_faults_and_no_warnings(shop: Path) -> None:
    answer = run("check", shop)

    assert answer.exit_code == 0
    assert answer.stdout == "corner_shop 0.1.0: no faults (1 record types, 1 scenarios, 0 warnings)\n"


def test_a_new_plugins_scenario_passes(shop: Path) -> None:
    answer = run("test", shop)

    assert answer.exit_code == 0
    assert "a_task_is_late_after_two_hours  passed" in answer.stdout
    assert "1 passed, 0 failed in" in answer.stdout


@pytest.mark.parametrize("name", ["Corner Shop", "1shop", "x", "商店"])
def test_a_name_that_does_not_fit_is_refused(tmp_path: Path, name: str) -> None:
    answer = run("new", name, "--into", tmp_path)

    assert answer.exit_code == 1
    assert "use lower-case letters" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_written_over(shop: Path) -> None:
    (shop / "plugin.yaml").write_text("mine")

    assert run("new", "corner_shop", "--into", shop.parent).exit_code == 1
    assert (shop / "plugin.yaml").read_text() == "mine"


def test_a_fault_is_shown_with_its_line_a_caret_and_the_way_out(tmp_path: Path) -> None:
    folder = written(tmp_path / "bicycle_rental", FAULTY)

    answer = run("check", folder)

    assert answer.exit_code == 1
    lines = answer.stdout.splitlines()
    assert lines[0].startswith(f"{folder}/plugin.yaml:12:")
    assert "plat" in lines[0]
    assert lines[1].lstrip().startswith("12 |       buy: {from: new, ask: [plat]")
    assert lines[1][lines[2].index("^") :].startswith("plat]")
    assert lines[3] == "  fix: did you mean `plate`?"


def test_faults_are_told_in_chinese_too(tmp_path: Path) -> None:
    answer = run("check", written(tmp_path / "bicycle_rental", FAULTY), "--lang", "zh")

    assert "改法：是否为 `plate`？" in answer.stdout


def test_the_terminals_language_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRANCHLINE_LANG", "zh_CN.UTF-8")

    assert "改法：" in run("check", written(tmp_path / "bicycle_rental", FAULTY)).stdout


def test_a_folder_of_plugins_is_checked_whole(shop: Path) -> None:
    written(shop.parent / "bicycle_rental", FAULTY)

    answer = run("check", shop.parent)

    assert answer.exit_code == 1
    assert "corner_shop 0.1.0: no faults" in answer.stdout
    assert "did you mean `plate`" in answer.stdout


def test_what_a_plugin_requires_is_looked_for_beside_it(shop: Path) -> None:
    text = FAULTY.replace("plat]", "plate]").replace("{core: ^1}", "{core: ^1, corner_shop: ^0.1}")
    folder = written(shop.parent / "bicycle_rental", text)

    assert run("check", folder).exit_code == 0


def test_a_folder_without_plugins_is_an_error(tmp_path: Path) -> None:
    answer = run("check", tmp_path)

    assert answer.exit_code == 1
    assert "there is no plugin in" in answer.stderr


def test_a_scenario_that_fails_shows_both_sides_and_its_line(shop: Path) -> None:
    text = (
        (shop / "plugin.yaml")
        .read_text(encoding="utf-8")
        .replace("""then: ['t.state == "done"']""", """then: ['t.state == "late"']""")
    )
    (shop / "plugin.yaml").write_text(text, encoding="utf-8")

    english, chinese = run("test", shop), run("test", shop, "--lang", "zh")

    assert english.exit_code == chinese.exit_code == 1
    assert 'expected `t.state == "late"`, but t.state = "done"' in english.stdout
    assert """then: ['t.state == "late"']""" in english.stdout
    assert "FAILED" in english.stdout
    assert '预期 `t.state == "late"`，实际 t.state = "done"' in chinese.stdout


def test_scenarios_can_be_chosen_by_name(shop: Path) -> None:
    assert run("test", shop, "-k", "two_hours").exit_code == 0

    answer = run("test", shop, "--only", "three_hours")
    assert answer.exit_code == 1
    assert "no scenarios to run" in answer.stdout


def test_a_faulty_plugin_is_not_tested(tmp_path: Path) -> None:
    answer = run("test", written(tmp_path / "bicycle_rental", FAULTY))

    assert answer.exit_code == 1
    assert "did you mean `plate`" in answer.stderr


def test_an_overlay_is_checked_and_tested_as_its_store_would_run_it(shop: Path) -> None:
    text = """\
plugin: corner_shop.store_0755
version: 1.0.0
extends: corner_shop@^0.1
settings: {finish_within: {default: 3h}}
scenarios:
  a_task_is_late_after_two_hours:
    when: [{do: task.add, with: lamp, is: t}, {at: "12:00:01", then: 't.state == "todo"'}, {at: "13:00:01"}]
    then: ['t.state == "late"']
"""
    folder = written(shop.parent / "lake", text)

    assert run("check", folder).exit_code == 0
    assert run("test", folder).exit_code == 0


def test_rules_are_listed_with_their_place_and_their_proof(shop: Path) -> None:
    text = (shop / "plugin.yaml").read_text(encoding="utf-8")
    text = text.replace("overdue: {while", "overdue: {cite: [CS-10, CS-9], while")
    text = text.replace("    given: {now", "    cite: CS-9\n    given: {now")
    (shop / "plugin.yaml").write_text(text, encoding="utf-8")

    lines = run("rules", shop).stdout.splitlines()

    assert lines[2].split() == [
        "CS-9",
        "records.task.timers.overdue",
        "plugin.yaml:25",
        "a_task_is_late_after_two_hours",
    ]
    assert lines[3].split() == ["CS-10", "records.task.timers.overdue", "plugin.yaml:25", "—"]


def test_the_page_of_rules_is_written_into_the_plugins_folder(shop: Path) -> None:
    assert run("rules", shop, "--write").exit_code == 0
    assert (shop / "RULES.md").read_text(encoding="utf-8").startswith("# Corner shop Corner shop: rules 规则")


def test_a_record_type_is_explained_in_words(shop: Path) -> None:
    english, chinese = run("explain", shop, "task").stdout, run("explain", shop, "task", "--lang", "zh").stdout

    assert "- Finish (finish): Clerk, from To do, Late\n    becomes Done" in english
    assert "the system" in english
    assert 'while self.state == "todo": Mark as late, after self.opened_at + settings.finish_within' in english
    assert "- 完成 (finish)：店员，当前状态：待办、逾期\n    变为已完成" in chinese


def test_an_unknown_record_type_is_answered_with_the_nearest(shop: Path) -> None:
    answer = run("explain", shop, "tasks")

    assert answer.exit_code == 1
    assert "did you mean `task`?" in answer.stderr


def test_the_schema_is_json(tmp_path: Path) -> None:
    schema = json.loads(run("schema").stdout)

    assert {"plugin", "records", "scenarios"} <= schema["properties"].keys()


def test_the_hooks_manual_can_be_printed() -> None:
    assert run("hooks").stdout == hooks_manual()
