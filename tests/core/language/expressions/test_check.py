"""What a rule gets wrong is told at load, with its column and the nearest right word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions import Expression
from core.model.errors import Problem
from core.model.kinds import BOOL, INT, MONEY, Kind


@pytest.mark.parametrize(
    ("text", "column", "en", "fix"),
    [
        ("has(self.bookr)", 29, "unknown field `bookr` on booking", "did you mean `booker`?"),
        ("self.room.nme == null", 30, "unknown field `nme` on room", "did you mean `name`?"),
        ("settings.cutof == null", 29, "`settings` has no `cutof`", "did you mean `cutoff`?"),
        ("step.stag == null", 25, "`step` has no `stag`", "did you mean `stage`?"),
        ('settings.cadence["kye"] > 1', 37, "there is no `kye` here", "did you mean `key`?"),
        ("tody == null", 20, "unknown name `tody`", "did you mean `today`?"),
        ("night == today", 20, "unknown name `night`", "write self.night"),
        ("staff.name == null", 20, "unknown name `staff`", "a record type is named only in the `where` of its own count, sum, …"),
        ('self.state == "lapsd"', 34, "`lapsd` is not one of the options here", "did you mean `lapsed`?"),
        ('self.state in ["held", "sat"]', 43, "`sat` is not one of the options here", "did you mean `seated`?"),
        ("self.guest_name.first == null", 36, "text has no parts, so no `.first`", None),
        ("self.night.year == 2026", 31, "a date has no parts, so no `.year`", "write year(self.night)"),
        ("self.people[0] == 1", 20, "a whole number has no items", None),
        ('self.tags["x"] == "y"', 30, "the key must be a whole number, not text", None),
        ('size([1, "a"]) == 2', 29, "text does not go with a whole number in one list", None),
    ],
)  # fmt: skip
def test_a_name_that_is_not_there_is_told_with_the_nearest_one(
    problem: Callable[[str], Problem], text: str, column: int, en: str, fix: str | None
) -> None:
    found = problem(text)

    assert found.place is not None
    assert (found.place.column, found.what.en) == (column, en)
    assert (found.fix.en if found.fix else None) == fix


def test_all_faults_of_a_rule_are_told_at_once(problems: Callable[[str], list[Problem]]) -> None:
    found = problems("has(self.bokr) and sizee(self.tags) > 1 and nobody")

    assert [problem.code for problem in found] == ["unknown-field", "unknown-function", "unknown-name"]


def test_one_fault_is_told_once(problems: Callable[[str], list[Problem]]) -> None:
    assert len(problems("self.bokr + 1 < 3 and not self.bokr2")) == 2


@pytest.mark.parametrize(
    "text", ["not self.tags", "self.guest_name and true", "1 if self.people else 2", "self.room or true"]
)
def test_only_true_or_false_is_a_condition(problem: Callable[[str], Problem], text: str) -> None:
    found = problem(text)

    assert found.code == "not-a-condition"
    assert found.fix is not None
    assert "has(" in found.fix.en or "size(" in found.fix.en


def test_two_branches_must_have_something_in_common(problem: Callable[[str], Problem]) -> None:
    assert problem('1 if self.vip else "two"').what.en == "one branch gives a whole number, the other text"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("self.amount", MONEY),
        ("self.people + 1", INT),
        ("self.people + self.amount", MONEY),
        ("self.people / 2", Kind("decimal")),
        ("self.room.keeper.name", Kind("text")),
        ("self.booked_at - now", Kind("duration")),
        ("self.night + 3d", Kind("date")),
        ("1 if self.vip else 2.50", MONEY),
        ("settings.follow_ups[0].opens", Kind("duration")),
        ("period.start", Kind("date")),
        ("now - 20m < self.booked_at", BOOL),
        ('"booker" in self.booker.roles', BOOL),
        ("self.night in period", BOOL),
        ("self.booker == me", BOOL),
        ("me in self.tags", BOOL),
        ("item.anything.at_all", Kind("any")),
    ],
)
def test_what_a_rule_gives_is_known(compiled: Callable[..., Expression], text: str, kind: Kind) -> None:
    assert compiled(text).kind == kind


# --- what may be empty


def warned(rule: Expression) -> list[tuple[str, int]]:
    return [(problem.code, problem.place.column if problem.place else 0) for problem in rule.warnings]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("self.people > 3", [20]),
        ("self.people + 1 == 3", [20]),
        ("settings.fine > 3", [20]),
        ("settings.limit > 3", []),
        ("self.people == 3", []),
        ("has(self.people) and self.people > 3", []),
        ("not has(self.people) or self.people > 3", []),
        ("has(self.people) or self.people > 3", [40]),
        ("self.people > 3 if has(self.people) else false", []),
        ("false if has(self.people) else self.people > 3", [51]),
        ("self.people != null and self.people > 3", []),
        ("self.people == 3 and self.people > 2", []),
        ("self.people > 3 and self.people < 9", [20]),
        ("has(self.room.floor) and self.room.floor > 2", []),
        ("has(self.room) and self.room.floor > 2", [39]),
        ("self.night in period", [20]),
        ("coalesce(self.people, 0) > 3", []),
        ("start_of(self.night) < now", [29]),
        ('self.state == "held"', []),
        ("size(self.tags) > 3", []),
    ],
)
def test_an_ordering_by_what_may_be_empty_asks_for_has(
    compiled: Callable[..., Expression], text: str, columns: list[int]
) -> None:
    assert warned(compiled(text)) == [("may-be-empty", column) for column in columns]


def test_what_the_case_around_it_has_tested_need_not_be_tested_again(compiled: Callable[..., Expression]) -> None:
    when = compiled("has(self.booked_at)")

    assert warned(compiled("self.booked_at + settings.late_hold")) == [("may-be-empty", 20)]
    assert warned(compiled("self.booked_at + settings.late_hold", given=[when])) == []


def test_whether_a_rule_may_give_nothing_is_known(compiled: Callable[..., Expression]) -> None:
    assert compiled("self.room").may_be_empty
    assert compiled("settings.cadence[self.guest_name]").may_be_empty
    assert compiled("self.people if self.vip else 0").may_be_empty
    assert not compiled("coalesce(self.people, 0)").may_be_empty
    assert not compiled("size(self.tags)").may_be_empty
