from __future__ import annotations

import pytest

from core.language.mutants.bounds import bounds, exclude


def test_a_condition_binds_what_it_compares_with_constants() -> None:
    condition = 'self.state in ["asked", "approved"] and self.n == 2 and self.kind == self.other and self.a'

    assert bounds(condition) == {"self.state": {"asked", "approved"}, "self.n": {2}}


@pytest.mark.parametrize(
    "condition",
    ['self.state != "asked"', 'self.state == "asked" or self.a', "self.n < 2", "self.n ==", "self.n == null"],
)
def test_other_conditions_bind_nothing(condition: str) -> None:
    assert bounds(condition) == {}


@pytest.mark.parametrize(
    ("one", "other", "never_both"),
    [
        ('self.case == "P2"', 'self.case in ["P3", "P5"]', True),
        ('self.case == "P2" and self.a', 'self.b and self.case == "P3"', True),
        ("self.n == 1", "self.n == 2", True),
        ('self.case == "P3"', 'self.case in ["P3", "P5"]', False),
        ('self.case == "P2"', 'self.kind == "P3"', False),
        ('self.case == "P2"', "true", False),
    ],
)
def test_conditions_on_different_constants_exclude_each_other(one: str, other: str, *, never_both: bool) -> None:
    assert exclude(one, other) is never_both
    assert exclude(other, one) is never_both
