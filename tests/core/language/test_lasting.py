"""A check that can be asked of a record at any time speaks of the record and of nothing else."""

from __future__ import annotations

import pytest

from core.language.definition import RecordType
from core.language.lasting import lasting_checks
from tests.core.language.bench import Load

PLUGIN = """
settings:
  most: {type: int, default: 3, label: {en: Most, zh: 上限}}
records:
  room:
    label: {en: Room, zh: 包房}
    fields:
      seats: {type: int, label: {en: Seats, zh: 座位}}
      busy: {type: int, value: {count: stay, where: stay.room == self}, label: {en: Busy, zh: 占用}}
  stay:
    label: {en: Stay, zh: 入住}
    by: [everyone]
    fields:
      first: {type: int, label: {en: First, zh: 首日}}
      last: {type: int, label: {en: Last, zh: 末日}}
      room: {type: ref, to: room, label: {en: Room, zh: 包房}}
      days: {type: int, value: =self.last - self.first, label: {en: Days, zh: 天数}}
      others: {type: int, value: {count: stay, where: stay.room == self.room}, label: {en: Others, zh: 其他}}
    actions:
      add: {from: new, ask: [first, last, room], label: {en: Add, zh: 新增}}
      plan:
        ask: [first, last, room, {why: {type: text, label: {en: Why, zh: 原因}}}]
        checks:
          it: {rule: "%s", level: %s, message: {en: No, zh: 否}}
        %s
        label: {en: Plan, zh: 安排}
    sync: {scope: all, home: store}
"""


def of(load: Load, rule: str, level: str = "error", effect: str = "") -> list[tuple[str, set[str]]]:
    record: RecordType = load(PLUGIN % (rule, level, effect)).records["stay"]
    return [(each.name, set(each.reads)) for each in lasting_checks(record)]


@pytest.mark.parametrize(
    ("rule", "reads"),
    [
        ("self.first <= self.last", {"first", "last"}),
        ("self.days <= settings.most", {"first", "last"}),
        ("has(self.room) and self.first <= self.room.seats", {"first", "room"}),
        ("size(blank(self, ['first', 'room'])) == 0", {"first", "room"}),
    ],
)
def test_a_rule_about_the_record_what_it_refers_to_and_settings_lasts(load: Load, rule: str, reads: set[str]) -> None:
    assert of(load, rule) == [("plan.it", reads)]


@pytest.mark.parametrize(
    "rule",
    [
        "self.first > 3 and has(ask.why)",
        "self.first > old.first",
        "me != null and self.first > 3",
        "day(today) > 3 and self.first > 3",
        "self.others < self.first",
        "has(self.room) and self.room.busy < self.first",
        "settings.most > 2",
    ],
)
def test_a_rule_about_the_moment_the_person_or_how_many_others_there_are_does_not(load: Load, rule: str) -> None:
    assert of(load, rule) == []


def test_neither_does_a_warning_nor_a_guard_of_what_only_the_home_decides(load: Load) -> None:
    assert of(load, "self.first <= self.last", level="warn") == []
    assert of(load, "self.first <= self.last", effect="set: {last: 9}") == []
