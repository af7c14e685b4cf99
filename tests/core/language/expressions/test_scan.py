"""The slips people make with a keyboard are named, at their column, with the way out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.language.expressions.scan import BRACKETS_MAX, LENGTH_MAX, scan
from core.language.expressions.spots import Source
from core.model.duration import Duration
from core.model.errors import DefinitionError, Problem


@pytest.mark.parametrize(
    ("text", "column", "fix"),
    [
        ("self.people = 3", 32, "write == to compare"),
        ("self.vip && true", 29, "write `and`"),
        ("self.vip || true", 29, "write `or`"),
        ("!self.vip", 20, "write `not`"),
        ("self.people <> 3", 32, "write !="),
        ("self.people === 3", 32, "write =="),
        ("（self.vip）", 20, "this is a full-width character; write ("),
        ("self.people ＝ 3", 32, "this is a full-width character; write ="),
        ("self.guest_name == “Li”", 39, 'this is a full-width character; write "'),
        ("self.vip　and true", 28, "this is a full-width space; write a plain one"),
        ("self.state == 保留", 34, "put text between quotes"),
        ("self.people # how many", 32, "put the comment outside the expression"),
    ],
)
def test_a_sign_that_means_nothing_here_is_named_with_the_right_one(
    problem: Callable[[str], Problem], text: str, column: int, fix: str
) -> None:
    found = problem(text)

    assert found.place is not None
    assert (found.place.line, found.place.column) == (12, column)
    assert found.fix is not None
    assert found.fix.en == fix
    assert found.fix.zh
    assert found.what.zh


@pytest.mark.parametrize(
    ("text", "column", "en"),
    [
        ("(self.vip", 20, "`(` is never closed"),
        ("self.vip)", 28, "`)` closes nothing"),
        ("[self.vip)", 29, "`)` closes nothing"),
        ('self.guest_name == "Li', 39, "this text has no closing quote"),
        ('f"Li"', 20, "a text has no letter before its quote"),
        ('"a" "b"', 24, "two texts stand side by side"),
        (r'"a\d"', 22, r"`\d` has no meaning in a text"),
        ("007", 20, "`007` begins with a zero"),
        ("0x10", 20, "`0x10` is neither a number nor a duration"),
        ("1e9", 20, "`1e9` is neither a number nor a duration"),
        ("20mm", 20, "`20mm` is neither a number nor a duration"),
        ("  ", 20, "there is no expression here"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_column(
    problem: Callable[[str], Problem], text: str, column: int, en: str
) -> None:
    found = problem(text)

    assert found.place is not None
    assert (found.place.column, found.what.en) == (column, en)


def test_a_duration_keeps_every_column_behind_it() -> None:
    scanned = scan(Source("now - 1h30m < self.booked_at"))

    assert len(scanned.python) == len("now - 1h30m < self.booked_at")
    assert scanned.durations == {6: Duration(seconds=5400)}


def test_an_escaped_backslash_does_not_escape_what_follows() -> None:
    assert scan(Source(r'"a\\d\n\""')).python == r'"a\\d\n\""'


@pytest.mark.parametrize("text", ["1 + " * 300 + "1", "(" * (BRACKETS_MAX + 1) + "1" + ")" * (BRACKETS_MAX + 1)])
def test_what_is_too_long_or_too_deep_is_refused_before_it_is_read(text: str) -> None:
    assert len(text) > LENGTH_MAX or "((" in text
    with pytest.raises(DefinitionError) as caught:
        scan(Source(text))
    assert caught.value.problems[0].code == "rule-too-big"
