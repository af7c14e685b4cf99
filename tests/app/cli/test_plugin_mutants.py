"""``plugin mutants`` lists what no scenario notices, honours what is explained, and says by its exit code if all is proved."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.plugin import plugin_app

SHOP = """\
plugin: corner_shop
version: 1.0.0
requires: {core: ^1}
label: {en: Corner shop, zh: 小店}
roles: {clerk: {label: {en: Clerk, zh: 店员}}, guard: {label: {en: Guard, zh: 保安}}}
rules: {CS-1: {mark: S, en: Two hours., zh: 两小时。}, CS-2: {mark: S, en: Small orders only., zh: 只接小单。}}
settings:
  within: {type: duration, default: 2h, cite: CS-1, label: {en: Within, zh: 时限}}
  most:   {type: int, default: 3, cite: CS-2, label: {en: Most, zh: 上限}}
records:
  task:
    label: {en: Task, zh: 任务}
    fields:
      count: {type: int, required: true, label: {en: Count, zh: 数量}}
      at:    {type: datetime, default: =now, label: {en: At, zh: 时间}}
      due:   {type: datetime, value: =self.at + settings.within, cite: CS-1, label: {en: Due, zh: 截止}}
    by: clerk
    actions:
      add:
        from: new
        ask: [count]
        label: {en: Add, zh: 登记}
        checks: {small: {rule: self.count <= settings.most, cite: CS-2, message: {en: Too many, zh: 太多}}}
    sync: {scope: store, home: store}
samples: {staff: {ann: {name: Ann, roles: [clerk]}, bob: {name: Bob, roles: [guard]}}}
scenarios:
  two_hours:
    cite: CS-1
    given: {now: "2026-03-02 10:00", as: ann}
    when:
      - {as: bob, do: task.add, with: {count: 1}, fails: role}
      - {do: task.add, with: {count: null}, fails: count}
      - {do: task.add, with: {count: 1}, is: t}
    then: 't.due == datetime("2026-03-02 12:00")'
"""
SMALL = """\
  small_orders_only:
    cite: CS-2
    given: {now: "2026-03-02 10:00", as: ann}
    when: [{do: task.add, with: {count: 4}, fails: small}]
    then: size(task) == 0
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "corner_shop").mkdir()
    (tmp_path / "corner_shop" / "plugin.yaml").write_text(SHOP, encoding="utf-8")
    return tmp_path / "corner_shop"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(plugin_app, ["mutants", *(str(each) for each in arguments), "--lang", "en"])


def listed(answer: Result) -> list[str]:
    return [line.partition(" ")[2] for line in answer.stdout.splitlines()[:-1]]


def test_a_rule_without_a_scenario_is_listed_with_its_place_and_its_number(shop: Path) -> None:
    answer = run(shop)

    assert answer.exit_code == 1
    assert answer.stdout.splitlines()[0] == "plugin.yaml:9:32 settings.most.default: `3` -> `4`  [CS-2]"
    assert listed(answer)[1:] == [
        "settings.most.default: `3` -> `2`  [CS-2]",
        "records.task.actions.add.checks.small.rule: `self.count <= settings.most` -> `self.count < settings.most`  [CS-2]",
    ]


def test_when_every_break_is_noticed_all_is_well(shop: Path) -> None:
    more = SMALL + SMALL.replace("small_orders_only", "three_is_small").replace("count: 4}, fails: small", "count: 3}")
    (shop / "plugin.yaml").write_text(
        SHOP + more.replace("size(task) == 0", "size(task) == 1").replace("== 1", "== 0", 1), encoding="utf-8"
    )
    answer = run(shop)

    assert (answer.exit_code, listed(answer)) == (0, [])
    assert " 0 survived; " in answer.stdout


def test_one_rule_or_one_record_or_a_sample_is_enough_while_writing(shop: Path) -> None:
    assert run(shop, "--only", "CS-1").exit_code == 0
    assert run(shop, "--record", "within").exit_code == 0
    assert len(listed(run(shop, "--only", "CS-2"))) == 3
    one, same, other = (run(shop, "--sample", 3, "--seed", seed).stdout for seed in (1, 1, 2))
    assert one.startswith(same.rpartition(";")[0])
    assert "3 mutants: " in one
    assert "3 mutants: " in other


def test_what_is_explained_is_not_held_against_it_and_a_stale_note_is(shop: Path) -> None:
    notes = """
equivalent:
  'settings.most.default: `3` -> `4`': nobody has ever ordered four
  'settings.most.default: `9` -> `8`': there is no such figure
"""
    (shop / "notes.yaml").write_text(notes, encoding="utf-8")
    answer = run(shop, "--record", "most")

    assert answer.exit_code == 1
    assert " 1 equivalent, 1 survived" in answer.stdout
    assert "settings.most.default: `9` -> `8`: noted as equivalent, but noticed or gone" in answer.stdout


def test_several_processes_find_the_same(shop: Path) -> None:
    assert listed(run(shop, "--jobs", 2)) == listed(run(shop))


def test_scenarios_that_fail_are_named_first(shop: Path) -> None:
    (shop / "plugin.yaml").write_text(SHOP.replace('12:00")', '13:00")'), encoding="utf-8")
    answer = run(shop, "--only", "CS-1")

    assert answer.exit_code == 1
    assert "two_hours: FAILED" in answer.stderr
