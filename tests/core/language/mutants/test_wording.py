from __future__ import annotations

import pytest

from core.language.mutants.wording import rewordings


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("self.n < 3", {"self.n <= 3", "self.n < 4"}),
        ("now <= self.due", {"now < self.due"}),
        ('self.state == "open"', {'self.state != "open"'}),
        ('self.state in ["a"]', {'self.state not in ["a"]'}),
        ('self.state not in ["a"]', {'self.state in ["a"]'}),
        ("a and (b or c)", {"true and (b or c)", "a and (true)", "a and (false or c)", "a and (b or false)"}),
        ("not (a)", {" (a)"}),
        ("x if a else y", {"y if a else x"}),
        ("self.at + 20m", {"self.at - 20m", "self.at + 21m"}),
        ("after(self.at, 2bd)", {"after(self.at, 3bd)"}),
        ("max(a, 0)", {"min(a, 0)", "max(a, 1)"}),
        ("1 < a <= 2.5", {"1 <= a <= 2.5", "1 < a < 2.5", "2 < a <= 2.5", "1 < a <= 3.5"}),
        ('has(self.name) ', set()),
        ("this is no rule", set()),
    ],
)  # fmt: skip
def test_a_text_is_broken_in_one_place_at_a_time(text: str, broken: set[str]) -> None:
    assert {each.text for each in rewordings(text)} == broken


def test_what_was_broken_is_told_with_what_stands_around_it() -> None:
    found = {(each.was, each.now) for each in rewordings("has(self.n) and self.n < 3")}
    assert ("self.n < 3", "self.n <= 3") in found
    assert ("has(self.n)", "true") in found
